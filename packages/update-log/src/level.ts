import { namesIn } from './blobs/folders.ts'
import type { Compactor } from './compaction.ts'
import { UpdateLogError } from './errors.ts'
import { afterAppend, afterPurge, requireLive, requireSummary, statOf } from './head.ts'
import { compactDocument } from './level/compact.ts'
import { type OpenDatabase, openClassicLevel, type View } from './level/database.ts'
import { prepareFolder } from './level/folder.ts'
import { type Handle, openHandle } from './level/handle.ts'
import { type Key, recordRange } from './level/keys.ts'
import { noteOpen } from './level/lock.ts'
import { findDocument, knownEntries, readDocument, readSummary } from './level/lookup.ts'
import { readDocuments, readFeed, readSpaces } from './level/read.ts'
import { createReclaimer } from './level/reclaim.ts'
import { setAside } from './level/set-aside.ts'
import { finishSwap } from './level/swap.ts'
import { tableBytes } from './level/table-bytes.ts'
import type { Transaction } from './level/transaction.ts'
import { createWorkerCompactor, type WorkerCompactorOptions } from './level/worker-compactor.ts'
import { createWriter, type Job } from './level/writer.ts'
import { DEFAULT_SUMMARY_LIMIT, MAX_FEED_LIMIT } from './limits.ts'
import { refKey, requireName, requireRef } from './names.ts'
import { randomId } from './random.ts'
import { follows, historyName, sharedUntil } from './runs.ts'
import type { CommitEvent, CompactResult, DocumentRef, FeedPage, PurgeResult, UpdateLog } from './types.ts'

export type { Database, Entry, OpenDatabase, Operation, View } from './level/database.ts'
export { FORMAT_VERSION as FOLDER_VERSION } from './level/folder.ts'
export type { KeyRange } from './level/keys.ts'
export { createWorkerCompactor, openClassicLevel, type WorkerCompactorOptions }

export interface LevelTimers {
  /** Calls back every so many milliseconds until stopped; must not keep the process alive. */
  every(milliseconds: number, run: () => void): () => void
  /** Milliseconds of a clock that only goes forward. */
  now(): number
}

export interface LevelLogOptions {
  /** The data folder; made if it is not there. */
  readonly directory: string
  /** Draws incarnations and epochs; names of 1 to 128 of `A-Z a-z 0-9 . _ ~ -`. */
  readonly randomId?: () => string
  /** Bytes of a summary. */
  readonly summaryLimit?: number
  /** Defaults to a worker thread; closed with the log. */
  readonly compactor?: Compactor
  readonly openDatabase?: OpenDatabase
  readonly timers?: LevelTimers
}

const MARK_SYNC_MS = 5_000
/** How often what compactions freed is given back to the disk. */
const RECLAIM_MS = 30_000

const NODE_TIMERS: LevelTimers = {
  every(milliseconds, run) {
    const timer = setInterval(run, milliseconds)
    timer.unref()
    return () => clearInterval(timer)
  },
  now: () => performance.now(),
}

/** The log of a data folder, with a way to read what is stored as it is: for backup, verification and counting. */
export interface LevelLog extends UpdateLog {
  readonly directory: string
  /**
   * Runs a read on one consistent view of everything that is durable. While it runs, a storage that has failed is not opened anew, so a long
   * one asks `isWanted` now and then, and gives up when it says no.
   */
  snapshot<T>(run: (view: View, isWanted: () => boolean) => Promise<T>): Promise<T>
}

/** What was read without waiting for anything is answered after what else there is to do, or who asks again and again lets nobody else run. */
function afterOthers<T>(answer: T): Promise<T> {
  return new Promise((resolve) => setImmediate(resolve, answer))
}

/** So many documents are given in one turn of the event loop before who asks waits for the next. */
const AT_ONCE = 64

