import type { FeedPage, UpdateLog } from '@holdfast/update-log'
import { type Grant, reachesDocument } from './access.ts'
import { moment } from './moment.ts'
import type { Clock } from './options.ts'

export interface FeedQuery {
  readonly after: number
  readonly limit: number
  /** Milliseconds to wait for something newer than `after`. */
  readonly wait: number
  /** The history that `after` is of, as an earlier answer named it; '' when it does not say. */
  readonly history: string
}

const DEFAULT_FEED_LIMIT = 1_000
const MAX_FEED_LIMIT = 10_000

/** Null when a number is none, or out of its range. */
export function readFeedQuery(query: URLSearchParams, longestWait: number): FeedQuery | null {
  const after = count(query.get('after') ?? '0')
  const limit = count(query.get('limit') ?? String(DEFAULT_FEED_LIMIT))
  const seconds = Number(query.get('wait') ?? '0')
  if (after === null || limit === null || limit < 1 || limit > MAX_FEED_LIMIT) return null
  if (!(seconds >= 0 && Number.isFinite(seconds))) return null
  return { after, limit, wait: Math.min(seconds * 1000, longestWait), history: query.get('history') ?? '' }
}

function count(text: string): number | null {
  if (!/^[0-9]{1,16}$/.test(text)) return null
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : null
}

/** Feeds of spaces, and who waits for them. */
export class Feeds {
  readonly #log: UpdateLog
  readonly #clock: Clock
  readonly #waiting = new Map<string, Set<() => void>>()
  readonly #stopListening: () => void
  #isClosed = false

  constructor(log: UpdateLog, clock: Clock) {
    this.#log = log
    this.#clock = clock
    this.#stopListening = log.onCommit(({ changes }) => {
      for (const { space } of changes) this.#wake(space)
    })
  }

  /** @param gone aborts when nobody waits for the answer any more */
  async read(space: string, query: FeedQuery, gone: AbortSignal): Promise<FeedPage> {
    const until = this.#clock.monotonic() + query.wait
    for (;;) {
      // Listening begins before reading: what is committed in between wakes us.
      const change = this.#nextChange(space, until, gone)
      try {
        const page = await this.#log.feed(space, { after: query.after, limit: query.limit })
        const isOver = this.#isClosed || gone.aborted || this.#clock.monotonic() >= until
        if (page.entries.length > 0 || page.head < query.after || isOver) return page
        await change.happened
      } finally {
        change.stop()
      }
    }
  }

  /** Answers everybody who waits, with what there is. */
  close(): void {
    this.#isClosed = true
    this.#stopListening()
    for (const space of [...this.#waiting.keys()]) this.#wake(space)
  }

  #nextChange(space: string, until: number, gone: AbortSignal): { happened: Promise<void>; stop: () => void } {
    const { promise, resolve } = moment()
    const waiting = this.#waiting.get(space) ?? new Set()
    this.#waiting.set(space, waiting)
    waiting.add(resolve)
    gone.addEventListener('abort', () => resolve(), { once: true })
    const cancel = this.#clock.after(Math.max(0, until - this.#clock.monotonic()), resolve)
    const stop = (): void => {
      cancel()
      waiting.delete(resolve)
      if (waiting.size === 0 && this.#waiting.get(space) === waiting) this.#waiting.delete(space)
    }
    return { happened: promise, stop }
  }

  #wake(space: string): void {
    for (const resolve of this.#waiting.get(space) ?? []) resolve()
  }
}

/** Whether what was told under the name that was asked with counts in this history (W11). */
export function goesOn(log: UpdateLog, space: string, { history, after }: FeedQuery): boolean {
  return history === log.history || log.follows(space, history, after)
}

/**
 * The answer's body; entries of documents that the token does not reach are left out. `history` is what to ask with next time, and
 * `follows` whether `after` counts in it, as in the welcome of `/sync` (W11). An `incarnation` alone does not tell a folder put back
 * from an older copy.
 */
export function feedBody(log: UpdateLog, space: string, page: FeedPage, asked: FeedQuery, grant: Grant): unknown {
  const { incarnation, history } = log
  const { limit } = asked
  // A client goes on after `head` when fewer than `limit` entries came: after leaving some out, only as far as was looked.
  const last = page.entries.at(-1)
  const head = last !== undefined && page.entries.length >= limit ? last.feed : page.head
  const entries = page.entries
    .filter(({ document }) => reachesDocument(grant, document))
    .map(({ document, feed, epoch, seq, purged }) => ({ document, feed, epoch, seq, ...(purged ? { purged } : {}) }))
  const names = { incarnation, history, ...(asked.history === '' ? {} : { follows: goesOn(log, space, asked) }) }
  return { ...names, head: grant.documents === undefined ? page.head : head, entries }
}
