import { join } from 'node:path'
import { openDiskBlobs } from '../blobs/disk.ts'
import type { BlobStore } from '../blobs/port.ts'
import { UpdateLogError } from '../errors.ts'
import { openClassicLevel, type View } from '../level/database.ts'
import { type Folder, findFolder } from '../level/folder.ts'
import { inspectFiles } from '../level/inspect.ts'
import { readIfThere } from '../level/links.ts'
import { withFolderLock } from '../level/lock.ts'
import { peekMark } from '../level/mark.ts'
import { openStorage } from '../level/storage.ts'
import { finishSwap } from '../level/swap.ts'
import { randomId } from '../random.ts'
import type { BackupSource } from './backup.ts'
import { backupItems } from './backup-items.ts'
import { inClone } from './in-clone.ts'
import { notAFolder } from './not-a-folder.ts'

export interface OpenFolder {
  readonly folder: Folder
  /** Everything in the log, at one moment. */
  readonly view: View
  readonly blobs: BlobStore
}

/**
 * Reads a data folder that nobody has open, and changes nothing in it: LevelDB opens a clone of its files.
 * @throws UpdateLogError `NOT_FOUND`, `LOCKED`, `UNWRITABLE`, `NEWER_VERSION`, `UNREADABLE`; `DAMAGED` when the log is not as it was left
 */
export async function withFolder<T>(directory: string, run: (open: OpenFolder) => Promise<T>): Promise<T> {
  await finishSwap(directory)
  const folder = await findFolder(directory)
  if (folder === null) throw notAFolder(directory)
  return withFolderLock(folder, () =>
    inClone(folder, async (clone) => {
      const damaged = await inspectFiles(clone, false, async () => false)
      const [first] = damaged
      if (first !== undefined) throw damagedLog(directory, first.replace(/; a copy is in .*$/, ''))
      const { database, renewed } = await openStorage(clone, openClassicLevel, () => peekMark(clone.mark), randomId)
      const view = database.view()
      const blobs = await openDiskBlobs(join(directory, 'blobs'))
      try {
        if (renewed !== null) throw damagedLog(directory, renewed.detail)
        return await run({ folder, view, blobs })
      } finally {
        await blobs.close()
        await view.close()
        await database.close()
      }
    }),
  )
}

function damagedLog(directory: string, what: string): UpdateLogError {
  return new UpdateLogError('DAMAGED', `The log in ${directory} is not as it was left: ${what}.`)
}

/** A folder that `withFolder` has open, to be backed up. */
export function folderSource({ folder, view, blobs }: OpenFolder, names: readonly string[]): BackupSource {
  return {
    items: (base) =>
      backupItems(view, folder.version, base, { store: blobs, directory: join(folder.directory, 'blobs') }),
    blob: async (ref) => (await blobs.read(ref))?.content ?? null,
    files: () => smallFiles(folder.directory, names),
  }
}

/** Those of the named files that are there. */
export async function smallFiles(
  directory: string,
  names: readonly string[],
): Promise<{ name: string; bytes: Uint8Array }[]> {
  const files: { name: string; bytes: Uint8Array }[] = []
  for (const name of names) {
    const bytes = await readIfThere(join(directory, name))
    if (bytes !== null) files.push({ name, bytes })
  }
  return files
}
