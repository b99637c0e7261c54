import { link, mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { UpdateLogError } from '../errors.ts'
import { codesOf } from './faults.ts'
import type { Folder } from './folder.ts'

/** Logs that this process has open: to another lock of the same process the system does not say no. */
const openHere = new Set<string>()

/** Keeps `withFolderLock` of this process away from a log that it has open. @returns a function that ends it */
export function noteOpen(log: string): () => void {
  const path = resolve(log)
  openHere.add(path)
  return () => void openHere.delete(path)
}

/**
 * Has the data folder for itself while `run` looks at or moves its files, without LevelDB opening them: a database of its own is opened
 * around the same lock file, beside the log.
 *
 * Nobody in this process may read the lock file meanwhile: on POSIX systems a process gives a lock up by closing any handle of that file.
 * @throws UpdateLogError `LOCKED`, `UNWRITABLE`
 */
export async function withFolderLock<T>(folder: Folder, run: () => Promise<T>): Promise<T> {
  const release = await lockFolder(folder)
  try {
    return await run()
  } finally {
    await release()
  }
}

async function lockFolder(folder: Folder): Promise<() => Promise<void>> {
  let probe: string | null = null
  if (openHere.has(resolve(folder.log))) throw locked(folder)
  try {
    await mkdir(folder.log, { recursive: true, mode: 0o700 })
    await makeLockFile(join(folder.log, 'LOCK'))
    probe = await mkdtemp(join(folder.directory, 'lock-'))
    await link(join(folder.log, 'LOCK'), join(probe, 'LOCK'))
    const level = new ClassicLevel(probe)
    await level.open()
    const path = probe
    await removeLeft(folder.directory, path)
    return async () => {
      await level.close()
      await rm(path, { recursive: true, force: true })
    }
  } catch (error) {
    if (probe !== null) await rm(probe, { recursive: true, force: true })
    if (codesOf(error).has('LEVEL_LOCKED')) {
      throw locked(folder, error)
    }
    throw new UpdateLogError('UNWRITABLE', `The data folder ${folder.directory} cannot be written.`, { cause: error })
  }
}

function locked({ directory }: Folder, cause?: unknown): UpdateLogError {
  return new UpdateLogError('LOCKED', `Another process has the data folder ${directory} open.`, { cause })
}

/** What somebody who had the lock before left when the process was killed. */
async function removeLeft(directory: string, own: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name)
    if (/^(lock|verify)-.{6}$/.test(name) && path !== own) await rm(path, { recursive: true, force: true })
  }
}

/** Only if it is not there: one that is there is not touched. */
async function makeLockFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.close()
  } catch (error) {
    if (!codesOf(error).has('EEXIST')) throw error
  }
}
