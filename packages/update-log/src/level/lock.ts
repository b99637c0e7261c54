import { link, mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { UpdateLogError } from '../errors.ts'
import { codesOf } from './faults.ts'
import type { Folder } from './folder.ts'

/**
 * Has the data folder for itself while `run` looks at or moves its files, without LevelDB opening them: a database of its own is opened
 * around the same lock file, beside the log.
 *
 * Nobody in this process may have the folder open meanwhile, and nobody may read the lock file: on POSIX systems a process gives a lock up
 * by closing any handle of that file.
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
      throw new UpdateLogError('LOCKED', `Another process has the data folder ${folder.directory} open.`, {
        cause: error,
      })
    }
    throw new UpdateLogError('UNWRITABLE', `The data folder ${folder.directory} cannot be written.`, { cause: error })
  }
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
