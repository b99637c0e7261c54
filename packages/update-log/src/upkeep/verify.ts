import { join } from 'node:path'
import { openDiskBlobs } from '../blobs/disk.ts'
import type { BlobStore } from '../blobs/port.ts'
import { openClassicLevel } from '../level/database.ts'
import { type Folder, findBrokenFolder, findFolder } from '../level/folder.ts'
import { inspectFiles } from '../level/inspect.ts'
import { withFolderLock } from '../level/lock.ts'
import { peekMark } from '../level/mark.ts'
import { openStorage } from '../level/storage.ts'
import type { LevelLog } from '../level.ts'
import { randomId } from '../random.ts'
import { type CheckedBlobs, checkBlobs } from './check-blobs.ts'
import { type CheckedDocuments, checkDocuments } from './check-documents.ts'
import { type CheckedFiles, checkFiles, isAbout } from './check-files.ts'
import { inClone } from './in-clone.ts'
import { notAFolder } from './not-a-folder.ts'
import type { Problem, UpkeepOptions } from './problems.ts'
import { createWholenessCheck } from './wholeness-check.ts'

export interface Verified {
  readonly problems: readonly Problem[]
  readonly files: CheckedFiles
  /** Null when the storage cannot be opened at all. */
  readonly documents: CheckedDocuments | null
  readonly blobs: CheckedBlobs
}

/**
 * Checks a data folder that nobody has open: every checksum, number, count and document, the high-water mark, and every blob. Nothing in it is
 * changed: what LevelDB does when it opens, it does in a clone of the folder beside it, which is removed again.
 * @throws UpdateLogError `NOT_FOUND`, `LOCKED`, `UNWRITABLE`, `NEWER_VERSION`
 */
export async function verifyFolder(directory: string, options: UpkeepOptions = {}): Promise<Verified> {
  const found = await findBrokenFolder(directory)
  if (found === null) throw notAFolder(directory)
  return withFolderLock(found.folder, () => verifyLocked(found.folder, found.whatIsWrong, options))
}

/** As `verifyFolder`, by whoever has the folder's lock. */
export async function verifyLocked(
  folder: Folder,
  whatIsWrong: string | null,
  options: UpkeepOptions,
): Promise<Verified> {
  const problems: Problem[] = whatIsWrong === null ? [] : [{ part: 'file', what: whatIsWrong }]
  const onProblem = (problem: Problem): void => void problems.push(problem)
  const files = await checkFiles(folder, false, onProblem, options)
  const documents = await inClone(folder, (clone) => verifyClone(clone, onProblem, options))
  const blobs = await openDiskBlobs(join(folder.directory, 'blobs'))
  try {
    return {
      problems,
      files,
      documents,
      blobs: await checkBlobs(blobs, join(folder.directory, 'blobs'), onProblem, options),
    }
  } finally {
    await blobs.close()
  }
}

/** Checks what a log that is open holds, as of now, while it goes on. Its tables are looked at, its own log of writes is not. */
export async function verifyLog(log: LevelLog, blobs: BlobStore, options: UpkeepOptions = {}): Promise<Verified> {
  const problems: Problem[] = []
  const onProblem = (problem: Problem): void => void problems.push(problem)
  const folder = await findFolder(log.directory)
  const files = folder === null ? { files: 0, bytes: 0 } : await checkFiles(folder, true, onProblem, options)
  const check = createWholenessCheck()
  try {
    const documents = await log.snapshot((view, isWanted) =>
      checkDocuments(view, { ...options, check, onProblem, isWanted }),
    )
    return {
      problems,
      files,
      documents,
      blobs: await checkBlobs(blobs, join(log.directory, 'blobs'), onProblem, options),
    }
  } finally {
    await check.close()
  }
}

async function verifyClone(
  clone: Folder,
  onProblem: (problem: Problem) => void,
  options: UpkeepOptions,
): Promise<CheckedDocuments | null> {
  let found = 0
  const tell = (problem: Problem): void => {
    found += 1
    onProblem(problem)
  }
  try {
    // What is damaged was told of already; in the clone it is taken out, because LevelDB can end the process over it.
    await inspectFiles(clone, false, async () => false)
    const { database, renewed } = await openStorage(clone, openClassicLevel, () => peekMark(clone.mark), randomId)
    const check = createWholenessCheck()
    const view = database.view()
    try {
      // Damaged files were named before.
      if (renewed !== null && renewed.reason !== 'log-damaged') tell({ part: 'history', what: renewed.detail })
      const checked = await checkDocuments(view, { ...options, check, onProblem: tell })
      if (renewed?.reason === 'log-damaged' && found === 0) tell({ part: 'history', what: 'writes are missing' })
      return checked
    } finally {
      await view.close()
      await database.close()
      await check.close()
    }
  } catch (error) {
    if (!isAbout(error)) throw error
    const reason = error.message
      .replace(/^The data folder .* cannot be opened: |\.$/g, '')
      .replace(/; a copy is in .*$/, '')
    tell({ part: 'file', what: `LevelDB cannot open it: ${reason}` })
    return null
  }
}
