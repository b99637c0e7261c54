import { syncFolder } from '../blobs/folders.ts'
import { UpdateLogError } from '../errors.ts'
import { type Runs, renewRuns } from '../runs.ts'
import type { OpenedInfo } from '../types.ts'
import type { Database, OpenDatabase, Operation, View } from './database.ts'
import { named, storageError } from './faults.ts'
import { type Folder, hasRoom } from './folder.ts'
import { COMMIT_KEY, type KeyRange } from './keys.ts'
import { type FoundMark, type MarkFile, openMark } from './mark.ts'
import { recordRun, runsOperation } from './runs.ts'
import { type OpenedStorage, openStorage } from './storage.ts'
import { upgradeFolder } from './upgrade.ts'
import { type CommitRecord, encodeCommit } from './values.ts'

/**
 * The one open database and what becomes of it when a write fails. LevelDB goes on after a failed append with a torn record in the
 * middle of its log, and after a failed fsync refuses everything, so no handle is written to again after a failure: it serves reads until the
 * disk is well, and is opened anew before the next write.
 *
 * ```
 * ready --write failed--> suspect --room again--> reopening --opened--> ready
 *                                                    |  ^
 *                                              failed v  | next read or write
 *                                                    down
 * ```
 */
export interface Handle {
  readonly opened: OpenedInfo
  /** The last durable commit. */
  readonly record: CommitRecord
  /** The openings of this storage, this one the last. */
  readonly runs: Runs
  /** False from a failed write until the database was opened anew, which waits for the reads that are under way. */
  readonly isReady: boolean
  /** Runs a read on one consistent view that is taken when the database is there: at once, if it is. */
  read<T>(run: (view: View) => Promise<T>): Promise<T>
  /** Resolves when the next commit may be tried. Throws what stands in the way. */
  makeWritable(): Promise<void>
  /** One atomic, fsynced write with the next commit number. After a rejection nobody knows whether it is there. */
  commit(operations: readonly Operation[], change: Partial<CommitRecord>): Promise<number>
  reclaim(range: KeyRange): Promise<void>
  syncMark(): Promise<void>
  close(): Promise<void>
}

type State =
  | { readonly kind: 'ready'; readonly database: Database }
  | { readonly kind: 'suspect'; readonly database: Database }
  | { readonly kind: 'reopening'; readonly done: Promise<void> }
  | { readonly kind: 'down' }
  | { readonly kind: 'closed' }

export interface HandleOptions {
  readonly folder: Folder
  readonly openDatabase: OpenDatabase
  readonly draw: () => string
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
  /** Told when the database was opened anew: what was cached may be wrong. */
  readonly onReopened: () => void
}

/** After a reopening that failed, this long every write is refused with the same reason: a full disk is not asked a thousand times. */
const RETRY_MS = 250

/** Opens everything, or closes again what was opened. */
async function begin(
  folder: Folder,
  openDatabase: OpenDatabase,
  draw: () => string,
): Promise<{ first: OpenedStorage; mark: MarkFile; begun: Runs }> {
  const held: { mark?: MarkFile; database?: Database } = {}
  try {
    const readMark = async (): Promise<FoundMark> => {
      held.mark = await openMark(folder.mark)
      return held.mark.found
    }
    const first = await openStorage(folder, openDatabase, readMark, draw)
    held.database = first.database
    const { mark } = held
    if (mark === undefined) throw new TypeError('the mark was not opened')
    await mark.begin(first.record)
    // The mark and LevelDB's folder can be found again from now on.
    await syncFolder(folder.directory)
    return { first, mark, begun: await recordRun(first.database, first.record, draw) }
  } catch (error) {
    await held.database?.close()
    await held.mark?.close(false)
    throw named(error)
  }
}

