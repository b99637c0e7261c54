import type { FeedPage, StockConnection } from './connection/port.ts'
import { OfflineError } from './connection/port.ts'
import type { Clock, Locks } from './environment.ts'
import type { Journal } from './journal-port.ts'
import type { Live } from './live-port.ts'
import type { FeedCursor } from './persistence/port.ts'

/** Documents synced at a time. Each has a socket and a document in memory for as long as it takes. */
const CONCURRENCY = 6
/** The feed tells of every edit; asking again this soon after an answer would be a request per token. */
const FEED_PAUSE_MS = 500

export interface BackgroundOptions {
  readonly space: string
  readonly connection: StockConnection
  readonly journal: Journal
  readonly locks: Locks | null
  readonly clock: Clock
  /** Ids with edits that the relay is not known to have. */
  readonly waiting: () => Iterable<string>
  /** Opens a document without showing it, or shares the one that is open. */
  readonly acquire: (id: string) => Live
  readonly release: (live: Live) => void
  readonly isOpen: (id: string) => boolean
  /** Every document of the space, for when the relay has another history. */
  readonly everyId: () => Iterable<string>
}

export interface Background {
  /** There may be something new to send. */
  poke(): void
  close(): void
}

/**
 * Syncs what nobody has open: sends the outbox, and follows the feed to fetch what changed elsewhere. One tab of a browser
 * does it for all, the one that holds the lease; when it goes, another gets it.
 */
export function startBackground(options: BackgroundOptions): Background {
  const { connection, journal, locks, clock } = options
  const abort = new AbortController()
  /** Refused for good on this connection; asking again would be asking for ever. */
  const refused = new Set<string>()
  const busy = new Set<string>()
  let leading = false
  let running = 0

  const online = (): boolean => connection.state.get().kind === 'connected' && !abort.signal.aborted

  /**
   * Joins one document, until the relay and this device each have what the other had. With `send` it also waits for the
   * mark that says so, which a document that somebody is streaming into may not get for a while.
   */
  const syncOne = async (id: string, send: boolean): Promise<void> => {
    const live = options.acquire(id)
    try {
      await live.loaded
      const membership = live.membership()
      if (!membership) throw new OfflineError('not connected')
      await untilJoined(membership.state, abort.signal)
      if (membership.state.get().kind === 'refused') {
        refused.add(id)
        return
      }
      await membership.fence()
      await journal.saved(id)
      if (send) await untilSettled(live, abort.signal)
    } finally {
      options.release(live)
    }
  }

  const sendOutbox = (): void => {
    const state = connection.state.get()
    if (!leading || !online() || journal.failure() || !(state.kind === 'connected' && state.mayWrite)) return
    for (const id of options.waiting()) {
      if (running >= CONCURRENCY) return
      // What is open sends for itself.
      if (busy.has(id) || refused.has(id) || options.isOpen(id)) continue
      running++
      busy.add(id)
      void syncOne(id, true)
        .catch(passOver)
        .finally(() => {
          running--
          busy.delete(id)
          sendOutbox()
        })
    }
  }

  const takePage = async (page: FeedPage): Promise<void> => {
    const ids = [...new Set(page.changes.filter((change) => !change.purged).map((change) => change.document))]
    let next = 0
    const worker = async (): Promise<void> => {
      for (let id = ids[next++]; id !== undefined; id = ids[next++]) {
        if (refused.has(id)) continue
        await syncOne(id, false)
      }
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  }

  const followFeed = async (): Promise<void> => {
    let cursor: FeedCursor | null = await journal.read((handle) => handle.cursor())
    while (online()) {
      const page = await connection.feed(cursor, abort.signal)
      if (cursor && !page.follows) {
        // W11: what the relay once said it had, another history may not have.
        journal.offer(options.everyId())
      }
      await takePage(page)
      if (cursor?.feed !== page.next || cursor.incarnation !== page.incarnation) {
        cursor = { incarnation: page.incarnation, feed: page.next }
        await journal.setCursor(cursor)
      }
      sendOutbox()
      await pause(clock, FEED_PAUSE_MS, abort.signal)
    }
  }

  let following = false
  const follow = async (): Promise<void> => {
    if (following || !leading || !online()) return
    following = true
    try {
      await followFeed()
    } catch (error) {
      passOver(error)
      if (online()) await pause(clock, FEED_PAUSE_MS, abort.signal)
    } finally {
      following = false
    }
    if (online()) void follow()
  }

  const poke = (): void => {
    sendOutbox()
    void follow()
  }

  /** Leads for as long as there is a way to the relay: a tab without one must not keep those that have one from it. */
  let session: AbortController | null = null
  const campaign = (): void => {
    if (!online()) {
      session?.abort()
      session = null
      leading = false
      return
    }
    if (session) {
      poke()
      return
    }
    const mine = new AbortController()
    session = mine
    const lead = async (): Promise<void> => {
      if (mine.signal.aborted) return
      leading = true
      poke()
      await aborted(mine.signal)
    }
    const request = locks?.request(`holdfast:${options.space}:background`, { signal: mine.signal }, lead) ?? lead()
    request.catch((error: unknown) => {
      if (!mine.signal.aborted) throw error
    })
  }

  const unsubscribe = connection.state.subscribe(campaign)
  campaign()

  return {
    poke,
    close: () => {
      unsubscribe()
      abort.abort()
      campaign()
    },
  }
}

/** Offline and a storage that fails are both retried by those whose work that is. Anything else is a bug. */
function passOver(error: unknown): void {
  const name = error instanceof Error ? error.name : ''
  if (name !== 'OfflineError' && name !== 'PersistenceError' && name !== 'AbortError') throw error
}

function untilJoined(state: { get(): { kind: string }; subscribe(fn: () => void): () => void }, signal: AbortSignal) {
  return until(
    state.subscribe,
    () => {
      const { kind } = state.get()
      if (kind === 'offline') throw new OfflineError('the connection broke')
      return kind !== 'joining'
    },
    signal,
  )
}

function untilSettled(live: Live, signal: AbortSignal): Promise<void> {
  return until(
    live.status.subscribe,
    () => {
      const status = live.status.get()
      if (status.kind === 'not-saved') throw status.reason
      if (status.kind === 'saved' && status.relay === 'offline') throw new OfflineError('the connection broke')
      return live.isSettled() || (status.kind === 'saved' && status.relay === 'refused')
    },
    signal,
  )
}

function until(subscribe: (fn: () => void) => () => void, reached: () => boolean, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let off: () => void = () => undefined
    const look = (): void => {
      try {
        if (signal.aborted) throw new OfflineError('closed')
        if (!reached()) return
        resolve()
      } catch (error) {
        reject(error)
      }
      off()
      signal.removeEventListener('abort', look)
    }
    off = subscribe(look)
    signal.addEventListener('abort', look)
    look()
  })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve)
    signal.addEventListener(
      'abort',
      () => {
        cancel()
        resolve()
      },
      { once: true },
    )
  })
}
