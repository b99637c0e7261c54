import { createHash, randomUUID } from 'node:crypto'
import { copyFile, mkdir, open, readdir, stat } from 'node:fs/promises'
import { platform } from 'node:os'
import { dirname, join } from 'node:path'
import { codesOf, named } from '../level/faults.ts'

/** Names of spaces are no file names: some file systems do not tell `a` from `A`. */
export function folderOf(directory: string, space: string): string {
  return join(directory, createHash('sha256').update(space).digest('hex').slice(0, 32))
}

/** Failures of the disk get their names; mistakes of ours stay what they are. */
export async function storage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isStorage(error) ? named(error) : error
  }
}

/** A sender that goes away in the middle is no failure of the disk. */
function isStorage(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall !== 'read' && !codesOf(error).has('ECONNRESET')
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return false
    throw error
  }
}

/** Makes a folder and waits until each part of its path is on the disk. */
export async function makeFolder(root: string, folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (made === undefined) return
  for (let at = dirname(folder); at.startsWith(root); at = dirname(at)) await syncFolder(at)
}

export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders, and does not need it.
  if (platform() === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return []
    throw error
  }
}

/** Copies a file that is damaged to where somebody can look at it. */
export async function copyAside(path: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  await copyFile(path, `${to}-${randomUUID()}`)
}
