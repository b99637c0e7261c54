import { isLockedElsewhere } from '../level/database.ts'
import { FORMAT_VERSION, findFolder } from '../level/folder.ts'

/** What can be told of a data folder without opening it. */
export interface FolderLook {
  readonly version: number
  /** What this program writes; a folder of an older version is brought to it when it is opened. */
  readonly newest: number
  readonly inUse: boolean
}

/**
 * @returns null when there is no data folder
 * @throws UpdateLogError `UNWRITABLE`, `NEWER_VERSION`, `UNREADABLE`
 */
export async function lookAtFolder(directory: string): Promise<FolderLook | null> {
  const folder = await findFolder(directory)
  if (folder === null) return null
  return { version: folder.version, newest: FORMAT_VERSION, inUse: await isLockedElsewhere(folder.log) }
}
