import type { BlobSync } from './blobs.ts'
import type { SpaceConnection } from './connection/sync/port.ts'
import type { Clock, Locks } from './environment.ts'
import { createFeedKeeper } from './feed-keeper.ts'
import type { Journal } from './journal-port.ts'
import { campaign } from './leadership.ts'
import type { List } from './list.ts'
import type { Lives } from './lives.ts'
import { type FeedCursor, PersistenceError } from './persistence/port.ts'
import { isBehind, isWaiting } from './persistence/records.ts'
import { createSpaceExchange, LATER_MS } from './space-exchange.ts'
import { createUpkeep, passOver } from './space-upkeep.ts'
import type { Reason } from './types.ts'

/** Exchanges at a time. Each is a channel and a few rows in memory. */
const CONCURRENCY = 256
/** Bytes of rows that may be in memory for exchanges, or one document if that is more. */
const IN_FLIGHT = 32 * 1024 * 1024
/** Another tab that has a document open keeps it level by itself; if it has not by then, it does not. */
const ELSEWHERE_MS = 2_000
/** With more of the feed to come than this nothing is fetched yet: a device that is new, or was away for long. */
const LIST_FIRST = 256

export interface SpaceSyncOptions {
  readonly space: string
  readonly connection: SpaceConnection
  readonly journal: Journal
  readonly list: List
  readonly lives: Lives
  readonly locks: Locks | null
  readonly clock: Clock
  /** How far this device had followed the feed when the connection was made. */
  readonly cursor: FeedCursor | null
  /** It could not be read. */
  readonly blind: boolean
  /** Another tab says that it keeps this document level. */
  readonly isElsewhere: (id: string) => boolean
  /** W9: an epoch is refused for good. */
  readonly retire: (id: string, code: number, text: string) => Promise<void>
  /** Updates that the relay will not take. */
  readonly onRefusedUpdates: (id: string, code: number) => void
  readonly blobs: BlobSync
  readonly onUnsupported: () => void
  readonly onChange: () => void
}

export type Learner = 'own' | 'other' | 'refused'

export interface SpaceSync {
  /** There may be something to do. */
  poke(): void
  /** See `FeedKeeper.isVoid`. */
  isVoid(): boolean
  /** Why the relay did not take something that waits; null when it refused nothing. */
  refusal(): Reason | null
  /** Tries now what the relay had no room for. */
  retry(): void
  /** What is written down of the feed now. `refused`: this tab tried to, and what is on the device did not allow it. */
  learned(cursor: FeedCursor, by: Learner): void
  close(): void
}

/**
 * Keeps level what nobody has open, over `/sync`: writes down the feed, empties the outbox, fetches what is only on the relay
 * (newest first), tells summaries, purges. One tab does it for all.
 */
