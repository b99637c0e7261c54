import { syncFolder } from '../blobs/folders.ts'
import { isUpdateLogError, UpdateLogError } from '../errors.ts'
import type { OpenedInfo, RenewReason } from '../types.ts'
import { isBarelyBegun, moveBegunAside } from './begun.ts'
import { crc32 } from './crc32.ts'
import { type Database, isLockedElsewhere, type OpenDatabase, type View } from './database.ts'
import { codesOf, isCorruption, reasonOf, storageError } from './faults.ts'
import type { Folder } from './folder.ts'
import { inspectFiles } from './inspect.ts'
import { COMMIT_KEY, HEAD_RANGE, lastNumber } from './keys.ts'
import { type FoundMark, peekMark } from './mark.ts'
import { type CommitRecord, DamagedValue, decodeCommit, encodeCommit } from './values.ts'

export interface OpenedStorage {
  readonly database: Database
  readonly record: CommitRecord
  readonly created: boolean
  readonly renewed: OpenedInfo['renewed']
}

interface Found {
  /** Null when there is none that can be read. */
  readonly record: CommitRecord | null
  readonly damaged: boolean
  /** The highest number of a document, 0 when there is none, null when it cannot be read. */
  readonly lastDocument: number | null
}

/**
 * Opens LevelDB and finds out whether it still has all that was durable. If not, or if nobody can tell, the history gets a new
 * incarnation, on the disk before this resolves (U12).
 * @param mark read after LevelDB has its lock, so that it is not another process's
 * @throws UpdateLogError `LOCKED`, `UNWRITABLE`, `UNREADABLE`, `STORAGE_*`
 */
export async function openStorage(
  folder: Folder,
  openDatabase: OpenDatabase,
  mark: () => Promise<FoundMark>,
  draw: () => string,
): Promise<OpenedStorage> {
  const before = await peekMark(folder.mark)
  const endedInOrder = before.kind === 'found' && before.mark.closed
  const holes = await inspectFiles(folder, endedInOrder, () => isLockedElsewhere(folder.log))
  const database = await openOrBegin(folder, openDatabase, before)
  try {
    // LevelDB names its new list of files without waiting until the name is on the disk.
    await syncFolder(folder.log)
    const found = await look(database)
    const marked = await mark()
    const verdict = judge(found, marked, holes)
    if (verdict === null && found.record !== null) {
      return { database, record: found.record, created: false, renewed: null }
    }
    const incarnation = draw()
    const record: CommitRecord = {
      // Never below what was told to anyone.
      commit: Math.max(found.record?.commit ?? 0, marked.kind === 'found' ? marked.mark.commit : 0) + 1,
      nextDocument: nextDocument(found, incarnation),
      incarnation,
    }
    await database.write([{ type: 'put', key: COMMIT_KEY, value: encodeCommit(COMMIT_KEY, record) }], { sync: true })
    return { database, record, created: verdict === null, renewed: verdict }
  } catch (error) {
    await database.close()
    if (!isCorruption(error)) throw storageError(error)
    throw unreadable(folder, error)
  }
}

/** Numbers above this are begun with when nobody can tell which are taken: a place of its own for each incarnation. */
const FAR = 2 ** 40

function nextDocument({ record, lastDocument }: Found, incarnation: string): number {
  if (record !== null) return Math.max(record.nextDocument, (lastDocument ?? 0) + 1)
  if (lastDocument !== null) return lastDocument + 1
  return FAR + crc32(new TextEncoder().encode(incarnation)) * 256
}

/** What was never finished is made anew: nobody was told anything of it. */
async function openOrBegin(folder: Folder, openDatabase: OpenDatabase, before: FoundMark): Promise<Database> {
  try {
    return await openNamed(folder, openDatabase)
  } catch (error) {
    const isUnreadable = isUpdateLogError(error, 'UNREADABLE')
    if (!isUnreadable || before.kind !== 'missing' || !(await isBarelyBegun(folder))) throw error
    await moveBegunAside(folder)
    return openNamed(folder, openDatabase)
  }
}

async function openNamed(folder: Folder, openDatabase: OpenDatabase): Promise<Database> {
  try {
    return await openDatabase(folder.log)
  } catch (error) {
    const codes = codesOf(error)
    const reason = reasonOf(error)
    if (codes.has('LEVEL_LOCKED')) {
      throw new UpdateLogError('LOCKED', `Another process has the data folder ${folder.directory} open.`, {
        cause: error,
      })
    }
    if (/permission denied|read-only|not permitted|access is denied/i.test(reason)) {
      throw new UpdateLogError('UNWRITABLE', `The data folder ${folder.directory} cannot be written: ${reason}`, {
        cause: error,
      })
    }
    const named = storageError(error)
    if (named.code === 'STORAGE_FULL') throw named
    throw unreadable(folder, error)
  }
}

function unreadable(folder: Folder, error: unknown): UpdateLogError {
  const reason = reasonOf(error)
  return new UpdateLogError('UNREADABLE', `The data folder ${folder.directory} cannot be opened: ${reason}`, {
    cause: error,
  })
}

async function look(database: Database): Promise<Found> {
  const view = database.view()
  try {
    const lastDocument = await readLastDocument(view)
    try {
      const value = await view.get(COMMIT_KEY)
      if (value === undefined) return { record: null, damaged: lastDocument !== 0, lastDocument }
      return { record: decodeCommit(COMMIT_KEY, value), damaged: false, lastDocument }
    } catch (error) {
      if (!(error instanceof DamagedValue || isCorruption(error))) throw error
      return { record: null, damaged: true, lastDocument }
    }
  } finally {
    await view.close()
  }
}

async function readLastDocument(view: View): Promise<number | null> {
  try {
    const [last] = await view.range(HEAD_RANGE, { limit: 1, reverse: true })
    return last === undefined ? 0 : lastNumber(last.key)
  } catch (error) {
    if (isCorruption(error)) return null
    throw error
  }
}

function judge(found: Found, marked: FoundMark, holes: readonly string[]): OpenedInfo['renewed'] {
  if (holes.length > 0) return because('log-damaged', holes.join('; '))
  if (found.damaged) return because('log-damaged', 'the commit counter is damaged')
  if (marked.kind === 'damaged') return because('mark-damaged', 'the high-water mark fails its checksum')
  if (found.record === null) {
    if (marked.kind === 'missing') return null
    return because('tail-lost', `the log is empty, the mark says commit ${marked.mark.commit}`)
  }
  if (marked.kind === 'missing') return because('mark-missing', 'the high-water mark is not there')
  const { commit, incarnation } = found.record
  if (marked.mark.incarnation !== incarnation) {
    return because('mark-foreign', `the mark is of incarnation ${marked.mark.incarnation}, the log of ${incarnation}`)
  }
  if (marked.mark.commit > commit) {
    return because('tail-lost', `the log ends at commit ${commit}, the mark says ${marked.mark.commit}`)
  }
  return null
}

function because(reason: RenewReason, detail: string): OpenedInfo['renewed'] {
  return { reason, detail }
}
