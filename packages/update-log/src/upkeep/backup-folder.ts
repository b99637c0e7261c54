import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { namesIn } from '../blobs/folders.ts'
import { UpdateLogError } from '../errors.ts'
import type { Entry } from '../level/database.ts'
import { codesOf, reasonOf } from '../level/faults.ts'
import { type Folder, writeSafely } from '../level/folder.ts'
import { readIfThere } from '../level/links.ts'
import { DamagedValue } from '../level/values.ts'
import { type BackedUpDocument, decodeManifest, type Extent, type Manifest } from './manifest.ts'
import { decodeEntries } from './segment.ts'

/**
 * A backup folder:
 *
 * ```
 * backup.json            {"holdfast":"backup","version":1}
 * manifests/000001.jsonl one per backup, see manifest.ts
 * segments/000001.seg    entries of the log, see segment.ts; shared by backups, never changed
 * blobs/                 as in a data folder
 * files/<sha256>         small files of the data folder
 * lock/                  who writes it has a lock here
 * ```
 */
const FORMAT_VERSION = 1

export function badBackup(what: string, cause?: unknown): UpdateLogError {
  return new UpdateLogError('BAD_BACKUP', what, { cause })
}

/** Makes a folder a backup folder, if it is empty or not there; or checks that it is one. */
export async function prepareBackup(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    if ((await readdir(directory)).length === 0) {
      await writeSafely(
        join(directory, 'backup.json'),
        `${JSON.stringify({ holdfast: 'backup', version: FORMAT_VERSION })}\n`,
      )
    }
  } catch (error) {
    throw new UpdateLogError('UNWRITABLE', `The backup folder ${directory} cannot be written: ${reasonOf(error)}`, {
      cause: error,
    })
  }
  await requireBackup(directory)
  for (const name of ['manifests', 'segments', 'files'])
    await mkdir(join(directory, name), { recursive: true, mode: 0o700 })
}

/** @throws UpdateLogError `NOT_FOUND`, `BAD_BACKUP`, `NEWER_VERSION` */
export async function requireBackup(directory: string): Promise<void> {
  let text: Uint8Array | null
  try {
    text = await readIfThere(join(directory, 'backup.json'))
    if (text === null) await stat(directory)
  } catch (error) {
    if (!(codesOf(error).has('ENOENT') || codesOf(error).has('ENOTDIR'))) throw error
    throw new UpdateLogError('NOT_FOUND', `There is no backup at ${directory}.`, { cause: error })
  }
  if (text === null) throw badBackup(`${directory} is not a backup folder: it has no backup.json.`)
  const version = versionOf(new TextDecoder().decode(text))
  if (version === null) throw badBackup(`The backup.json in ${directory} is damaged.`)
  if (version > FORMAT_VERSION) {
    throw new UpdateLogError('NEWER_VERSION', `The backup in ${directory} was written by a newer version.`)
  }
}

function versionOf(text: string): number | null {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || !('holdfast' in parsed) || !('version' in parsed)) return null
    return parsed.holdfast === 'backup' && typeof parsed.version === 'number' ? parsed.version : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** As a data folder, for its lock. */
export function lockedPart(directory: string): Folder {
  const log = join(directory, 'lock')
  return { directory, version: FORMAT_VERSION, log, mark: join(log, 'mark'), quarantine: join(log, 'quarantine') }
}

export function segmentPath(directory: string, number: number): string {
  return join(directory, 'segments', `${padded(number)}.seg`)
}

export function manifestPath(directory: string, number: number): string {
  return join(directory, 'manifests', `${padded(number)}.jsonl`)
}

function padded(number: number): string {
  return String(number).padStart(6, '0')
}

/** Numbers of the backups in a folder, oldest first. */
export async function backupNumbers(directory: string): Promise<number[]> {
  const names = await namesIn(join(directory, 'manifests'))
  return names.flatMap((name) => (/^\d+\.jsonl$/.test(name) ? [Number.parseInt(name, 10)] : [])).sort((a, b) => a - b)
}

/** @throws UpdateLogError `BAD_BACKUP`, `NEWER_VERSION` */
export async function readManifest(directory: string, number: number): Promise<Manifest> {
  const path = manifestPath(directory, number)
  const bytes = await readIfThere(path)
  if (bytes === null) throw badBackup(`There is no backup number ${number} in ${directory}.`)
  const read = decodeManifest(new TextDecoder().decode(bytes))
  if (read.kind === 'newer') throw new UpdateLogError('NEWER_VERSION', `${path} was written by a newer version.`)
  if (read.kind === 'damaged') throw badBackup(`The manifest ${path} is damaged.`)
  return read.manifest
}

/** The newest backup, or the one of that number. */
export async function chooseBackup(directory: string, number?: number): Promise<Manifest> {
  await requireBackup(directory)
  const chosen = number ?? (await backupNumbers(directory)).at(-1)
  if (chosen === undefined) throw badBackup(`There is no finished backup in ${directory}.`)
  return readManifest(directory, chosen)
}

/** SHA-256 and length of a file; null when it is not there. */
export async function sumOfFile(path: string): Promise<{ sha256: string; bytes: number } | null> {
  const sum = createHash('sha256')
  let bytes = 0
  try {
    for await (const part of createReadStream(path, { highWaterMark: 1 << 20 })) {
      if (!(part instanceof Uint8Array)) throw new TypeError('a stream of bytes gave something else')
      sum.update(part)
      bytes += part.length
    }
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return null
    throw error
  }
  return { sha256: sum.digest('hex'), bytes }
}

/** Reads from segments, a few of which it keeps open. */
export class SegmentReader {
  readonly #directory: string
  readonly #files = new Map<number, FileHandle>()

  constructor(directory: string) {
    this.#directory = directory
  }

  /** @throws UpdateLogError `BAD_BACKUP` */
  async bytes({ segment, offset, length }: Extent): Promise<Uint8Array> {
    const path = segmentPath(this.#directory, segment)
    let file = this.#files.get(segment)
    if (file === undefined) {
      try {
        file = await open(path, 'r')
      } catch (error) {
        throw badBackup(`The segment ${path} cannot be read.`, error)
      }
      if (this.#files.size >= 64) await this.close()
      this.#files.set(segment, file)
    }
    const bytes = new Uint8Array(length)
    for (let done = 0; done < length; ) {
      const { bytesRead } = await file.read(bytes, done, length - done, offset + done)
      if (bytesRead === 0) throw badBackup(`The segment ${path} is cut short.`)
      done += bytesRead
    }
    return bytes
  }

  /** A document's names, head, summary and records. */
  async document({ state, about, records }: BackedUpDocument): Promise<{ about: Entry[]; records: Entry[] }> {
    try {
      const read = async (extents: readonly Extent[]): Promise<Entry[]> => {
        const parts: Entry[][] = []
        for (const extent of extents) parts.push(decodeEntries(await this.bytes(extent)))
        return parts.flat()
      }
      return { about: await read([about]), records: await read(records) }
    } catch (error) {
      if (!(error instanceof DamagedValue)) throw error
      throw badBackup(
        `The document ${state.space}/${state.document} is damaged in the backup: ${error.message}.`,
        error,
      )
    }
  }

  async close(): Promise<void> {
    const files = [...this.#files.values()]
    this.#files.clear()
    for (const file of files) await file.close()
  }
}
