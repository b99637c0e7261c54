import { createHash } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openDiskBlobs } from '../blobs/disk.ts'
import { isThere, namesIn, syncFolder } from '../blobs/folders.ts'
import type { BlobRef, BlobStore } from '../blobs/port.ts'
import { isUpdateLogError, UpdateLogError } from '../errors.ts'
import { writeSafely } from '../level/folder.ts'
import { withFolderLock } from '../level/lock.ts'
import {
  backupNumbers,
  badBackup,
  lockedPart,
  manifestPath,
  prepareBackup,
  readManifest,
  SegmentReader,
  segmentPath,
} from './backup-folder.ts'
import type { BackupBase, BackupItem } from './backup-items.ts'
import { foldSegments } from './fold.ts'
import {
  type BackedUpBlob,
  type BackedUpDocument,
  type BackedUpFile,
  encodeManifest,
  type Manifest,
} from './manifest.ts'
import type { UpkeepOptions } from './problems.ts'
import { encodeEntries } from './segment.ts'
import { SegmentWriter } from './segment-writer.ts'

/** What is backed up. */
export interface BackupSource {
  /** Tells what the base has not. */
  items(base: BackupBase | null): AsyncIterable<BackupItem>
  /** The content of a blob; null when it is gone meanwhile. */
  blob(ref: BlobRef): Promise<AsyncIterable<Uint8Array> | null>
  /** Small files of the data folder that belong into a backup. */
  files(): Promise<readonly { readonly name: string; readonly bytes: Uint8Array }[]>
}

export interface BackupOptions extends UpkeepOptions {
  /** The backup folder: of backups before, or empty, or not there. */
  readonly to: string
  /** How many backups are kept in it, this one included; 1 or more. */
  readonly keep: number
  /** Now, in ISO 8601. */
  readonly time: string
}

export interface BackedUp {
  readonly number: number
  /** The backup that it builds on, or null when it is a full one. */
  readonly base: number | null
  readonly documents: number
  /** Documents and bytes of the log that were written anew. */
  readonly newDocuments: number
  readonly newBytes: number
  readonly blobs: number
  readonly newBlobs: number
  readonly newBlobBytes: number
  readonly damaged: Manifest['damaged']
  /** Blobs that could not be read, by space and hash; what a backup before had of them is kept. */
  readonly missingBlobs: readonly BlobRef[]
  /** Numbers of backups that were removed because there are enough newer ones. */
  readonly removed: readonly number[]
}

/**
 * Makes a backup: what is new is written into segments of its own, read again, and then a manifest names all that belongs to it. Until that is on
 * the disk the backup is not there, and the ones before are untouched.
 * @throws UpdateLogError `UNWRITABLE`, `BAD_BACKUP` (the folder is something else), `NEWER_VERSION`, `LOCKED`, `STORAGE_*`; what the
 * source throws
 */
export async function makeBackup(source: BackupSource, options: BackupOptions): Promise<BackedUp> {
  await prepareBackup(options.to)
  return withFolderLock(lockedPart(options.to), () => makeLocked(source, options))
}

async function makeLocked(source: BackupSource, options: BackupOptions): Promise<BackedUp> {
  const { to, keep, time, signal } = options
  await removeParts(to)
  const numbers = await backupNumbers(to)
  const before = await lastGood(to, numbers)
  const number = (numbers.at(-1) ?? 0) + 1
  const writer = new SegmentWriter(to, (await highestSegment(to)) + 1)
  const reader = new SegmentReader(to)
  const store = await openDiskBlobs(join(to, 'blobs'))
  try {
    const taken = await take(source, before, writer, options)
    await foldSegments(taken.documents, before?.segments ?? [], reader, writer)
    const written = await writer.finish()
    const blobs = await copyBlobs(source, store, taken.blobs, options)
    const files = await copyFiles(source, to)
    signal?.throwIfAborted()
    const used = new Set(taken.documents.flatMap(({ about, records }) => [about, ...records].map((e) => e.segment)))
    const manifest: Manifest = {
      number,
      time,
      point: taken.point,
      base: taken.isFull ? null : (before?.number ?? null),
      segments: [...(before?.segments ?? []), ...written].filter((segment) => used.has(segment.number)),
      documents: taken.documents,
      damaged: taken.damaged,
      blobs: blobs.kept,
      references: taken.references,
      files,
    }
    await writeSafely(manifestPath(to, number), encodeManifest(manifest))
    await syncFolder(join(to, 'manifests'))
    const removed = await prune(to, [...numbers, number], keep, store)
    return {
      number,
      base: manifest.base,
      documents: taken.documents.length,
      newDocuments: taken.newDocuments,
      newBytes: writer.total,
      blobs: blobs.kept.length,
      newBlobs: blobs.newBlobs,
      newBlobBytes: blobs.newBytes,
      damaged: taken.damaged,
      missingBlobs: [...taken.damagedBlobs, ...blobs.missing],
      removed,
    }
  } catch (error) {
    if (!(await isThere(manifestPath(to, number)))) await writer.discard()
    throw error
  } finally {
    await reader.close()
    await store.close()
  }
}

