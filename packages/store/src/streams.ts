import type { Clock, Locks } from './environment.ts'
import type { Journal } from './journal-port.ts'
import { type LeaseDesk, LeaseEndedError } from './leases.ts'
import type { Live } from './live-port.ts'
import { leaseName } from './recovery.ts'
import { createStream } from './streaming.ts'
import type { Writer } from './types.ts'

export interface StreamsOptions {
  readonly space: string
  readonly journal: Journal
  readonly locks: Locks | null
  readonly clock: Clock
  /** Keeps the document in memory while it is written, whoever closes it. */
  readonly hold: (live: Live) => () => void
  readonly leases: () => Pick<LeaseDesk, 'hold'>
}

export interface Streams {
  /** Ids of messages that this store is writing. */
  readonly mine: ReadonlySet<string>
  /** This store is writing a message of this conversation. */
  isWriting(conversation: string): boolean
  start(live: Live, messageId: string): Writer
  /** Gives every lease back. What was streaming is then found as interrupted by whoever opens it next. */
  close(): void
}

/** This store writes that message already: two writers would interleave their words. */
export class AlreadyStreamingError extends Error {
  override readonly name = 'AlreadyStreamingError'
  readonly code = 'ALREADY_STREAMING'
}

/** The messages that this window writes, each under its lease and noted on the device until its end is. */
export function createStreams({ space, journal, locks, clock, hold, leases }: StreamsOptions): Streams {
  const mine = new Set<string>()
  /** Waited for or held. On one signal for all, a listener of every message that was ever written here would stay. */
  const leased = new Set<AbortController>()

  /** Holds the lease until the end of the message is on the device, so that nobody judges it before. */
  const lease = (live: Live, messageId: string): { end(): void } => {
    const note = { conversation: live.id, message: messageId, startedAt: clock.now() }
    let ended = false
    const over = new AbortController()
    leased.add(over)
    const released = new Promise<void>((resolve) => {
      over.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    const release = (): void => {
      leased.delete(over)
      over.abort()
    }
    if (locks) {
      const name = leaseName(space, live.id, messageId)
      // Noted only under the lease: a note without a holder is what an interrupted message looks like.
      const held = async (): Promise<void> => {
        if (ended || over.signal.aborted) return
        journal.note({ add: note })
        await released
      }
      void locks.request(name, { signal: over.signal }, held).catch((error: unknown) => {
        if (!over.signal.aborted) throw error
      })
    } else journal.note({ add: note })
    return {
      end: () => {
        ended = true
        journal.note({ remove: note })
        const off = journal.changes.add(() => {
          if (journal.stateOf(live.id) !== 'clean') return
          off()
          release()
        })
        if (journal.stateOf(live.id) === 'clean') {
          off()
          release()
        }
      },
    }
  }

  const writingOf = new Map<Live, Set<string>>()
  const say = (live: Live, messageId: string, writing: boolean): void => {
    const ids = writingOf.get(live) ?? new Set<string>()
    writingOf.set(live, ids)
    if (writing) ids.add(messageId)
    else ids.delete(messageId)
    if (ids.size === 0) writingOf.delete(live)
    live.presence.setWriting([...ids])
  }

  return {
    mine,
    isWriting: (conversation) => [...writingOf.keys()].some(({ id }) => id === conversation),
    start: (live, messageId) => {
      if (mine.has(messageId)) throw new AlreadyStreamingError(`message ${messageId} is being written already`)
      const writer = createStream({
        doc: live.doc,
        conversation: live.id,
        messageId,
        journal,
        clock,
        transact: (change) => live.edit(change),
        onEnd: () => {
          held.end()
          relay.release()
          mine.delete(messageId)
          say(live, messageId, false)
          letGo()
        },
      })
      mine.add(messageId)
      const letGo = hold(live)
      const held = lease(live, messageId)
      const relay = leases().hold(live, messageId, (error) => {
        if (error instanceof LeaseEndedError && error.code === 'STOP_REQUESTED') writer.stop(error)
        else writer.lose(error, error instanceof LeaseEndedError)
      })
      say(live, messageId, true)
      return writer
    },
    close: () => {
      for (const over of leased) over.abort()
    },
  }
}