export function startSpaceSync(options: SpaceSyncOptions): SpaceSync {
  const { connection, journal, list, lives, locks, clock } = options
  const busy = new Set<string>()
  /** Not before this time; forgotten with the connection. */
  const notBefore = new Map<string, number>()
  const refused = new Set<string>()
  /** Why, of edits that were refused for now or for good. */
  const notTaken = new Map<string, Reason>()
  /** Were waited for. */
  const late = new Set<string>()
  const timers = new Set<() => void>()
  /** What is to be fetched, the newest last; made anew when more has come. */
  let queue: string[] = []
  /** Were in the queue while this window had them open. */
  const passedOver = new Set<string>()
  let fallen = 0
  /** Numbers of the feed that the relay has and that were not told yet. */
  let toCome = 0
  let closed = false

  const online = (): boolean => !closed && connection.state.get().kind === 'connected'
  const mayWrite = (): boolean => {
    const state = connection.state.get()
    return state.kind === 'connected' && state.mayWrite
  }
  const leadership = campaign(locks, `holdfast:${options.space}:background`, online, () => void lead())
  const keeper = createFeedKeeper({
    connection,
    journal,
    leads: leadership.leads,
    everyId: () => Array.from(list.records(), (record) => record.id),
    cursor: options.cursor,
    blind: options.blind,
    onChange: () => {
      options.onChange()
      poke()
    },
  })

  /** Reads how far the feed is written down. A storage that cannot be read is the journal's matter; when it can, it pokes. */
  let reading: Promise<void> | null = null
  const lead = (): Promise<void> => {
    reading ??= keeper
      .lead()
      .catch(() => null)
      .then(() => {
        reading = null
        poke()
      })
    return reading
  }

  const later = (id: string, ms: number): void => {
    notBefore.set(id, clock.now() + ms)
    const cancel = clock.after(ms, () => {
      timers.delete(cancel)
      notBefore.delete(id)
      late.add(id)
      queue.push(id)
      poke()
    })
    timers.add(cancel)
  }

  const due = (id: string): boolean => {
    if (busy.has(id) || refused.has(id) || lives.isOpen(id)) return false
    if ((notBefore.get(id) ?? 0) > clock.now()) return false
    const record = list.record(id)
    if (!record || !(isBehind(record) || (isWaiting(record) && mayWrite()))) return false
    if (!options.isElsewhere(id) || late.delete(id)) return true
    later(id, ELSEWHERE_MS)
    return false
  }

  const exchanges = createSpaceExchange({
    connection,
    journal,
    list,
    lives,
    clock,
    leads: leadership.leads,
    later,
    refuse: (id) => refused.add(id),
    notTaken: (id, reason) => {
      notTaken.set(id, reason)
      options.onChange()
    },
    retire: options.retire,
    onRefusedUpdates: options.onRefusedUpdates,
  })

  /** The next document to exchange: what waits to be sent first, then what is to be fetched, newest first. */
  const next = (): string | null => {
    if (mayWrite()) for (const id of list.waiting()) if (due(id)) return id
    // The list comes before what is in it: fetching would take turns with the feed on both ends.
    if (toCome > LIST_FIRST) return null
    for (;;) {
      const id = queue.pop()
      if (id === undefined) break
      if (due(id)) return id
      if (lives.isOpen(id)) passedOver.add(id)
    }
    return null
  }

  const fill = (): void => {
    for (const id of passedOver) if (!lives.isOpen(id) && passedOver.delete(id)) queue.push(id)
    if (list.fallen() === fallen) return
    fallen = list.fallen()
    const age = (id: string): number => list.item(id)?.summary.updatedAt ?? 0
    queue = [...list.behind()].filter((id) => !busy.has(id)).sort((a, b) => age(a) - age(b))
  }

  const work = (): void => {
    // While positions are of a history that is over, the relay would take them for its own (W11).
    if (!leadership.leads() || !online() || journal.failure() || keeper.isUnsure()) return
    if (busy.size >= CONCURRENCY) return
    fill()
    while (busy.size < CONCURRENCY && exchanges.inFlight() < IN_FLIGHT) {
      const id = next()
      if (id === null) return
      busy.add(id)
      void exchanges
        .run(id)
        .catch((error: unknown) => {
          // It has left the queue, and nothing but a change of it would bring it back.
          if (error instanceof PersistenceError) later(id, LATER_MS)
          passOver(error, () => refused.add(id))
        })
        .finally(() => {
          busy.delete(id)
          work()
        })
    }
  }

  const upkeep = createUpkeep({
    connection,
    journal,
    list,
    mayWork: () => leadership.leads() && online(),
    mayWrite,
    isRefused: (id) => refused.has(id),
    retire: options.retire,
    clock,
    later: (ms, run) => {
      const cancel = clock.after(ms, () => {
        timers.delete(cancel)
        run()
        poke()
      })
      timers.add(cancel)
    },
  })

  const poke = (): void => {
    if (closed) return
    const mustLook = !keeper.isWriting() || (online() && keeper.isAstray())
    if (leadership.leads() && mustLook && !reading && !journal.failure()) void lead()
    // A storage that cannot be read is the journal's matter; when it can, it pokes.
    if (online() && !journal.failure()) void keeper.look().catch(() => null)
    upkeep.endPurged()
    work()
    upkeep.tellSummaries()
    if (leadership.leads() && mayWrite()) options.blobs.upload()
  }

  const onState = (): void => {
    // A token that lets us write may have come.
    refused.clear()
    notTaken.clear()
    upkeep.forget()
    if (!online()) {
      toCome = 0
      notBefore.clear()
      for (const cancel of timers) cancel()
      timers.clear()
      fallen = -1
    }
    leadership.check()
    poke()
  }
  const unsubscribe = [connection.state.subscribe(onState), connection.onRoom(() => work())]
  connection.start(
    {
      incarnation: options.cursor?.incarnation ?? '',
      cursor: options.cursor?.feed ?? 0,
      reach: options.cursor?.reach ?? 0,
    },
    {
      welcomed: () => keeper.renamed(),
      history: keeper.reset,
      feed: (entries, upTo, head) => {
        toCome = head - upTo
        keeper.take(entries, upTo)
      },
      isVoid: keeper.isUnsure,
      reach: () => list.reach(),
      unsupported: options.onUnsupported,
    },
  )
  leadership.check()

  return {
    poke,
    isVoid: keeper.isVoid,
    retry: () => {
      for (const id of notTaken.keys()) notBefore.delete(id)
      poke()
    },
    refusal: () => {
      for (const [id, reason] of notTaken) {
        if (list.waiting().has(id)) return reason
        notTaken.delete(id)
      }
      return null
    },
    learned: (cursor, by) => {
      // A storage that cannot be read is the journal's matter; when it can, it pokes.
      if (by === 'refused') void keeper.refused().catch(() => null)
      else keeper.written(cursor, by === 'own')
    },
    close: () => {
      closed = true
      exchanges.close()
      for (const off of unsubscribe) off()
      for (const cancel of timers) cancel()
      leadership.close()
    },
  }
}