interface Taken {
  readonly point: Manifest['point']
  readonly isFull: boolean
  documents: BackedUpDocument[]
  newDocuments: number
  readonly damaged: { space: string; document: string; what: string }[]
  readonly blobs: BackedUpBlob[]
  readonly damagedBlobs: BlobRef[]
  readonly references: { space: string; document: string; hashes: readonly string[] }[]
}

async function take(
  source: BackupSource,
  before: Manifest | null,
  writer: SegmentWriter,
  { onProgress, signal }: BackupOptions,
): Promise<Taken> {
  const base = before === null ? null : { point: before.point, documents: before.documents.map(({ state }) => state) }
  const known = new Map((before?.documents ?? []).map((document) => [document.state.number, document]))
  const byName = new Map((before?.documents ?? []).map((document) => [nameOf(document.state), document]))
  let taken: Taken | null = null
  let total = 0
  for await (const item of source.items(base)) {
    signal?.throwIfAborted()
    if (item.kind === 'start') {
      total = item.documents
      const rest = { newDocuments: 0, damaged: [], blobs: [], damagedBlobs: [], references: [] }
      taken = { point: item.point, isFull: item.isFull, documents: [], ...rest }
      continue
    }
    if (taken === null) throw new UpdateLogError('STORAGE_FAILED', 'The backup did not begin with its beginning.')
    switch (item.kind) {
      case 'same': {
        const document = known.get(item.number)
        if (document === undefined) throw badBackup('The backup before lacks a document that it should have.')
        taken.documents.push(document)
        break
      }
      case 'document': {
        const about = await writer.add(encodeEntries(item.entries.slice(0, item.about)))
        const fresh = item.entries.slice(item.about)
        const old = item.records === 'more' ? (known.get(item.state.number)?.records ?? []) : []
        const records = fresh.length === 0 ? old : [...old, await writer.add(encodeEntries(fresh))]
        taken.documents.push({ state: item.state, about, records })
        taken.newDocuments += 1
        break
      }
      case 'damaged': {
        taken.damaged.push({ ...item.ref, what: item.what })
        // What was good is kept, as long as it is of the same history.
        const last = taken.isFull ? undefined : byName.get(nameOf(item.ref))
        if (last !== undefined) taken.documents.push(last)
        break
      }
      case 'blob':
        taken.blobs.push({ space: item.space, hash: item.blob.hash, bytes: item.blob.bytes, type: item.blob.type })
        break
      case 'blob-damaged': {
        taken.damagedBlobs.push({ space: item.space, hash: item.hash })
        // Its name says what it was: a copy that an earlier backup has is as good as ever.
        const last = before?.blobs.find(({ space, hash }) => space === item.space && hash === item.hash)
        if (last !== undefined) taken.blobs.push(last)
        break
      }
      case 'references':
        taken.references.push({ space: item.space, ...item.references })
        break
      default:
        break
    }
    const done = taken.documents.length + taken.damaged.length
    if (item.kind === 'same' || item.kind === 'document') onProgress?.({ step: 'documents', done, total })
  }
  if (taken === null) throw new UpdateLogError('STORAGE_FAILED', 'There was nothing to back up.')
  return taken
}

function nameOf({ space, document }: { space: string; document: string }): string {
  return `${space}/${document}`
}

