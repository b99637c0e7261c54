import { join } from 'node:path'
import { openDiskBlobs } from '../blobs/disk.ts'
import { isUpdateLogError } from '../errors.ts'
import type { Entry } from '../level/database.ts'
import { withFolderLock } from '../level/lock.ts'
import { findDocument, readDocument } from '../level/lookup.ts'
import {
  backupNumbers,
  chooseBackup,
  lockedPart,
  readManifest,
  requireBackup,
  SegmentReader,
  segmentPath,
  sumOfFile,
} from './backup-folder.ts'
import { viewOfEntries } from './entries-view.ts'
import type { BackedUpDocument, Manifest } from './manifest.ts'
import type { Problem, UpkeepOptions } from './problems.ts'
import { createWholenessCheck, type WholenessCheck } from './wholeness-check.ts'

export interface VerifiedBackup {
  readonly problems: readonly Problem[]
  /** The backup that was looked at in full: the newest, or the one asked for. */
  readonly number: number
  readonly time: string
  readonly documents: number
  readonly updates: number
  readonly blobs: number
  /** Numbers of all backups in the folder. */
  readonly backups: readonly number[]
}

/**
 * Checks a backup folder: every manifest, every segment and file by its SHA-256, every document of one backup as the log and Yjs would read it, and
 * every blob. Changes nothing.
 * @throws UpdateLogError `NOT_FOUND`, `BAD_BACKUP` (there is none to look at), `NEWER_VERSION`, `LOCKED`
 */
export async function verifyBackup(
  directory: string,
  options: UpkeepOptions & { readonly number?: number } = {},
): Promise<VerifiedBackup> {
  await requireBackup(directory)
  return withFolderLock(lockedPart(directory), () => verifyLocked(directory, options))
}

async function verifyLocked(
  directory: string,
  options: UpkeepOptions & { readonly number?: number },
): Promise<VerifiedBackup> {
  const problems: Problem[] = []
  const backups = await backupNumbers(directory)
  const manifest = await chooseBackup(directory, options.number)
  for (const number of backups) {
    try {
      await readManifest(directory, number)
    } catch (error) {
      if (!isUpdateLogError(error, 'BAD_BACKUP')) throw error
      problems.push({ part: 'file', what: error.message.replace(/\.$/, '') })
    }
  }
  const check = createWholenessCheck()
  try {
    const updates = await verifyManifest(directory, manifest, check, options, (problem) => problems.push(problem))
    const { number, time, documents, blobs } = manifest
    return { problems, number, time, documents: documents.length, updates, blobs: blobs.length, backups }
  } finally {
    await check.close()
  }
}

/** Everything that belongs to one backup. @returns how many updates its documents have */
export async function verifyManifest(
  directory: string,
  manifest: Manifest,
  check: WholenessCheck | null,
  { onProgress, signal }: UpkeepOptions,
  onProblem: (problem: Problem) => void,
): Promise<number> {
  for (const [i, { number, bytes, sha256 }] of manifest.segments.entries()) {
    signal?.throwIfAborted()
    const path = segmentPath(directory, number)
    const found = await sumOfFile(path)
    if (found === null) onProblem({ part: 'file', what: `the segment ${path} is missing` })
    else if (found.sha256 !== sha256 || found.bytes !== bytes) {
      onProblem({ part: 'file', what: `the segment ${path} is damaged` })
    }
    onProgress?.({ step: 'segments', done: i + 1, total: manifest.segments.length })
  }
  for (const { name, sha256 } of manifest.files) {
    const found = await sumOfFile(join(directory, 'files', sha256))
    if (found?.sha256 !== sha256)
      onProblem({ part: 'file', what: `the copy of the file "${name}" is missing or damaged` })
  }
  let updates = 0
  const reader = new SegmentReader(directory)
  try {
    for (const [i, document] of manifest.documents.entries()) {
      signal?.throwIfAborted()
      const { space, document: name } = document.state
      const found = await documentOf(reader, document, check)
      if (found.what !== null) onProblem({ part: 'document', space, document: name, what: found.what })
      updates += document.state.seq
      onProgress?.({ step: 'documents', done: i + 1, total: manifest.documents.length })
    }
  } finally {
    await reader.close()
  }
  await verifyBlobs(directory, manifest, { onProgress, signal }, onProblem)
  return updates
}

async function verifyBlobs(
  directory: string,
  manifest: Manifest,
  { onProgress, signal }: UpkeepOptions,
  onProblem: (problem: Problem) => void,
): Promise<void> {
  const store = await openDiskBlobs(join(directory, 'blobs'))
  try {
    for (const [i, { space, hash }] of manifest.blobs.entries()) {
      signal?.throwIfAborted()
      const state = await store.verify({ space, hash })
      if (state !== 'whole') onProblem({ part: 'blob', space, blob: hash, what: `it is ${state} in the backup` })
      onProgress?.({ step: 'blobs', done: i + 1, total: manifest.blobs.length })
    }
  } finally {
    await store.close()
  }
}

/** A document's entries, and what is wrong with them, as the log that they are put into would find. */
export async function documentOf(
  reader: SegmentReader,
  document: BackedUpDocument,
  check: WholenessCheck | null,
): Promise<{ readonly entries: readonly Entry[]; readonly what: string | null }> {
  const { space, document: name, number } = document.state
  try {
    const { about, records } = await reader.document(document)
    const entries = [...about, ...records]
    const view = viewOfEntries(entries)
    const found = await findDocument(view, { space, document: name })
    if (found === null || found.number !== number) return { entries, what: 'its names do not fit' }
    if (found.head.kind === 'purged') return { entries, what: null }
    const { loaded } = await readDocument(view, { space, document: name }, number, found.head)
    if (check === null) return { entries, what: null }
    const updates = loaded.snapshot === null ? loaded.updates : [loaded.snapshot, ...loaded.updates]
    const { waiting, unreadable } = await check.of(updates)
    if (unreadable > 0) return { entries, what: `${unreadable} of its updates are no Yjs updates` }
    return { entries, what: waiting === null ? null : 'it builds on updates that are not there' }
  } catch (error) {
    if (isUpdateLogError(error, 'COMPACTION_REFUSED') || isUpdateLogError(error, 'COMPACTION_FAILED')) {
      return { entries: [], what: `its updates cannot be checked: ${error.message}` }
    }
    if (!(isUpdateLogError(error, 'DAMAGED') || isUpdateLogError(error, 'BAD_BACKUP'))) throw error
    return { entries: [], what: error.message.replace(/\.$/, '') }
  }
}
