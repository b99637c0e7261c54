import { access, constants, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../blobs/folders.ts'
import { UpdateLogError } from '../errors.ts'
import { makeDurably } from './begun.ts'
import { codesOf, reasonOf } from './faults.ts'

/** What this code writes, and the newest that it reads. Older folders are brought here on opening, see upgrade.ts. */
export const FORMAT_VERSION = 2

/**
 * The data folder:
 *
 * ```
 * format       {"holdfast":"update-log","version":2}
 * log/         LevelDB
 * mark         the high-water mark, see mark.ts
 * ahead        what was shown and is not durable yet, see ../ahead
 * quarantine/  copies of what was found damaged
 * restoring/   what a restore or repair has not put in place yet, see swap.ts
 * ```
 */
export interface Folder {
  readonly directory: string
  /** The version that wrote it. */
  readonly version: number
  readonly log: string
  readonly mark: string
  readonly quarantine: string
}

/**
 * Makes the folder if need be and checks that it is ours to use.
 * @throws UpdateLogError `UNWRITABLE`, `NEWER_VERSION`, `UNREADABLE`
 */
export async function prepareFolder(directory: string): Promise<Folder> {
  const format = join(directory, 'format')
  let version = FORMAT_VERSION
  try {
    await makeDurably(directory)
    const text = await readIfThere(format)
    if (text === null) await writeVersion(directory, FORMAT_VERSION)
    else version = requireKnown(directory, text)
    // For the owner's eyes only, also in a folder that others may look into.
    await mkdir(join(directory, 'log'), { recursive: true, mode: 0o700 })
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    if (error instanceof UpdateLogError) throw error
    throw new UpdateLogError('UNWRITABLE', `The data folder ${directory} cannot be written: ${reasonOf(error)}`, {
      cause: error,
    })
  }
  return folderAt(directory, version)
}

function folderAt(directory: string, version: number): Folder {
  return {
    directory,
    version,
    log: join(directory, 'log'),
    mark: join(directory, 'mark'),
    quarantine: join(directory, 'quarantine'),
  }
}

/**
 * Looks at a folder that is there, and makes nothing.
 * @returns null when it is no data folder
 * @throws UpdateLogError `UNWRITABLE` (it cannot be looked into), `NEWER_VERSION`, `UNREADABLE`
 */
export async function findFolder(directory: string): Promise<Folder | null> {
  try {
    const text = await readIfThere(join(directory, 'format'))
    if (text !== null) return folderAt(directory, requireKnown(directory, text))
    // The file that says what it is may be what was lost.
    const names = await readdir(join(directory, 'log'))
    return names.includes('LOCK') || names.includes('CURRENT') ? folderAt(directory, FORMAT_VERSION) : null
  } catch (error) {
    if (error instanceof UpdateLogError) throw error
    if (codesOf(error).has('ENOENT') || codesOf(error).has('ENOTDIR')) return null
    throw new UpdateLogError('UNWRITABLE', `The data folder ${directory} cannot be read: ${reasonOf(error)}`, {
      cause: error,
    })
  }
}

/**
 * As `findFolder`, also when the file that says which version wrote it is damaged: then it is taken to be of this one, and `whatIsWrong` says so.
 * @throws UpdateLogError `UNWRITABLE`, `NEWER_VERSION`
 */
export async function findBrokenFolder(
  directory: string,
): Promise<{ readonly folder: Folder; readonly whatIsWrong: string | null } | null> {
  try {
    const folder = await findFolder(directory)
    if (folder === null) return null
    const isNamed = (await readIfThere(join(directory, 'format'))) !== null
    return { folder, whatIsWrong: isNamed ? null : 'the file "format" is missing' }
  } catch (error) {
    if (!(error instanceof UpdateLogError) || error.code !== 'UNREADABLE') throw error
    return { folder: folderAt(directory, FORMAT_VERSION), whatIsWrong: 'the file "format" is damaged' }
  }
}

/** The folder's version, on the disk when it resolves. */
export async function writeVersion(directory: string, version: number): Promise<void> {
  await writeSafely(join(directory, 'format'), `${JSON.stringify({ holdfast: 'update-log', version })}\n`)
}

/** See swap.ts. */
export const RESTORING = 'restoring'

function requireKnown(directory: string, text: string): number {
  const version = versionOf(text)
  if (version === null) {
    throw new UpdateLogError('UNREADABLE', `The file "format" in ${directory} does not say which version wrote it.`)
  }
  if (version > FORMAT_VERSION) {
    throw new UpdateLogError(
      'NEWER_VERSION',
      `The data folder ${directory} was written by a newer version (format ${version}, this one reads up to ${FORMAT_VERSION}).`,
    )
  }
  return version
}

function versionOf(text: string): number | null {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || !('version' in parsed)) return null
    return typeof parsed.version === 'number' && Number.isInteger(parsed.version) && parsed.version > 0
      ? parsed.version
      : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return null
    throw error
  }
}

/** The whole file or none of it, on the disk when it resolves. */
export async function writeSafely(path: string, text: string | Uint8Array): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

/** Besides what it makes of its logs, LevelDB writes a few small files when it opens. */
const SPARE_BYTES = 2 << 20

/**
 * Whether the disk has room for LevelDB to open again: it makes tables of its logs then. A handle that is closed in vain cannot be
 * read any more, so this is asked first, by writing that much.
 */
export async function hasRoom(folder: Folder): Promise<boolean> {
  const path = join(folder.directory, 'room')
  try {
    const sizes = await Promise.all(
      (await logFiles(folder.log)).map(async (name) => (await stat(join(folder.log, name))).size),
    )
    const bytes = sizes.reduce((sum, size) => sum + size, SPARE_BYTES)
    const file = await open(path, 'w', 0o600)
    try {
      const block = new Uint8Array(1 << 20)
      for (let written = 0; written < bytes; written += block.length) await file.write(block)
      await file.sync()
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    if (codesOf(error).size > 0) return false
    throw error
  } finally {
    await rm(path, { force: true })
  }
}

/** LevelDB's own logs, oldest first. */
export async function logFiles(database: string): Promise<string[]> {
  try {
    return (await readdir(database)).filter((name) => /^\d+\.log$/.test(name)).sort()
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return []
    throw error
  }
}
