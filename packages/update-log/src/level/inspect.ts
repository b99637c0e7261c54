import { copyFile, mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { namesIn } from '../blobs/folders.ts'
import { UpdateLogError } from '../errors.ts'
import { codesOf } from './faults.ts'
import { type Folder, logFiles } from './folder.ts'
import { findHole } from './log-records.ts'
import { liveTables } from './manifest.ts'
import { mendTable } from './table.ts'

/**
 * LevelDB believes its files. So they are read once before it opens them: its log always (it is small, and what LevelDB cannot read of it, it skips
 * without a word), its tables when they are few or when the last process did not end in order. What is damaged is copied to `quarantine`.
 * @returns one sentence for each damaged file
 * @throws UpdateLogError `UNREADABLE` when a table cannot be mended, or LevelDB would take what is there for nothing
 */
export async function inspectFiles(
  folder: Folder,
  endedInOrder: boolean,
  isLocked: () => Promise<boolean>,
): Promise<string[]> {
  await requireCurrent(folder)
  const found: string[] = []
  for (const name of await logFiles(folder.log)) {
    const bytes = await readIfThere(join(folder.log, name))
    const hole = bytes === null ? null : findHole(bytes)
    if (hole === null) continue
    await setAside(folder, name)
    found.push(`${name} is damaged at byte ${hole}; a copy is in ${folder.quarantine}`)
  }
  return [...found, ...(await inspectTables(folder, endedInOrder, isLocked))]
}

/** Where `CURRENT` is missing LevelDB begins anew, and deletes what else is there. */
async function requireCurrent(folder: Folder): Promise<void> {
  if ((await readIfThere(join(folder.log, 'CURRENT'))) !== null) return
  for (const name of await namesIn(folder.log)) {
    if (!/^\d+\.(ldb|sst|log)$/.test(name) || (await sizeOf(join(folder.log, name))) === 0) continue
    throw new UpdateLogError(
      'UNREADABLE',
      `The data folder ${folder.directory} cannot be opened: the file CURRENT in its log is missing.`,
    )
  }
}

/** So much is looked at whenever the folder is opened; it takes a tenth of a second. */
const FEW_BYTES = 64 << 20

async function inspectTables(
  folder: Folder,
  endedInOrder: boolean,
  isLocked: () => Promise<boolean>,
): Promise<string[]> {
  const names = await tablesOf(folder)
  const sizes = await Promise.all(names.map((name) => sizeOf(join(folder.log, name))))
  if (endedInOrder && sizes.reduce((sum, size) => sum + size, 0) > FEW_BYTES) return []
  const found: string[] = []
  for (const name of names) {
    const bytes = await readIfThere(join(folder.log, name))
    // LevelDB itself says which are missing.
    if (bytes === null) continue
    const mended = mendTable(bytes)
    if (mended.kind === 'whole') continue
    // It may only look so, because another process is at work on it.
    if (await isLocked()) return []
    await setAside(folder, name)
    if (mended.kind === 'hopeless') {
      throw new UpdateLogError(
        'UNREADABLE',
        `The data folder ${folder.directory} cannot be opened: the index of ${name} is damaged; a copy is in ${folder.quarantine}.`,
      )
    }
    await replace(join(folder.log, name), mended.bytes)
    found.push(`${mended.blocks} blocks of ${name} are damaged; a copy is in ${folder.quarantine}`)
  }
  return found
}

/** The tables that LevelDB will read; none when it will not get that far. */
async function tablesOf(folder: Folder): Promise<string[]> {
  const current = await readIfThere(join(folder.log, 'CURRENT'))
  if (current === null) return []
  const manifest = new TextDecoder().decode(current).trim()
  if (!/^MANIFEST-\d+$/.test(manifest)) return []
  const bytes = await readIfThere(join(folder.log, manifest))
  const numbers = bytes === null ? null : liveTables(bytes)
  return [...(numbers ?? [])].map((number) => `${String(number).padStart(6, '0')}.ldb`)
}

async function setAside(folder: Folder, name: string): Promise<void> {
  await mkdir(folder.quarantine, { recursive: true, mode: 0o700 })
  await copyFile(join(folder.log, name), join(folder.quarantine, name))
}

/** The whole file or the old one. */
async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

/** What another process has deleted meanwhile is not there. */
async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return null
    throw error
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return 0
    throw error
  }
}
