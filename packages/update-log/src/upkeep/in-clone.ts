import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Folder } from '../level/folder.ts'
import { cloneDatabase, readIfThere } from '../level/links.ts'

/** Runs on a second folder with the same files, beside the first; whoever calls has the lock. */
export async function inClone<T>(folder: Folder, run: (clone: Folder) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(folder.directory, 'verify-'))
  try {
    const clone: Folder = {
      directory,
      version: folder.version,
      log: join(directory, 'log'),
      mark: join(directory, 'mark'),
      quarantine: join(directory, 'quarantine'),
    }
    await cloneDatabase(folder.log, clone.log)
    const mark = await readIfThere(folder.mark)
    await mkdir(clone.log, { recursive: true })
    if (mark !== null) await writeFile(clone.mark, mark)
    return await run(clone)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
