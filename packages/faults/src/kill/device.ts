import type { SyncClientEffect } from '@holdfast/protocol'
import { encodeStateVector } from '@holdfast/protocol'
import * as Y from 'yjs'
import { wrongValues } from '../peers/author.ts'
import { SyncPeer } from '../peers/sync.ts'
import type { Ledger } from './ledger.ts'

/** What a device remembers over the relay's deaths. */
export interface DeviceMemory {
  history: string
  cursor: number
  /** Of each document, the highest position that the feed told. */
  readonly told: Map<string, number>
}

export function freshMemory(): DeviceMemory {
  return { history: '', cursor: 0, told: new Map() }
}

/**
 * A device that comes back after each death of the relay with what it remembers: it reads every document whole and looks what is missing,
 * follows the feed, and is shown what comes.
 */
export class Device {
  readonly faults: string[] = []
  readonly closed: Promise<void>
  readonly #peer: SyncPeer
  readonly #memory: DeviceMemory
  readonly #ledger: Ledger
  #head = 0
  readonly #level = Promise.withResolvers<void>()
  #isLevel = false

  constructor(url: string, name: string, memory: DeviceMemory, ledger: Ledger) {
    this.#memory = memory
    this.#ledger = ledger
    this.#peer = new SyncPeer({
      url,
      client: name,
      history: memory.history,
      cursor: memory.cursor,
      onEffect: (effect) => this.#hear(effect),
    })
    this.closed = this.#peer.closed
    void this.closed.then(() => this.#level.resolve())
  }

  /** Connects and waits for the feed's end; then everything acknowledged must have been told by it. */
  async connect(): Promise<void> {
    await this.#peer.connect()
    await this.#level.promise
    if (!this.#isLevel) return
    for (const document of this.#ledger.documents) {
      const owed = this.#ledger.standing(document).seq
      const told = this.#memory.told.get(document) ?? 0
      if (told < owed) this.faults.push(`the feed tells ${document} up to ${told}, ${owed} was acknowledged`)
    }
  }

  /**
   * Reads a document whole, looks what is missing, and goes on watching it.
   * @returns its state vector; null when the connection went before it had come
   */
  async check(document: string, stays: boolean): Promise<Uint8Array | null> {
    const doc = new Y.Doc()
    const before = this.#ledger.standing(document)
    const level = await new Promise<boolean>((resolve) => {
      let isLevel = false
      void this.closed.then(() => resolve(false))
      const wish = { document, epoch: '', seq: 0, mode: 'watch', stateVector: encodeStateVector(new Map()) } as const
      this.#peer.open(wish, (effect, opening) => {
        if (effect.kind === 'opened') this.#opened(document, before, effect)
        else if (effect.kind === 'deliver') {
          this.#ledger.see(document, effect.update)
          if (!isLevel) Y.applyUpdate(doc, effect.update)
        } else if (effect.kind === 'level') {
          isLevel = true
          if (!stays) this.#peer.handle({ kind: 'channel', opening, event: { kind: 'close' } })
          resolve(true)
        } else if (effect.kind === 'refused' || effect.kind === 'closed') {
          // What the relay's own end closes was no refusal.
          if (effect.kind === 'refused') this.faults.push(`${document} was refused: ${effect.text}`)
          resolve(false)
        }
      })
    })
    if (!level) return null
    this.faults.push(...this.#ledger.faultsOf(document, doc))
    const wrong = wrongValues(doc)
    if (wrong.length > 0) this.faults.push(`${document} has wrong values under ${wrong.slice(0, 3).join(', ')}`)
    return Y.encodeStateVector(doc)
  }

  leave(): void {
    this.#peer.leave()
  }

  #opened(
    document: string,
    before: { readonly epoch: string; readonly seq: number },
    { epoch, seq }: { readonly epoch: string; readonly seq: number },
  ): void {
    if (before.seq > 0 && before.epoch !== '' && epoch !== before.epoch) {
      this.faults.push(`${document} has another epoch`)
    }
    if (seq < before.seq) this.faults.push(`${document} stands at ${seq}, ${before.seq} was acknowledged`)
    this.#ledger.position(document, epoch, seq)
  }

  #hear(effect: SyncClientEffect): void {
    if (effect.kind === 'welcomed') {
      this.#memory.history = effect.incarnation
      this.#head = effect.head
      this.#look()
    } else if (effect.kind === 'history') {
      if (this.#memory.cursor > 0) this.faults.push(`the history is another (${effect.cause})`)
      this.#memory.cursor = 0
    } else if (effect.kind === 'feed') {
      for (const { document, seq } of effect.entries) {
        this.#memory.told.set(document, Math.max(seq, this.#memory.told.get(document) ?? 0))
      }
      this.#memory.cursor = effect.upTo
      this.#head = effect.head
      this.#look()
    }
  }

  #look(): void {
    if (this.#memory.cursor < this.#head || this.#isLevel) return
    this.#isLevel = true
    this.#level.resolve()
  }
}