async function copyBlobs(
  source: BackupSource,
  store: BlobStore,
  blobs: readonly BackedUpBlob[],
  { onProgress, signal }: BackupOptions,
): Promise<{ kept: BackedUpBlob[]; newBlobs: number; newBytes: number; missing: BlobRef[] }> {
  const result = { kept: [] as BackedUpBlob[], newBlobs: 0, newBytes: 0, missing: [] as BlobRef[] }
  for (const [i, blob] of blobs.entries()) {
    signal?.throwIfAborted()
    const ref = { space: blob.space, hash: blob.hash }
    if ((await store.stat(ref)) !== null) result.kept.push(blob)
    else if (await copyBlob(source, store, blob)) {
      result.kept.push(blob)
      result.newBlobs += 1
      result.newBytes += blob.bytes
    } else result.missing.push(ref)
    onProgress?.({ step: 'blobs', done: i + 1, total: blobs.length })
  }
  return result
}

/** @returns false when it is gone, or not what its name says any more: `verify` says which */
async function copyBlob(
  source: BackupSource,
  store: BlobStore,
  { space, hash, bytes, type }: BackedUpBlob,
): Promise<boolean> {
  try {
    const content = await source.blob({ space, hash })
    if (content === null) return false
    await store.put({ space, hash }, type, content, bytes)
    return true
  } catch (error) {
    if (['DAMAGED', 'HASH_MISMATCH', 'TOO_LARGE'].some((code) => isUpdateLogError(error) && error.code === code))
      return false
    throw error
  }
}

async function copyFiles(source: BackupSource, to: string): Promise<BackedUpFile[]> {
  const files: BackedUpFile[] = []
  for (const { name, bytes } of await source.files()) {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const path = join(to, 'files', sha256)
    if (!(await isThere(path))) await writeSafely(path, bytes)
    files.push({ name, bytes: bytes.length, sha256 })
  }
  await syncFolder(join(to, 'files'))
  return files
}

/** The newest backup that can be built on. One whose parts are not there or not as long as they should be cannot. */
async function lastGood(to: string, numbers: readonly number[]): Promise<Manifest | null> {
  const last = numbers.at(-1)
  if (last === undefined) return null
  try {
    const manifest = await readManifest(to, last)
    // Every byte of them is looked at by `verifyBackup`; here only whether they are there.
    for (const { number, bytes } of manifest.segments) {
      if ((await sizeOf(segmentPath(to, number))) !== bytes) return null
    }
    return manifest
  } catch (error) {
    if (isUpdateLogError(error, 'BAD_BACKUP')) return null
    throw error
  }
}

async function sizeOf(path: string): Promise<number | null> {
  return (await isThere(path)) ? (await stat(path)).size : null
}

async function highestSegment(to: string): Promise<number> {
  const names = await namesIn(join(to, 'segments'))
  return Math.max(0, ...names.map((name) => Number.parseInt(name, 10)).filter(Number.isInteger))
}

async function removeParts(to: string): Promise<void> {
  for (const folder of ['segments', 'manifests', 'files']) {
    for (const name of await namesIn(join(to, folder))) {
      if (/\.(part|new)$/.test(name)) await rm(join(to, folder, name), { force: true })
    }
  }
}

/** Removes the oldest backups, and what only they had. Manifests first: what no manifest names is only waste. */
async function prune(to: string, numbers: readonly number[], keep: number, store: BlobStore): Promise<number[]> {
  const removed = numbers.slice(0, Math.max(0, numbers.length - Math.max(1, keep)))
  for (const number of removed) await rm(manifestPath(to, number), { force: true })
  await syncFolder(join(to, 'manifests'))
  const segments = new Set<number>()
  const files = new Set<string>()
  const blobs = new Set<string>()
  for (const number of numbers.slice(removed.length)) {
    try {
      const manifest = await readManifest(to, number)
      for (const segment of manifest.segments) segments.add(segment.number)
      for (const { sha256 } of manifest.files) files.add(sha256)
      for (const { space, hash } of manifest.blobs) blobs.add(`${space}/${hash}`)
    } catch (error) {
      // One that is damaged may name anything: nothing is taken away while it is kept.
      if (isUpdateLogError(error, 'BAD_BACKUP')) return removed
      throw error
    }
  }
  for (const name of await namesIn(join(to, 'segments'))) {
    if (!segments.has(Number.parseInt(name, 10))) await rm(join(to, 'segments', name), { force: true })
  }
  for (const name of await namesIn(join(to, 'files'))) {
    if (!files.has(name)) await rm(join(to, 'files', name), { force: true })
  }
  for (const space of await store.spaces()) {
    for await (const { hash } of store.blobs(space))
      if (!blobs.has(`${space}/${hash}`)) await store.delete({ space, hash })
  }
  return removed
}
