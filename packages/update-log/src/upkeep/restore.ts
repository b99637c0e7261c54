import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openDiskBlobs } from '../blobs/disk.ts'
import { isThere, namesIn, syncFolder } from '../blobs/folders.ts'
import { isUpdateLogError, UpdateLogError } from '../errors.ts'
import { type Operation, openClassicLevel } from '../level/database.ts'
import { reasonOf } from '../level/faults.ts'
import { FORMAT_VERSION, findFolder, writeSafely, writeVersion } from '../level/folder.ts'
import { COMMIT_KEY, feedKey, headKey } from '../level/keys.ts'
import { readIfThere } from '../level/links.ts'
import { withFolderLock } from '../level/lock.ts'
import { OPENINGS_LEAP, runsOperation } from '../level/runs.ts'
import { finishSwap, type Move, makeStaging, stagingOf, swapIn } from '../level/swap.ts'
import { decodeHead, encodeCommit, encodeFeedPlace } from '../level/values.ts'
import { randomId } from '../random.ts'
import { badBackup, chooseBackup, SegmentReader } from './backup-folder.ts'
import type { Manifest } from './manifest.ts'
import type { Problem, UpkeepOptions } from './problems.ts'
import { writeMark } from './repair.ts'
import { documentOf, verifyManifest } from './verify-backup.ts'

export interface RestoreOptions extends UpkeepOptions {
  /** The backup folder. */
  readonly from: string
  /** The data folder: empty, or not there; or another one that is moved aside, with `replace`. */
  readonly to: string
  /** The backup of that number; the newest unless given. */
  readonly number?: number
  readonly replace: boolean
  /** Names what is moved aside, such as a time: characters of file names. */
  readonly stamp: string
  /** Files of lines that are only ever added to: what the folder that is replaced has more of them than the backup stays. */
  readonly lineFiles: readonly string[]
  /** Draws the new incarnation. */
  readonly randomId?: () => string
}

export interface Restored {
  readonly number: number
  readonly time: string
  readonly documents: number
  readonly blobs: number
  /** The history's new id: clients notice, and bring what the backup lacks (W11). */
  readonly incarnation: string
  /** Where the folder's old content is, or null. */
  readonly aside: string | null
  /** Small files that were put back, by name. */
  readonly files: readonly string[]
}

/** What was shown of the history before is not of this one. */
const PARTS = ['log', 'mark', 'format', 'blobs', 'ahead'] as const

/**
 * Puts a backup into a data folder. All of it is checked and made beside what is there; then it takes its place in one step that whoever comes
 * next finishes if it is interrupted. The history gets a new incarnation.
 * @throws UpdateLogError `NOT_FOUND` (no backup), `BAD_BACKUP` (the message says which part), `NOT_EMPTY`, `LOCKED`, `UNWRITABLE`,
 * `NEWER_VERSION`, `STORAGE_*`; nothing has been restored then
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { from, to, replace } = options
  const manifest = await chooseBackup(from, options.number)
  if (manifest.point.folder > FORMAT_VERSION) {
    throw new UpdateLogError('NEWER_VERSION', `The backup in ${from} is of a data folder of a newer version.`)
  }
  await finishSwap(to)
  await requirePlace(to, replace)
  await requireWhole(from, manifest, options)
  const isNew = !(await isThere(to))
  const hadLog = await isThere(join(to, 'log'))
  try {
    await mkdir(to, { recursive: true, mode: 0o700 })
    const folder = {
      directory: to,
      version: manifest.point.folder,
      log: join(to, 'log'),
      mark: join(to, 'mark'),
      quarantine: join(to, 'quarantine'),
    }
    return await withFolderLock(folder, () => restoreLocked(manifest, hadLog, options))
  } catch (error) {
    // Made for the lock.
    if (!hadLog) await rm(isNew ? to : join(to, 'log'), { recursive: true, force: true })
    throw error
  }
}

/** What a fresh file system has of its own, and what an interrupted restore left. */
const NOTHING = new Set(['lost+found', 'restoring'])

async function requirePlace(to: string, replace: boolean): Promise<void> {
  if (!(await isThere(to))) return
  let names: string[]
  try {
    names = await readdir(to)
  } catch (error) {
    throw new UpdateLogError('UNWRITABLE', `${to} cannot be written: ${reasonOf(error)}`, { cause: error })
  }
  if (names.every((name) => NOTHING.has(name) || /^(lock|verify)-.{6}$/.test(name))) return
  if (!replace) throw new UpdateLogError('NOT_EMPTY', `${to} is not empty.`)
  if (!(await isDataFolder(to))) throw new UpdateLogError('NOT_EMPTY', `${to} is not empty, and no data folder.`)
}

/** One that cannot be read any more is one too. */
async function isDataFolder(to: string): Promise<boolean> {
  try {
    return (await findFolder(to)) !== null
  } catch (error) {
    if (isUpdateLogError(error, 'UNREADABLE') || isUpdateLogError(error, 'NEWER_VERSION')) return true
    throw error
  }
}

async function requireWhole(from: string, manifest: Manifest, options: RestoreOptions): Promise<void> {
  const problems: Problem[] = []
  await verifyManifest(from, manifest, null, options, (problem) => problems.push(problem))
  const [first] = problems
  if (first === undefined) return
  const more = problems.length === 1 ? '' : `, and ${problems.length - 1} more`
  throw badBackup(`Backup ${manifest.number} in ${from} is damaged: ${inWords(first)}${more}.`)
}

function inWords({ space, document, blob, what }: Problem): string {
  if (document !== undefined) return `document ${space}/${document}: ${what}`
  return blob === undefined ? what : `blob ${space}/${blob}: ${what}`
}