/** What was read without waiting is answered at once, so that opening a document is one turn; but not again and again, as above. */
function withinTurn(): <T>(answer: T) => T | Promise<T> {
  let given = 0
  const begin = (): void => {
    given = 0
  }
  return (answer) => {
    given += 1
    if (given === 1) setImmediate(begin)
    return given <= AT_ONCE ? answer : afterOthers(answer)
  }
}

/**
 * Opens the update log of a data folder over LevelDB.
 * @throws UpdateLogError `LOCKED`, `UNWRITABLE`, `NEWER_VERSION`, `UNREADABLE`, `STORAGE_*`
 */
export async function openLevelLog(options: LevelLogOptions): Promise<LevelLog> {
  const {
    openDatabase = openClassicLevel,
    randomId: draw = randomId,
    summaryLimit = DEFAULT_SUMMARY_LIMIT,
    timers = NODE_TIMERS,
    compactor = createWorkerCompactor(),
  } = options
  const listeners = new Set<(event: CommitEvent) => void>()
  const compacting = new Map<string, Promise<CompactResult>>()
  const background = new Set<Promise<unknown>>()
  const giveAtOnce = withinTurn()
  let closed: Promise<void> | null = null

  await finishSwap(options.directory)
  const folder = await prepareFolder(options.directory)
  const writer = createWriter(() => handle, tell, timers.now)
  const reclaimer = createReclaimer(
    () => handle,
    writer,
    () => tableBytes(folder.log),
  )
  const handle: Handle = await openHandle({
    folder,
    openDatabase,
    draw,
    now: timers.now,
    onReopened: () => writer.forget(),
  })
  const noLongerOpen = noteOpen(folder.log)
  const stops = [
    timers.every(MARK_SYNC_MS, () => void inBackground(handle.syncMark())),
    timers.every(RECLAIM_MS, () => void inBackground(reclaimer.all())),
  ]

  function tell(event: CommitEvent): void {
    for (const listener of listeners) {
      try {
        listener(event)
      } catch (error) {
        // A listener's own mistake: it must not fail a commit, and must not be hidden either.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  /** For upkeep whose failure changes nothing that was promised: it is tried again the next time. */
  function inBackground(work: Promise<unknown>): Promise<void> {
    const settled: Promise<void> = Promise.allSettled([work]).then(() => void background.delete(settled))
    background.add(settled)
    return settled
  }

  function requireOpen(): void {
    if (closed !== null) throw new UpdateLogError('CLOSED', 'The update log is closed.')
  }

  function write<T>(
    ref: DocumentRef | null,
    bytes: number,
    plan: (transaction: Transaction) => () => T,
    prepare?: Job['prepare'],
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const job: Job = {
        ref,
        bytes,
        reject,
        plan(transaction) {
          const done = plan(transaction)
          return () => resolve(done())
        },
      }
      writer.submit(prepare === undefined ? job : { ...job, prepare })
    })
  }

  async function compact(ref: DocumentRef): Promise<CompactResult> {
    const result = await compactDocument(ref, handle, writer, compactor, reclaimer.freed)
    if (closed === null) void inBackground(reclaimer.ifMuch())
    return result
  }

  return {
    get incarnation() {
      return handle.record.incarnation
    },
    get history() {
      return historyName(handle.runs)
    },
    get openings() {
      return handle.runs.openings
    },
    get commits() {
      return handle.record.commit
    },
    opened: handle.opened,
    directory: options.directory,

    async snapshot(run) {
      requireOpen()
      return handle.read((view) => run(view, () => handle.isReady && closed === null))
    },

    follows: (space, history, cursor, reach = 0) => follows(handle.runs, space, history, cursor, reach),

    sharedUntil: (history) => sharedUntil(handle.runs, history, handle.record.commit),

    async append(ref, update, { epoch, summary } = {}) {
      requireOpen()
      requireRef(ref)
      if (summary !== undefined) requireSummary(summary, summaryLimit)
      return write(ref, update.byteLength, (transaction) => {
        const next = afterAppend(ref, transaction.head(ref), epoch, update.byteLength, draw)
        const head = transaction.append(ref, next, update, summary)
        return () => ({ epoch: head.epoch, seq: head.seq, feed: head.feed })
      })
    },

    async load(ref) {
      requireOpen()
      requireRef(ref)
      return handle.read(async (view) => {
        const state = await findDocument(view, ref)
        if (state === null || state.head.kind === 'purged') return await afterOthers(null)
        return giveAtOnce((await readDocument(view, ref, state.number, state.head, knownEntries)).loaded)
      })
    },

    async stat(ref) {
      requireOpen()
      requireRef(ref)
      const state = await handle.read((view) => findDocument(view, ref))
      return await afterOthers(state === null ? null : statOf(ref.document, state.head))
    },

    async documents(space) {
      requireOpen()
      return handle.read((view) => readDocuments(view, space))
    },

    async spaces() {
      requireOpen()
      return handle.read(readSpaces)
    },

    async compact(ref) {
      requireOpen()
      requireRef(ref)
      const key = refKey(ref)
      const before = compacting.get(key)
      if (before !== undefined) return before
      const work = compact(ref).finally(() => compacting.delete(key))
      compacting.set(key, work)
      return work
    },

    async feed(space, { after, limit }) {
      requireOpen()
      requireName('space', space)
      await handle.read((view) => writer.loadFeed(view, space))
      return new Promise<FeedPage>((resolve) => {
        writer.between(() => {
          const head = writer.observe(space)
          const most = Math.min(Math.max(Math.trunc(limit), 1), MAX_FEED_LIMIT)
          resolve(handle.read(async (view) => ({ entries: await readFeed(view, space, after, head, most), head })))
        })
      })
    },

    onCommit(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },

    async setSummary(ref, summary, { epoch } = {}) {
      requireOpen()
      requireRef(ref)
      requireSummary(summary, summaryLimit)
      let old: Uint8Array | null = null
      return write(
        ref,
        summary.byteLength,
        (transaction) => {
          const head = requireLive(ref, transaction.head(ref), epoch)
          const now = transaction.summary(ref) ?? old
          if (now !== null && Buffer.compare(now, summary) === 0) return () => ({ feed: head.feed })
          const { feed } = transaction.setSummary(ref, head, summary)
          return () => ({ feed })
        },
        async (view, state) => {
          old = state === null ? null : await readSummary(view, state.number)
        },
      )
    },

    async purge(ref, { epoch } = {}) {
      requireOpen()
      requireRef(ref)
      let keys: Key[] = []
      let number = 0
      const result = await write<PurgeResult>(
        ref,
        0,
        (transaction) => {
          const head = transaction.head(ref)
          const next = afterPurge(ref, head, epoch)
          if (next === null) return () => ({ epoch: null, feed: head?.feed ?? 0 })
          const { feed } = transaction.purge(ref, next.head, keys)
          return () => ({ epoch: next.epoch, feed })
        },
        async (view, state) => {
          if (state === null) return
          number = state.number
          keys = (await view.range(recordRange(number))).map((entry) => entry.key)
        },
      )
      if (result.epoch !== null) await inBackground(reclaimer.document(number))
      return result
    },

    async setAside(ref) {
      requireOpen()
      requireRef(ref)
      const done = await setAside(ref, folder, writer, draw)
      await handle.syncMark()
      return done
    },

    async quarantine() {
      requireOpen()
      return namesIn(folder.quarantine)
    },

    async renewIncarnation() {
      requireOpen()
      const incarnation = await write(null, 0, (transaction) => {
        transaction.incarnation = draw()
        const { incarnation: renewed } = transaction
        return () => renewed
      })
      await handle.syncMark()
      return incarnation
    },

    close() {
      closed ??= (async () => {
        for (const stop of stops) stop()
        listeners.clear()
        await compactor.close()
        await Promise.allSettled(compacting.values())
        await writer.drained()
        await Promise.allSettled(background)
        try {
          await handle.close()
        } finally {
          noLongerOpen()
        }
      })()
      return closed
    },
  }
}
