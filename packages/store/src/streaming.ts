import { streamingWriter } from '@holdfast/conversation'
import type * as Y from 'yjs'
import type { Clock } from './environment.ts'
import type { Journal } from './journal-port.ts'
import type { Writer } from './types.ts'

/** What a crash may cost of a streaming answer (design §7). */
const LONGEST_WAIT_MS = 50

export interface StreamOptions {
  readonly doc: Y.Doc
  readonly conversation: string
  readonly messageId: string
  readonly journal: Journal
  readonly clock: Clock
  /** One transaction with this window's origin. */
  readonly transact: <T>(change: () => T) => T
  /** The stream has ended, whatever way. Called once. */
  readonly onEnd: () => void
}

interface Delta {
  readonly kind: 'text' | 'reasoning' | 'toolInput' | 'toolOutput'
  readonly call: string
  text: string
}

/**
 * Batches what a model says. While the device is idle a delta goes into the document at the end of the current task;
 * while a write is on its way, deltas gather and go when it ends. So one write holds what arrived during the one before,
 * nothing waits for a timer that a hidden tab stretches, and nothing waits longer than 50 ms.
 */
export interface Stream extends Writer {
  /** Ends it because another window has the lease: `interrupted`, or nothing when the other had it from the start. */
  lose(error: Error, write: boolean): void
  /** Somebody asks for it to stop. */
  stop(error: Error): void
}

export function createStream(options: StreamOptions): Stream {
  const { doc, journal, clock, messageId } = options
  const writer = streamingWriter(doc, messageId)
  let deltas: Delta[] = []
  let oldest = 0
  let scheduled = false
  let cancelTimer: (() => void) | null = null
  let ended = false
  /** What went wrong while nobody was calling. The next call is told. */
  let failure: { readonly error: unknown } | null = null
  const signal = new AbortController()
  /** It is this stream that ends the message. */
  let ending = false

  const apply = (): void => {
    cancelTimer?.()
    cancelTimer = null
    if (deltas.length === 0) return
    const batch = deltas
    deltas = []
    try {
      options.transact(() => {
        for (const { kind, call, text } of batch) {
          if (kind === 'text' || kind === 'reasoning') writer[kind](text)
          else writer[kind](call, text)
        }
      })
    } catch (error) {
      failure ??= { error }
    }
  }

  const check = (): void => {
    if (ended) throw new StreamEndedError(`the stream of message ${messageId} has ended`)
    if (failure) throw failure.error
  }

  /** Runs now, after the deltas so far. */
  const now = <T>(change: () => T): T => {
    apply()
    check()
    return options.transact(change)
  }

  const schedule = (): void => {
    if (clock.now() - oldest >= LONGEST_WAIT_MS) {
      apply()
      return
    }
    const busy = journal.busy()
    if (busy) cancelTimer ??= clock.after(LONGEST_WAIT_MS, apply)
    if (scheduled) return
    scheduled = true
    const go = (): void => {
      scheduled = false
      apply()
    }
    if (busy) journal.whenIdle(go)
    else queueMicrotask(go)
  }

  const push = (kind: Delta['kind'], call: string, text: string): void => {
    check()
    if (deltas.length === 0) oldest = clock.now()
    const last = deltas.at(-1)
    if (last && last.kind === kind && last.call === call) last.text += text
    else deltas.push({ kind, call, text })
    schedule()
  }

  const end = (why: Error): void => {
    if (ended) return
    ended = true
    doc.off('afterTransaction', look)
    signal.abort(why)
    options.onEnd()
  }

  /** Ended by another hand, it is over here: whoever feeds it is told, and what is held for it is given back. */
  const look = (): void => {
    if (!ending && !writer.open) end(new StreamEndedError(`message ${messageId} was ended by another window`))
  }
  doc.on('afterTransaction', look)

  const finish: Writer['finish'] = async (how) => {
    if (!ended) {
      ending = true
      try {
        now(() => writer.finish({ completedAt: clock.now(), ...how }))
      } finally {
        end(new StreamEndedError(`the stream of message ${messageId} has ended`))
      }
    }
    await journal.saved(options.conversation)
  }

  return {
    messageId,
    signal: signal.signal,
    lose: (error, write) => {
      if (ended) return
      ending = true
      apply()
      if (write && writer.open) {
        options.transact(() => writer.finish({ status: 'interrupted', completedAt: clock.now() }))
      }
      end(error)
    },
    stop: (error) => signal.abort(error),
    get open() {
      return !ended && writer.open
    },
    text: (delta) => push('text', '', delta),
    reasoning: (delta) => push('reasoning', '', delta),
    toolInput: (call, delta) => push('toolInput', call, delta),
    toolOutput: (call, delta) => push('toolOutput', call, delta),
    part: (part) => now(() => writer.part(part)),
    edit: (change) => now(() => change(doc, writer)),
    flush: async () => {
      apply()
      if (failure) throw failure.error
      await journal.saved(options.conversation)
    },
    finish,
    abort: (reason) => finish({ status: 'cancelled', ...(reason === undefined ? {} : { finishReason: reason }) }),
  }
}

/** The message was finished; nothing can be appended to it. */
export class StreamEndedError extends Error {
  override readonly name = 'StreamEndedError'
  readonly code = 'STREAM_ENDED'
}