async function restoreLocked(manifest: Manifest, hadLog: boolean, options: RestoreOptions): Promise<Restored> {
  const { to, randomId: draw = randomId, signal } = options
  const staging = await makeStaging(to)
  try {
    const incarnation = draw()
    await restoreLog(staging, manifest, incarnation, options)
    await writeMark(join(staging, 'mark'), { commit: manifest.point.commit + 1, incarnation })
    await writeVersion(staging, manifest.point.folder)
    await restoreBlobs(staging, manifest, options)
    const files = await restoreFiles(staging, manifest, options)
    await syncFolder(staging)
    signal?.throwIfAborted()
    const aside = `before-restore-${options.stamp}`
    const moves = [...PARTS, ...files].flatMap((name): Move[] => [
      { from: name, to: join(aside, name) },
      { from: join('restoring', name), to: name },
    ])
    await swapIn(to, moves)
    // Without one there is nothing in it but the lock's file.
    if (!hadLog) await rm(join(to, aside, 'log'), { recursive: true, force: true })
    const wasThere = (await namesIn(join(to, aside))).length > 0
    if (!wasThere) await rm(join(to, aside), { recursive: true, force: true })
    const { number, time, documents, blobs } = manifest
    return {
      number,
      time,
      documents: documents.length,
      blobs: blobs.length,
      incarnation,
      aside: wasThere ? join(to, aside) : null,
      files,
    }
  } finally {
    await rm(stagingOf(to), { recursive: true, force: true })
  }
}

const BATCH_BYTES = 4 << 20

async function restoreLog(
  staging: string,
  manifest: Manifest,
  incarnation: string,
  options: RestoreOptions,
): Promise<void> {
  const { onProgress, signal } = options
  const database = await openClassicLevel(join(staging, 'log'))
  const reader = new SegmentReader(options.from)
  try {
    let operations: Operation[] = []
    let bytes = 0
    let highest = 0
    for (const [i, document] of manifest.documents.entries()) {
      signal?.throwIfAborted()
      const { state } = document
      const { entries, what } = await documentOf(reader, document, null)
      if (what !== null) throw badBackup(`Document ${state.space}/${state.document} is damaged in the backup: ${what}.`)
      for (const { key, value } of entries) {
        operations.push({ type: 'put', key, value })
        bytes += value.length
      }
      operations.push(feedPlaceOf(state.space, state.document, state.number, entries))
      highest = Math.max(highest, state.number)
      if (bytes >= BATCH_BYTES) {
        await database.write(operations, { sync: false })
        operations = []
        bytes = 0
      }
      onProgress?.({ step: 'restoring documents', done: i + 1, total: manifest.documents.length })
    }
    const commit = manifest.point.commit + 1
    const record = { commit, nextDocument: highest + 1, incarnation }
    await database.write(
      [
        ...operations,
        runsOperation({ incarnation, openings: manifest.point.openings + OPENINGS_LEAP, list: [] }),
        { type: 'put', key: COMMIT_KEY, value: encodeCommit(COMMIT_KEY, record) },
      ],
      { sync: true },
    )
  } finally {
    await reader.close()
    await database.close()
  }
}

function feedPlaceOf(
  space: string,
  document: string,
  number: number,
  entries: readonly { key: Uint8Array; value: Uint8Array }[],
): Operation {
  const place = headKey(number)
  const head = entries.find(({ key }) => Buffer.compare(key, place) === 0)
  if (head === undefined) throw badBackup(`Document ${space}/${document} has no head in the backup.`)
  const key = feedKey(space, decodeHead(place, head.value).feed)
  return { type: 'put', key, value: encodeFeedPlace(key, { number, document }) }
}

async function restoreBlobs(staging: string, manifest: Manifest, options: RestoreOptions): Promise<void> {
  const { onProgress, signal } = options
  const source = await openDiskBlobs(join(options.from, 'blobs'))
  const target = await openDiskBlobs(join(staging, 'blobs'))
  try {
    for (const [i, { space, hash, bytes, type }] of manifest.blobs.entries()) {
      signal?.throwIfAborted()
      const found = await source.read({ space, hash })
      if (found === null) throw badBackup(`The blob ${hash} of ${space} is missing in the backup.`)
      await target.put({ space, hash }, type, found.content, bytes)
      onProgress?.({ step: 'restoring blobs', done: i + 1, total: manifest.blobs.length })
    }
    for (const { space, document, hashes } of manifest.references) await target.refer({ space, document }, hashes)
  } finally {
    await source.close()
    await target.close()
  }
}

async function restoreFiles(staging: string, manifest: Manifest, options: RestoreOptions): Promise<string[]> {
  const names: string[] = []
  for (const { name, sha256 } of manifest.files) {
    const bytes = await readIfThere(join(options.from, 'files', sha256))
    if (bytes === null || name.includes('/') || name.startsWith('.')) throw badBackup(`The file "${name}" is missing.`)
    const current = options.lineFiles.includes(name) ? await readIfThere(join(options.to, name)) : null
    await writeSafely(join(staging, name), current === null ? bytes : withLines(bytes, current))
    names.push(name)
  }
  return names
}

/** What was added since the backup stays: a token that was revoked meanwhile is not to work again. */
function withLines(backup: Uint8Array, current: Uint8Array): string {
  const lines = [backup, current].flatMap((bytes) => new TextDecoder().decode(bytes).split('\n'))
  return [...new Set(lines.filter((line) => line !== ''))].map((line) => `${line}\n`).join('')
}
