import type { Chance, Clock } from './environment.ts'
import {
  type Batch,
  describe,
  emptyBatch,
  forgetStorage,
  hasUpdates,
  isEmpty,
  joinBatches,
  mayLinger,
  type Pending,
  pendingOf,
  settleAll,
  takeFrom,
  takeNews,
  waitFor,
} from './journal-batch.ts'
import { marking, speakOf } from './journal-marks.ts'
import type { Journal, JournalOwner } from './journal-port.ts'
import { compactUpdates, mergeAll } from './merge.ts'
import { createOpenStorage } from './open-storage.ts'
import { asPersistenceError } from './persistence/errors.ts'
import { type FeedCursor, type Persistence, PersistenceError, type PersistenceHandle } from './persistence/port.ts'
import { createListeners } from './signal.ts'

/** While nothing can be written updates pile up; beyond this many they are merged where they wait. */
const MERGE_ABOVE = 500
/**
 * While one update follows another, what may linger goes with the next write of those, or after so many milliseconds: the next edit would find
 * the storage busy with it.
 */
const LINGER_MS = 100
/** What counts as that: so many updates of documents in memory within so many milliseconds. */
const FLOW = { updates: 4, ms: 1_000 }

/**
 * Brings updates to the device: one write at a time, everything that arrives meanwhile together in the next one. Nothing
 * leaves memory before the write that holds it is committed, so a failure costs nothing but time: the storage is
 * opened again (`open-storage.ts`), and the journal writes what it still has.
 */
