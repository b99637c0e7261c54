import { type Backoff, createBackoff } from './backoff.ts'
import type { Chance, Clock } from './environment.ts'
import { mergeAll } from './merge.ts'
import {
  type DocumentRecord,
  type DocumentWrite,
  type FeedCursor,
  type Persistence,
  PersistenceError,
  type PersistenceHandle,
  type WritingNote,
} from './persistence/port.ts'
import { createListeners, type Listeners } from './signal.ts'

const RETRY = { base: 100, cap: 10_000 }
/** While nothing can be written updates pile up; beyond this many they are merged where they wait. */
const MERGE_ABOVE = 500

/** What one write brought to the device for one document. */
export interface Committed {
  readonly id: string
  readonly record: DocumentRecord
  /** What was written, or null when only marks or the summary were. It has the number `record.last`. */
  readonly update: Uint8Array | null
  readonly local: boolean
}

export interface JournalFailure {
  readonly error: PersistenceError
  readonly since: number
}

/** What the journal asks of, and tells, the store. */
export interface JournalOwner {
  /** The summary to write beside this document's updates, or null to leave the stored one. Asked once per write. */
  summaryOf(id: string): Uint8Array | null
  /** The whole state of every document in memory: what is left when the storage was deleted. */
  everything(): Iterable<{ readonly id: string; readonly state: Uint8Array }>
  committed(changes: readonly Committed[]): void
  /** These updates could not be written (told once per update). */
  unsaved(updates: readonly { readonly id: string; readonly update: Uint8Array }[]): void
  /** The storage is open (again). `fresh`: it is not the one that was open before. */
  opened(handle: PersistenceHandle, fresh: boolean): void
}

export interface Journal {
  /** Adds an update to what is to be written, and writes as soon as nothing else is being written. */
  append(id: string, update: Uint8Array, local: boolean): void
  /** Marks rows up to this number as known to be on the relay; goes along with the next write. */
  markSent(id: string, sent: number): void
  /** Writes this summary although nothing else changed; one that `summaryOf` gives by then outdoes it. */
  touch(id: string, summary: Uint8Array): void
  /** Forgets what the relay has of these documents: it has another history now (W11), and is offered everything. */
  offer(ids: Iterable<string>): void
  setCursor(cursor: FeedCursor): Promise<void>
  note(change: { readonly add?: WritingNote; readonly remove?: WritingNote }): void
  /** `clean`: all of it is on the device. `writing`: on its way. `failing`: it is not, see `failure`. */
  stateOf(id: string): 'clean' | 'writing' | 'failing'
  failure(): JournalFailure | null
  /** Resolves when everything appended so far for this document (or for all) is committed; rejects with why not. */
  saved(id?: string): Promise<void>
  /** True while a write is on its way. */
  busy(): boolean
  /** Runs once when the write on its way, if any, has ended. */
  whenIdle(run: () => void): void
  /** Runs a read on the open storage; rejects with a `PersistenceError` while there is none. */
  read<T>(reading: (handle: PersistenceHandle) => Promise<T>): Promise<T>
  /** Makes one row of a document's many. Left for another time when it does not work. */
  compact(id: string, merge: (updates: readonly Uint8Array[]) => Uint8Array): Promise<void>
  /** Which storage is open, or was last; null before the first. */
  identity(): string | null
  /** Told when `stateOf` or `failure` may answer something else. */
  readonly changes: Listeners
  retry(): void
  /** Stops retrying, waits for the write on its way, closes the storage. */
  close(): Promise<void>
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: PersistenceError) => void
}

interface Pending {
  updates: Uint8Array[]
  local: boolean
  /** How many of `updates` were already reported as unsaved. */
  reported: number
  sent: number
  touched: boolean
  offer: boolean
  summary: Uint8Array | null
  waiters: Waiter[]
}

interface Batch {
  readonly documents: Map<string, Pending>
  cursor: FeedCursor | null
  cursorWaiters: Waiter[]
  add: WritingNote[]
  remove: WritingNote[]
}

const emptyBatch = (): Batch => ({ documents: new Map(), cursor: null, cursorWaiters: [], add: [], remove: [] })
const isEmpty = (batch: Batch): boolean =>
  batch.documents.size === 0 && !batch.cursor && batch.add.length === 0 && batch.remove.length === 0

/**
 * Brings updates to the device: one write at a time, everything that arrives meanwhile together in the next one. Nothing
 * leaves memory before the write that holds it is committed, so a failure costs nothing but time: the journal opens
 * the storage again, with backoff, and writes what it still has.
 */
