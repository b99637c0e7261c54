import { copyFile, link, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codesOf } from './faults.ts'

/**
 * Makes a second folder with the same LevelDB files, while nobody writes to the first. Tables never change, so they are shared by hard links where
 * the file system has them; whatever LevelDB writes or deletes in one folder then stays out of the other.
 */
export async function cloneDatabase(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 })
  for (const name of await readdir(from)) {
    // Reading the lock file would give the lock up (lock.ts).
    if (name === 'LOCK' || name === 'LOG' || name === 'LOG.old') continue
    if (/\.(ldb|sst)$/.test(name)) await linkOrCopy(join(from, name), join(to, name))
    else if (/^(CURRENT|MANIFEST-\d+|\d+\.log)$/.test(name)) await copyFile(join(from, name), join(to, name))
  }
}

/** One file under another name too; its own copy where hard links are not to be had. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    const codes = codesOf(error)
    if (!['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK', 'ENOSYS', 'EACCES'].some((code) => codes.has(code))) throw error
    await copyFile(from, to)
  }
}

/** @returns null when there is no such file */
export async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return null
    throw error
  }
}
