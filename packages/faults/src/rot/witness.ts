import { encodeStateVector } from '@holdfast/protocol'
import { type Random, seededRandom } from '@holdfast/testkit'
import * as Y from 'yjs'
import { Author, wrongValues } from '../peers/author.ts'
import { SyncPeer } from '../peers/sync.ts'

const EMPTY = encodeStateVector(new Map())

/** What a device has of some documents, all of it acknowledged, and what it remembers of the relay. */
export interface Witness {
  readonly documents: ReadonlyMap<string, Kept>
  readonly history: string
  readonly cursor: number
}

export interface Kept {
  readonly state: Uint8Array
  readonly epoch: string
  readonly seq: number
}

/** Writes some documents, waits until all is acknowledged and told by the feed, and remembers. */
export async function writeDocuments(url: string, count: number, updates: number, random: Random): Promise<Witness> {
  const told = new Map<string, number>()
  let history = ''
  let cursor = 0
  const looks: (() => void)[] = []
  const peer = new SyncPeer({
    url,
    client: 'witness',
    onEffect(effect) {
      if (effect.kind === 'welcomed') history = effect.incarnation
      if (effect.kind !== 'feed') return
      for (const { document, seq } of effect.entries) told.set(document, seq)
      cursor = effect.upTo
      for (const look of looks.splice(0)) look()
    },
  })
  await peer.connect()
  const documents = new Map<string, Kept>()
  for (let i = 0; i < count; i += 1) {
    const document = `document-${i}`
    const author = new Author(i + 1, seededRandom(random.int(2 ** 31)))
    const doc = new Y.Doc()
    let epoch = ''
    const seq = await new Promise<number>((resolve, reject) => {
      void peer.closed.then(() => reject(new Error('the relay closed the connection')))
      let sent = 0
      const write = (opening: number): void => {
        const update = author.next()
        Y.applyUpdate(doc, update)
        sent += 1
        peer.handle({ kind: 'channel', opening, event: { kind: 'update', update } })
      }
      peer.open({ document, epoch: '', seq: 0, mode: 'watch', stateVector: EMPTY }, (effect, opening) => {
        if (effect.kind === 'opened') {
          epoch = effect.epoch
          write(opening)
        } else if (effect.kind === 'acked') {
          // One at a time, so that each is a record of its own.
          if (effect.upTo < updates) write(opening)
          else if (effect.upTo === sent) resolve(effect.seq)
        }
      })
    })
    documents.set(document, { state: Y.encodeStateAsUpdate(doc), epoch, seq })
  }
  while ([...documents].some(([document, { seq }]) => (told.get(document) ?? 0) < seq)) {
    await new Promise<void>((resolve) => looks.push(resolve))
  }
  peer.leave()
  await peer.closed
  return { documents, history, cursor }
}

/** How a document was met. `short`: it is an earlier state of what was written. */
export type Met = 'whole' | 'short' | 'wrong' | 'refused'

export interface Visit {
  readonly met: ReadonlyMap<string, Met>
  /** The relay said that its history is another. */
  readonly isOther: boolean
}

/**
 * Comes back as the device that has everything and reads each document whole, connecting again when the relay wishes so.
 * @param offers brings what is missing too, as a client does when the history is another
 */
export async function visit(url: string, witness: Witness, offers: boolean): Promise<Visit> {
  const met = new Map<string, Met>()
  let { history, cursor } = witness
  let isOther = false
  for (let tries = 0; met.size < witness.documents.size && tries < 4 * witness.documents.size + 4; tries += 1) {
    const peer = new SyncPeer({
      url,
      client: `visitor${tries}`,
      history,
      cursor,
      onEffect(effect) {
        if (effect.kind === 'welcomed') history = effect.incarnation
        else if (effect.kind === 'history') {
          isOther = true
          cursor = 0
          // What was met of a history that has ended is met again.
          met.clear()
        }
      },
    })
    await peer.connect()
    for (const [document, kept] of witness.documents) {
      if (met.has(document)) continue
      const found = await meet(peer, document, kept, offers)
      if (found === 'gone') break
      met.set(document, found)
    }
    peer.leave()
    await peer.closed
  }
  return { met, isOther }
}

function meet(peer: SyncPeer, document: string, kept: Kept, offers: boolean): Promise<Met | 'gone'> {
  const found = new Y.Doc()
  return new Promise((resolve) => {
    void peer.closed.then(() => resolve('gone'))
    // It may have gone in the same breath in which it was welcomed.
    if (peer.machine.freeChannels === 0) return
    let opening = 0
    let isLevel = false
    let isAcked = !offers
    const done = (met: Met): void => {
      peer.handle({ kind: 'channel', opening, event: { kind: 'close' } })
      resolve(met)
    }
    const look = (): void => {
      if (isLevel && isAcked) done(compare(kept.state, found, offers))
    }
    const wish = { document, epoch: kept.epoch, seq: 0, mode: 'watch', stateVector: EMPTY } as const
    peer.open(wish, (effect, number) => {
      opening = number
      if (effect.kind === 'opened' && offers) {
        peer.handle({ kind: 'channel', opening, event: { kind: 'offer', update: kept.state } })
        Y.applyUpdate(found, kept.state)
      } else if (effect.kind === 'deliver') {
        Y.applyUpdate(found, effect.update)
      } else if (effect.kind === 'level') {
        isLevel = true
        look()
      } else if (effect.kind === 'acked') {
        isAcked = true
        look()
      } else if (effect.kind === 'refused') {
        resolve('refused')
      } else if (effect.kind === 'closed') {
        resolve('gone')
      }
    })
  })
}

/** Whether what was found is what was written, or an earlier state of it. */
function compare(state: Uint8Array, found: Y.Doc, offers: boolean): Met {
  if (found.store.pendingStructs !== null || found.store.pendingDs !== null || wrongValues(found).length > 0)
    return 'wrong'
  const whole = new Y.Doc()
  Y.applyUpdate(whole, state)
  if (bringsNews(Y.encodeStateAsUpdate(found), whole)) return 'wrong'
  return !offers && bringsNews(state, found) ? 'short' : 'whole'
}

function bringsNews(update: Uint8Array, doc: Y.Doc): boolean {
  let isNews = false
  const onUpdate = (): void => {
    isNews = true
  }
  doc.on('update', onUpdate)
  Y.applyUpdate(doc, update)
  doc.off('update', onUpdate)
  return isNews
}
