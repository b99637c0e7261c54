import { scanUpdate } from '@holdfast/protocol'
import * as Y from 'yjs'

/** What the relay owes of one document. */
interface Owed {
  /** Of each client, how many clocks were acknowledged or shown to somebody. */
  readonly clocks: Map<number, number>
  /** Updates with deletions among them: clocks do not tell of those. */
  readonly deletions: Uint8Array[]
  /** Of each client, how many clocks were ever sent. */
  readonly sent: Map<number, number>
  epoch: string
  /** The highest position that an acknowledgement named. */
  seq: number
}

/** Remembers what the relay acknowledged and what anybody was shown, and finds what is missing of it. */
export class Ledger {
  /** Updates acknowledged, and updates seen by a peer. */
  acknowledged = 0
  seen = 0
  readonly #documents = new Map<string, Owed>()

  get documents(): readonly string[] {
    return [...this.#documents.keys()]
  }

  sent(document: string, update: Uint8Array): void {
    this.#raise(this.#of(document).sent, update)
  }

  acknowledge(document: string, update: Uint8Array): void {
    this.acknowledged += 1
    this.#owe(document, update)
  }

  /** Somebody was shown this. */
  see(document: string, update: Uint8Array): void {
    this.seen += 1
    this.#owe(document, update)
  }

  position(document: string, epoch: string, seq: number): void {
    const owed = this.#of(document)
    if (seq === 0) return
    owed.epoch = epoch
    owed.seq = Math.max(owed.seq, seq)
  }

  /** The position and epoch that are owed; seq 0 when none. */
  standing(document: string): { readonly epoch: string; readonly seq: number } {
    const { epoch, seq } = this.#of(document)
    return { epoch, seq }
  }

  /** @returns what is wrong with this state of the document, one sentence each */
  faultsOf(document: string, doc: Y.Doc): string[] {
    return [...this.missingFrom(document, doc), ...this.neverSentIn(document, doc)]
  }

  /** What is owed and is not there. */
  missingFrom(document: string, doc: Y.Doc): string[] {
    const { clocks, deletions } = this.#of(document)
    const faults: string[] = []
    if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) faults.push(`${document} has gaps`)
    const stored = Y.decodeStateVector(Y.encodeStateVector(doc))
    for (const [client, clock] of clocks) {
      const has = stored.get(client) ?? 0
      if (has < clock) faults.push(`${document} lacks ${clock - has} of ${clock} acknowledged or seen of ${client}`)
    }
    let isNews = false
    const onUpdate = (): void => {
      isNews = true
    }
    doc.on('update', onUpdate)
    for (const update of deletions) Y.applyUpdate(doc, update)
    doc.off('update', onUpdate)
    if (isNews) faults.push(`${document} lacks a deletion that was acknowledged or seen`)
    return faults
  }

  /** What is there and was never sent. */
  neverSentIn(document: string, doc: Y.Doc): string[] {
    const { sent } = this.#of(document)
    return [...Y.decodeStateVector(Y.encodeStateVector(doc))].flatMap(([client, clock]) => {
      const most = sent.get(client) ?? 0
      return clock > most ? [`${document} has ${clock} of ${client}, who sent ${most}`] : []
    })
  }

  #owe(document: string, update: Uint8Array): void {
    const owed = this.#of(document)
    const scanned = this.#raise(owed.clocks, update)
    if (scanned) owed.deletions.push(update)
  }

  /** @returns whether there are deletions in it */
  #raise(clocks: Map<number, number>, update: Uint8Array): boolean {
    const scanned = scanUpdate(update)
    if (scanned.kind === 'garbage') throw new TypeError(`an update that is none: ${scanned.reason}`)
    for (const { client, clock, length } of scanned.structs) {
      const end = clock + length
      if (end > (clocks.get(client) ?? 0)) clocks.set(client, end)
    }
    return scanned.deletions.length > 0
  }

  #of(document: string): Owed {
    let owed = this.#documents.get(document)
    if (owed === undefined) {
      owed = { clocks: new Map(), deletions: [], sent: new Map(), epoch: '', seq: 0 }
      this.#documents.set(document, owed)
    }
    return owed
  }
}