export async function openHandle(options: HandleOptions): Promise<Handle> {
  const { folder, openDatabase, draw, now, onReopened } = options
  const upgrade = await upgradeFolder(folder, openDatabase, draw)
  const { first, mark, begun } = await begin(folder, openDatabase, draw)
  let state: State = { kind: 'ready', database: first.database }
  let record = first.record
  let readers = 0
  let idle: (() => void) | null = null
  let refusal: { readonly error: UpdateLogError; readonly until: number } | null = null
  let runs = begun

  function closed(): UpdateLogError {
    return new UpdateLogError('CLOSED', 'The update log is closed.')
  }

  function noReaders(): Promise<void> {
    if (readers === 0) return Promise.resolve()
    return new Promise((resolve) => {
      idle = resolve
    })
  }

  async function reopen(old: Database | null): Promise<void> {
    let opened: Database | null = null
    try {
      await noReaders()
      await old?.close()
      const known = { commit: record.commit, incarnation: record.incarnation, closed: false }
      const again = await openStorage(folder, openDatabase, async () => ({ kind: 'found', mark: known }), draw)
      opened = again.database
      if (again.record.incarnation !== runs.incarnation) {
        runs = renewRuns(runs, again.record.incarnation)
        await again.database.write([runsOperation(runs)], { sync: true })
      }
      record = again.record
      mark?.note(record)
      state = { kind: 'ready', database: again.database }
      refusal = null
      onReopened()
    } catch (error) {
      // Else its lock would keep the next try out.
      await opened?.close()
      state = { kind: 'down' }
      const why = storageError(error)
      if (why.code === 'STORAGE_FULL') throw why
      throw new UpdateLogError('STORAGE_FAILED', `The storage cannot be opened again: ${why.message}`, {
        cause: error,
      })
    }
  }

  function startReopening(old: Database | null): Promise<void> {
    const done = reopen(old)
    // `reopen` waits at least once, so this is set before it ends.
    state = { kind: 'reopening', done }
    return done
  }

  /** The database to read from, opened anew if it is down. */
  async function readable(): Promise<Database> {
    for (;;) {
      if (state.kind === 'closed') throw closed()
      if (state.kind === 'ready' || state.kind === 'suspect') return state.database
      await (state.kind === 'reopening' ? state.done : startReopening(null))
    }
  }

  async function makeWritable(): Promise<void> {
    if (state.kind === 'ready') return
    if (state.kind === 'closed') throw closed()
    if (refusal !== null && now() < refusal.until) throw refusal.error
    try {
      if (state.kind === 'reopening') await state.done
      else if (state.kind === 'down') await startReopening(null)
      else if (await hasRoom(folder)) await startReopening(state.database)
      else throw new UpdateLogError('STORAGE_FULL', `The disk of ${folder.directory} is full.`)
    } catch (error) {
      const why = storageError(error)
      refusal = { error: why, until: now() + RETRY_MS }
      throw why
    }
  }

  return {
    opened: {
      created: first.created,
      renewed: first.renewed ?? upgrade?.renewed ?? null,
      ...(upgrade?.upgraded === undefined ? {} : { upgraded: upgrade.upgraded }),
    },
    get record() {
      return record
    },
    get runs() {
      return runs
    },
    get isReady() {
      return state.kind === 'ready'
    },
    async read(run) {
      const database = state.kind === 'ready' || state.kind === 'suspect' ? state.database : await readable()
      readers += 1
      let view: View | null = null
      try {
        view = database.view()
        return await run(view)
      } catch (error) {
        throw named(error)
      } finally {
        await view?.close()
        readers -= 1
        if (readers === 0) idle?.()
      }
    },
    makeWritable,
    async commit(operations, change) {
      const next = { ...record, ...change, commit: record.commit + 1 }
      const counted: Operation = { type: 'put', key: COMMIT_KEY, value: encodeCommit(COMMIT_KEY, next) }
      if (state.kind !== 'ready') throw new UpdateLogError('STORAGE_FAILED', 'The storage is not ready.')
      const { database } = state
      const renewed = change.incarnation === undefined ? null : renewRuns(runs, change.incarnation)
      const written = renewed === null ? [...operations, counted] : [...operations, runsOperation(renewed), counted]
      try {
        await database.write(written, { sync: true })
      } catch (error) {
        state = { kind: 'suspect', database }
        throw storageError(error)
      }
      record = next
      runs = renewed ?? runs
      mark.note(record)
      return record.commit
    },
    async reclaim(range) {
      if (state.kind !== 'ready') return
      readers += 1
      try {
        await state.database.reclaim(range)
      } finally {
        readers -= 1
        if (readers === 0) idle?.()
      }
    },
    syncMark: () => mark.sync(),
    async close() {
      if (state.kind === 'closed') return
      if (state.kind === 'reopening') await Promise.allSettled([state.done])
      const inOrder = state.kind === 'ready'
      const database = state.kind === 'ready' || state.kind === 'suspect' ? state.database : null
      state = { kind: 'closed' }
      await noReaders()
      try {
        await database?.close()
      } finally {
        await mark.close(inOrder)
      }
    },
  }
}
