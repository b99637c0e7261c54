import { mkdir, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { namesIn, syncFolder } from '../blobs/folders.ts'
import { randomId } from '../random.ts'
import type { Folder } from './folder.ts'

/** Makes a folder that a power cut does not take away again from under what is in it. */
export async function makeDurably(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let at = directory; at !== dirname(first); at = dirname(at)) await syncFolder(dirname(at))
}

/** The first commit takes less. */
const FIRST_BYTES = 4_096

/**
 * Whether a power cut left the folder while LevelDB made its files for the first time: it does not open such a folder. Only for one without a
 * mark: that is on the disk before anybody is told anything.
 */
export async function isBarelyBegun(folder: Folder): Promise<boolean> {
  let bytes = 0
  for (const name of await namesIn(folder.log)) {
    if (/\.(ldb|sst)$/.test(name)) return false
    if (name.endsWith('.log')) bytes += (await stat(join(folder.log, name))).size
  }
  return bytes <= FIRST_BYTES
}

/** Makes room for a log folder that is begun anew. */
export async function moveBegunAside(folder: Folder): Promise<void> {
  await mkdir(folder.quarantine, { recursive: true, mode: 0o700 })
  await rename(folder.log, join(folder.quarantine, `log-never-finished-${randomId()}`))
  await mkdir(folder.log, { mode: 0o700 })
}