export function createJournal(
  persistence: Persistence,
  clock: Clock,
  random: Chance,
  owner: JournalOwner,
): Journal & { start(): Promise<void> } {
  let next = emptyBatch()
  let writing: Batch | null = null
  let scheduled = false
  let closing = false
  /** When documents in memory changed last. */
  const recent: number[] = []
  /** Set while something lingers. */
  let cancelLinger: (() => void) | null = null
  let overdue = false
  const idle: (() => void)[] = []
  const changes = createListeners()

  /** `told`: other tabs were told of what is not saved. */
  const rewriteEverything = (told: boolean): void => {
    for (const { id, state, epoch } of owner.everything()) {
      const pending = pendingOf(next, id)
      pending.updates = [state]
      pending.reported = told ? 1 : 0
      // Nothing says any more what the relay has: it is all offered again.
      pending.local = true
      pending.sent = 0
      pending.epoch ??= epoch
    }
  }

  const onFailing = (error: PersistenceError): void => {
    // What is being written first: what came later builds on it.
    const news = [...takeNews(writing), ...takeNews(next)]
    // A storage that is gone takes with it what was saved in it: until it is written again, that is not saved.
    if (error.code === 'DELETED') rewriteEverything(true)
    settleAll(next, error)
    if (news.length > 0) owner.unsaved(news)
  }

  const storage = createOpenStorage({
    persistence,
    clock,
    random,
    onOpened: (opened, fresh) => {
      if (fresh) {
        forgetStorage(next)
        rewriteEverything(false)
      }
      owner.opened(opened, fresh)
      schedule()
      if (isEmpty(next)) storage.recovered()
    },
    onFailing,
    onFailed: () => {
      runIdle()
      changes.tell()
    },
    onRecovered: changes.tell,
  })

  const lingers = (): boolean => {
    const isFlowing = recent.length === FLOW.updates && clock.now() - recent[0]! < FLOW.ms
    if (!isFlowing || overdue || closing || storage.failure() || !mayLinger(next)) return false
    cancelLinger ??= clock.after(LINGER_MS, () => {
      cancelLinger = null
      overdue = true
      schedule()
    })
    return true
  }

  const schedule = (): void => {
    if (scheduled || writing || !storage.handle() || storage.isClosed() || isEmpty(next) || lingers()) return
    scheduled = true
    queueMicrotask(() => {
      scheduled = false
      const to = storage.handle()
      if (!writing && to) void flush(to)
      else runIdle()
    })
  }

  const runIdle = (): void => {
    for (const run of idle.splice(0)) run()
  }

  /** Tells how the cursor stands: it may not have taken the place of another one, see `WriteBatch.past`. */
  const tellLearned = async (from: PersistenceHandle, cursor: FeedCursor, mayFail: boolean): Promise<void> => {
    // Whoever cannot tell looks again when the storage can be read.
    const stored = mayFail ? await from.cursor().catch(() => null) : cursor
    if (!storage.isClosed()) owner.learned(stored ?? cursor, stored?.incarnation !== cursor.incarnation)
  }

  const flush = async (to: PersistenceHandle): Promise<void> => {
    if (isEmpty(next)) return
    cancelLinger?.()
    cancelLinger = null
    overdue = false
    const { now: batch, later } = takeFrom(next)
    next = later
    writing = batch
    // As they are written: the history may get another name meanwhile.
    const { cursor, past } = batch
    try {
      const documents = describe(batch, owner.summaryOf)
      const records = await to.write({
        documents,
        ...(cursor ? { cursor } : {}),
        ...(batch.history === null ? {} : { history: batch.history, reach: batch.reach }),
        ...(past === null ? {} : { past }),
        ...(batch.restart ? { restart: true } : {}),
        ...(batch.blobs.length > 0 ? { blobs: batch.blobs } : {}),
        writing: { add: batch.add, remove: batch.remove },
      })
      if (storage.isGone(to)) throw new PersistenceError('DELETED', 'the storage on this device was deleted')
      writing = null
      const byId = new Map(documents.map((document) => [document.id, document]))
      owner.committed(
        records.map((record) => ({
          id: record.id,
          record,
          update: byId.get(record.id)?.updates[0] ?? null,
          local: byId.get(record.id)?.local ?? false,
          foreign: batch.documents.get(record.id)?.foreign ?? false,
        })),
      )
      if (cursor) void tellLearned(to, cursor, past !== null)
      settleAll(batch, null)
      // Anything that succeeds is the end of the failure, unless the storage was lost right behind it.
      if (storage.handle() === to) storage.recovered()
    } catch (thrown) {
      writing = null
      const error = asPersistenceError(thrown)
      const now = storage.handle()
      const isReplaced = now !== null && now !== to
      if (isReplaced) {
        // The one that is open now is well, and is written what is left.
        settleAll(batch, error)
        if (storage.isGone(to)) forgetStorage(batch)
      }
      // In front of what arrived since.
      next = joinBatches(batch, next)
      if (!isReplaced) storage.fail(error)
    }
    runIdle()
    changes.tell()
    schedule()
  }

  return {
    start: storage.open,
    ...marking(
      () => next,
      () => writing,
      schedule,
    ),
    append: (id, update, local) => {
      const pending = pendingOf(next, id)
      pending.updates.push(update)
      pending.local ||= local
      recent.push(clock.now())
      if (recent.length > FLOW.updates) recent.shift()
      if (storage.failure() && !storage.isOpening()) {
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
    appendForeign: (id, update) => {
      const pending = pendingOf(next, id)
      pending.updates.push(update)
      pending.foreign = true
      schedule()
      changes.tell()
    },
    stage: async (update) => {
      // What does not work here the write will say.
      await storage
        .handle()
        ?.stage?.(update)
        .catch(() => null)
    },
    putBlob: (blob) => {
      next.blobs.push(blob)
      // A little later in the same task, so that the edit which refers to it goes along.
      let hops = 8
      const hop = (): void => (hops-- > 0 ? queueMicrotask(hop) : schedule())
      hop()
    },
    settled: () => {
      const failure = storage.failure()
      if (failure) return Promise.reject(failure.error)
      if (isEmpty(next) && !writing) return Promise.resolve()
      const done = waitFor((isEmpty(next) && writing ? writing : next).waiters)
      schedule()
      return done
    },
    setCursor: (cursor) => {
      if (next.history !== null) speakOf(next, { incarnation: cursor.incarnation, reach: 0 })
      next.cursor = cursor
      const done = waitFor(next.waiters)
      schedule()
      return done
    },
    stateOf: (id) => {
      if (!hasUpdates(next, id) && !hasUpdates(writing, id)) return 'clean'
      return storage.failure() ? 'failing' : 'writing'
    },
    failure: storage.failure,
    saved: async (id) => {
      const of = (batch: Batch): Pending[] => {
        const found = id === undefined ? [...batch.documents.values()] : [batch.documents.get(id)]
        return found.filter((pending) => pending !== undefined).filter((pending) => pending.updates.length > 0)
      }
      const waiting = [...of(next), ...(writing ? of(writing) : [])]
      if (waiting.length === 0) return
      const failure = storage.failure()
      if (failure) throw failure.error
      await Promise.all(waiting.map((pending) => waitFor(pending.waiters)))
    },
    busy: () => writing !== null || scheduled,
    whenIdle: (run) => {
      if (writing === null && !scheduled) run()
      else idle.push(run)
    },
    read: storage.read,
    compact: async (id, merge) => {
      const from = storage.handle()
      if (!from) return
      // Many rows say the same as one: it is tried again when it is closed the next time.
      const record = await from.compact(id, merge).catch(() => null)
      if (record && !storage.isGone(from)) owner.committed([{ id, record, update: null, local: false, foreign: false }])
    },
    retire: async (id, how) => {
      const from = storage.handle()
      // Null says that it did not come about; the storage's failure is told by its next write.
      const retired = (await from?.retire(id, how, compactUpdates).catch(() => null)) ?? null
      // Nothing asks for it in the storage that takes the place of one that is gone.
      if (!from || !retired || storage.isGone(from)) return null
      owner.committed([{ id, record: retired.record, update: null, local: false, foreign: false }])
      return retired
    },
    identity: storage.identity,
    changes,
    retry: storage.retry,
    close: async () => {
      closing = true
      await storage.opened()
      while (!storage.failure() && storage.handle() && (writing || !isEmpty(next))) {
        schedule()
        await new Promise<void>((resolve) => idle.push(resolve))
      }
      cancelLinger?.()
      const left = new PersistenceError('CLOSED', 'the store was closed before it could be written')
      const gone = storage.close()
      settleAll(next, storage.failure()?.error ?? left)
      await gone
    },
  }
}