export function createJournal(
  persistence: Persistence,
  clock: Clock,
  random: Chance,
  owner: JournalOwner,
): Journal & { start(): Promise<void> } {
  let handle: PersistenceHandle | null = null
  let identity: string | null = null
  let opening: Promise<void> | null = null
  let failure: JournalFailure | null = null
  let next = emptyBatch()
  let writing: Batch | null = null
  let scheduled = false
  let closed = false
  const idle: (() => void)[] = []
  const changes = createListeners()
  const backoff: Backoff = createBackoff(clock, random, RETRY)

  const pendingOf = (id: string): Pending => {
    let pending = next.documents.get(id)
    if (!pending) {
      pending = {
        updates: [],
        local: false,
        reported: 0,
        sent: 0,
        touched: false,
        offer: false,
        summary: null,
        waiters: [],
      }
      next.documents.set(id, pending)
    }
    return pending
  }

  const open = (): Promise<void> => {
    opening ??= (async () => {
      try {
        const opened = await persistence.open()
        if (closed) {
          await opened.close()
          return
        }
        const fresh = identity !== null && identity !== opened.identity
        identity = opened.identity
        handle = opened
        void opened.lost.then((error) => {
          if (handle === opened) fail(error)
        })
        if (fresh) rewriteEverything()
        owner.opened(opened, fresh)
        schedule()
        if (isEmpty(next)) recovered()
      } catch (error) {
        fail(asPersistenceError(error))
      } finally {
        opening = null
      }
    })()
    return opening
  }

  const rewriteEverything = (): void => {
    for (const { id, state } of owner.everything()) {
      const pending = pendingOf(id)
      pending.updates = [state]
      pending.reported = 1
      // Nothing says any more what the relay has: it is all offered again.
      pending.local = true
      pending.sent = 0
    }
  }

  const fail = (error: PersistenceError): void => {
    if (closed) return
    const broken = handle
    handle = null
    failure = { error, since: failure?.since ?? clock.now() }
    // A storage that is gone takes with it what was saved in it: until it is written again, that is not saved.
    if (error.code === 'DELETED') rewriteEverything()
    for (const pending of next.documents.values()) settle(pending.waiters, error)
    settle(next.cursorWaiters, error)
    const news: { id: string; update: Uint8Array }[] = []
    for (const [id, pending] of next.documents) {
      for (const update of pending.updates.slice(pending.reported)) news.push({ id, update })
      pending.reported = pending.updates.length
    }
    if (news.length > 0) owner.unsaved(news)
    void broken?.close().catch(() => null)
    backoff.schedule(() => void open())
    runIdle()
    changes.tell()
  }

  const recovered = (): void => {
    backoff.reset()
    if (!failure) return
    failure = null
    changes.tell()
  }

  const settle = (waiters: Waiter[], error: PersistenceError | null): void => {
    for (const waiter of waiters.splice(0)) {
      if (error) waiter.reject(error)
      else waiter.resolve()
    }
  }

  const schedule = (): void => {
    if (scheduled || writing || !handle || closed || isEmpty(next)) return
    scheduled = true
    queueMicrotask(() => {
      scheduled = false
      if (!writing && handle) void flush(handle)
      else runIdle()
    })
  }

  const runIdle = (): void => {
    for (const run of idle.splice(0)) run()
  }

  const flush = async (to: PersistenceHandle): Promise<void> => {
    const batch = next
    if (isEmpty(batch)) return
    next = emptyBatch()
    writing = batch
    try {
      const documents = describe(batch)
      const records = await to.write({
        documents,
        ...(batch.cursor ? { cursor: batch.cursor } : {}),
        writing: { add: batch.add, remove: batch.remove },
      })
      writing = null
      const byId = new Map(documents.map((document) => [document.id, document]))
      owner.committed(
        records.map((record) => ({
          id: record.id,
          record,
          update: byId.get(record.id)?.updates[0] ?? null,
          local: byId.get(record.id)?.local ?? false,
        })),
      )
      for (const pending of batch.documents.values()) settle(pending.waiters, null)
      settle(batch.cursorWaiters, null)
      // Anything that succeeds is the end of the failure, unless the storage was lost right behind it.
      if (handle === to) recovered()
    } catch (error) {
      writing = null
      restore(batch)
      fail(asPersistenceError(error))
    }
    runIdle()
    changes.tell()
    schedule()
  }

  /** What a batch writes. One row per document: its updates merged. */
  const describe = (batch: Batch): DocumentWrite[] =>
    Array.from(batch.documents, ([id, pending]) => {
      if (pending.updates.length > 1) {
        pending.reported = pending.reported >= pending.updates.length ? 1 : 0
        pending.updates = [mergeAll(pending.updates)]
      }
      if (pending.updates.length > 0 || pending.touched) pending.summary = owner.summaryOf(id) ?? pending.summary
      return {
        id,
        updates: pending.updates,
        local: pending.local,
        sent: pending.sent,
        ...(pending.offer ? { offer: true } : {}),
        ...(pending.summary ? { summary: pending.summary } : {}),
      }
    })

  /** Puts a batch that was not written in front of what arrived since. */
  const restore = (batch: Batch): void => {
    const later = next
    next = batch
    for (const [id, pending] of later.documents) {
      const into = pendingOf(id)
      into.updates.push(...pending.updates)
      into.local ||= pending.local
      into.sent = Math.max(into.sent, pending.sent)
      into.touched ||= pending.touched
      into.offer ||= pending.offer
      into.summary = pending.summary ?? into.summary
      into.waiters.push(...pending.waiters)
    }
    next.cursor = later.cursor ?? batch.cursor
    next.cursorWaiters.push(...later.cursorWaiters)
    next.add.push(...later.add)
    next.remove.push(...later.remove)
  }

  const hasUpdates = (batch: Batch | null, id: string): boolean => (batch?.documents.get(id)?.updates.length ?? 0) > 0

  const waitFor = (waiters: Waiter[]): Promise<void> =>
    new Promise((resolve, reject) => {
      waiters.push({ resolve, reject })
    })

  return {
    start: open,
    append: (id, update, local) => {
      const pending = pendingOf(id)
      pending.updates.push(update)
      pending.local ||= local
      if (failure && !opening) {
        // Written off for now; other tabs may be able to keep it.
        pending.reported = pending.updates.length
        owner.unsaved([{ id, update }])
        if (pending.updates.length > MERGE_ABOVE) {
          pending.updates = [mergeAll(pending.updates)]
          pending.reported = 1
        }
      }
      schedule()
      changes.tell()
    },
    markSent: (id, sent) => {
      const pending = pendingOf(id)
      pending.sent = Math.max(pending.sent, sent)
      schedule()
    },
    touch: (id, summary) => {
      const pending = pendingOf(id)
      pending.touched = true
      pending.summary = summary
      schedule()
    },
    offer: (ids) => {
      for (const id of ids) pendingOf(id).offer = true
      schedule()
    },
    setCursor: (cursor) => {
      next.cursor = cursor
      const done = waitFor(next.cursorWaiters)
      schedule()
      return done
    },
    note: ({ add, remove }) => {
      if (add) next.add.push(add)
      if (remove) next.remove.push(remove)
      schedule()
    },
    stateOf: (id) => {
      if (!hasUpdates(next, id) && !hasUpdates(writing, id)) return 'clean'
      return failure ? 'failing' : 'writing'
    },
    failure: () => failure,
    saved: async (id) => {
      const of = (batch: Batch): Pending[] => {
        const found = id === undefined ? [...batch.documents.values()] : [batch.documents.get(id)]
        return found.filter((pending) => pending !== undefined).filter((pending) => pending.updates.length > 0)
      }
      const waiting = [...of(next), ...(writing ? of(writing) : [])]
      if (waiting.length === 0) return
      if (failure) throw failure.error
      await Promise.all(waiting.map((pending) => waitFor(pending.waiters)))
    },
    busy: () => writing !== null || scheduled,
    whenIdle: (run) => {
      if (writing === null && !scheduled) run()
      else idle.push(run)
    },
    read: async (reading) => {
      if (!handle && !failure && !closed) await open()
      const from = handle
      if (!from) throw failure?.error ?? new PersistenceError('CLOSED', 'the store is closed')
      try {
        return await reading(from)
      } catch (error) {
        // A storage that cannot be read will not do for writing either.
        if (handle === from) fail(asPersistenceError(error))
        throw error
      }
    },
    compact: async (id, merge) => {
      if (!handle) return
      const record = await handle.compact(id, merge).catch(() => null)
      if (record) owner.committed([{ id, record, update: null, local: false }])
    },
    identity: () => identity,
    changes,
    retry: () => {
      if (!failure || opening) return
      backoff.cancel()
      void open()
    },
    close: async () => {
      await opening
      while (!failure && handle && (writing || !isEmpty(next))) {
        schedule()
        await new Promise<void>((resolve) => idle.push(resolve))
      }
      closed = true
      backoff.cancel()
      const left = failure?.error ?? new PersistenceError('CLOSED', 'the store was closed before it could be written')
      for (const pending of next.documents.values()) settle(pending.waiters, left)
      settle(next.cursorWaiters, left)
      await opening
      await handle?.close()
      handle = null
    },
  }
}

function asPersistenceError(error: unknown): PersistenceError {
  if (error instanceof PersistenceError) return error
  return new PersistenceError('UNAVAILABLE', error instanceof Error ? error.message : String(error), { cause: error })
}
