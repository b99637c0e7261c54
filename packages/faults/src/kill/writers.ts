import { encodeStateVector } from '@holdfast/protocol'
import type { Random } from '@holdfast/testkit'
import { Author } from '../peers/author.ts'
import { StockPeer } from '../peers/stock.ts'
import { type ChannelEffect, SyncPeer } from '../peers/sync.ts'
import type { Ledger } from './ledger.ts'

/** One who writes and is shown what others write, until its connection has gone. */
export interface Writer {
  /** Resolves when it may write. */
  readonly ready: Promise<void>
  /** Writes some. */
  write(): void
  readonly closed: Promise<unknown>
  leave(): void
}

export interface WriterOptions {
  readonly url: string
  readonly document: string
  /** Its Yjs client id, never used before in this document. */
  readonly client: number
  /** What the document held when the session began: nothing of it needs to be told again. */
  readonly stateVector: Uint8Array
  readonly random: Random
  readonly ledger: Ledger
  readonly onAcknowledged: () => void
  /** Now and then an update of so many words. */
  readonly most?: number
}

function wordsOf({ most = 1, random }: WriterOptions): number {
  return most > 1 && random.chance(0.1) ? 1 + random.int(most) : 1
}

const EMPTY = encodeStateVector(new Map())
/** Not acknowledged at a time. */
const WINDOW = 24
/** A stock writer asks how far it got after so many. */
const ASK_EVERY = 16

/** Over the stock endpoint nothing is acknowledged, but a step 2 comes only when all before the question is durable: as good as an ack. */
export function stockWriter(options: WriterOptions): Writer {
  const { document, random, ledger, onAcknowledged } = options
  const author = new Author(options.client, random)
  const ready = Promise.withResolvers<void>()
  let waiting: Uint8Array[] = []
  let asked: Uint8Array[] | null = null
  let isOpen = false
  const peer = new StockPeer({
    url: options.url,
    document,
    onFrame(frame) {
      if (frame.kind === 'update') {
        ledger.see(document, frame.update)
      } else if (frame.kind === 'step2') {
        ledger.see(document, frame.update)
        for (const update of asked ?? []) ledger.acknowledge(document, update)
        if (asked !== null) onAcknowledged()
        asked = null
        // The first answers what was asked on coming, before anything was written.
        isOpen = true
        ready.resolve()
      }
    },
  })
  void peer.closed.then(() => ready.resolve())
  void peer.opened.then(
    () => peer.ask(options.stateVector),
    () => undefined,
  )
  return {
    ready: ready.promise,
    write() {
      if (!isOpen || waiting.length >= WINDOW) return
      for (let n = 1 + random.int(3); n > 0; n -= 1) {
        const update = author.next(wordsOf(options))
        ledger.sent(document, update)
        waiting.push(update)
        peer.update(update)
      }
      if (waiting.length < ASK_EVERY || asked !== null) return
      asked = waiting
      waiting = []
      peer.ask(options.stateVector)
    },
    closed: peer.closed,
    leave: () => peer.leave(),
  }
}

/** Over `/sync`: each update is acknowledged by its number. */
export function syncWriter(options: WriterOptions): Writer {
  const { document, random, ledger, onAcknowledged } = options
  const author = new Author(options.client, random)
  const ready = Promise.withResolvers<void>()
  const sent: Uint8Array[] = []
  let acked = 0
  let isOpen = false
  let opening = 0
  const peer = new SyncPeer({ url: options.url, client: `w${options.client}` })
  const hear = (effect: ChannelEffect): void => {
    if (effect.kind === 'opened') {
      isOpen = true
      ready.resolve()
    } else if (effect.kind === 'deliver') {
      ledger.see(document, effect.update)
    } else if (effect.kind === 'acked') {
      const refused = new Set(effect.refused.map(({ n }) => n))
      for (; acked < effect.upTo; acked += 1) {
        if (!refused.has(acked + 1)) ledger.acknowledge(document, sent[acked]!)
      }
      ledger.position(document, ledger.standing(document).epoch, effect.seq)
      onAcknowledged()
    }
  }
  void peer.closed.then(() => ready.resolve())
  peer.connect().then(
    () => {
      const wish = { document, epoch: '', seq: 0, mode: 'watch', stateVector: options.stateVector } as const
      opening = peer.open(wish, hear)
    },
    () => undefined,
  )
  return {
    ready: ready.promise,
    write() {
      if (!isOpen || sent.length - acked >= WINDOW) return
      for (let n = 1 + random.int(3); n > 0; n -= 1) {
        const update = author.next(wordsOf(options))
        ledger.sent(document, update)
        sent.push(update)
        peer.handle({ kind: 'channel', opening, event: { kind: 'update', update } })
      }
    },
    closed: peer.closed,
    leave: () => peer.leave(),
  }
}

/** Opens, offers, waits for the acknowledgement and closes, again and again: each time the room is unloaded and perhaps compacted. */
export function briefWriter(options: WriterOptions & { readonly documents: readonly string[] }): Writer {
  const { documents, random, ledger, onAcknowledged } = options
  let client = options.client
  let isOver = false
  const peer = new SyncPeer({ url: options.url, client: `b${options.client}` })
  void peer.closed.then(() => {
    isOver = true
  })
  const ready = peer.connect().catch(() => undefined)

  const once = (): void => {
    if (isOver || peer.machine.freeChannels === 0) return
    const document = random.pick(documents)
    // Author ids of briefs lie apart: each opening writes as somebody new.
    client += 1
    const author = new Author(client, random)
    const updates = Array.from({ length: 8 + random.int(40) }, () => author.next())
    for (const update of updates) ledger.sent(document, update)
    peer.open(
      { document, epoch: '', seq: 0, mode: 'exchange', stateVector: EMPTY },
      (effect: ChannelEffect, opening: number) => {
        if (effect.kind === 'opened') {
          for (const update of updates) peer.handle({ kind: 'channel', opening, event: { kind: 'update', update } })
        } else if (effect.kind === 'acked' && effect.upTo === updates.length) {
          for (const update of updates) ledger.acknowledge(document, update)
          onAcknowledged()
          peer.handle({ kind: 'channel', opening, event: { kind: 'close' } })
        } else if (effect.kind === 'deliver') {
          ledger.see(document, effect.update)
        } else if (effect.kind === 'closed') {
          once()
        }
      },
    )
  }
  let isBegun = false
  return {
    ready,
    write() {
      if (!isBegun) once()
      isBegun = true
    },
    closed: peer.closed,
    leave: () => peer.leave(),
  }
}
