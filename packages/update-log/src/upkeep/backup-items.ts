import type { BlobEntry, BlobReferences, BlobStore } from '../blobs/port.ts'
import { isUpdateLogError, UpdateLogError } from '../errors.ts'
import type { Head } from '../head.ts'
import type { Entry, View } from '../level/database.ts'
import {
  COMMIT_KEY,
  headKey,
  lastNumber,
  nameKey,
  nameKindRange,
  namesOf,
  RUNS_KEY,
  summaryKey,
} from '../level/keys.ts'
import { findDocument, readDocument } from '../level/lookup.ts'
import { decodeRuns } from '../level/runs.ts'
import { scan } from '../level/scan.ts'
import { decodeCommit } from '../level/values.ts'
import { historyName, sharedUntil } from '../runs.ts'
import type { DocumentRef } from '../types.ts'
import { blobNames } from './blob-names.ts'

/** Which point of which history a backup is of. */
export interface BackupPoint {
  /** The data folder's version. */
  readonly folder: number
  readonly incarnation: string
  readonly history: string
  readonly commit: number
  /** How often the storage had been opened. */
  readonly openings: number
}

/** How a document was when it was backed up: enough to tell what is new since. */
export interface DocumentState extends DocumentRef {
  readonly number: number
  /** Null when it was purged. */
  readonly epoch: string | null
  /** How many updates its snapshot covers. */
  readonly covered: number
  readonly seq: number
  /** The checksums of its head and summary as stored (0: no summary): they change whenever anything does. */
  readonly head: number
  readonly summary: number
}

/** What a backup has already. */
export interface BackupBase {
  readonly point: BackupPoint
  readonly documents: readonly DocumentState[]
}

/** What a data folder says of itself to be backed up, in this order. */
export type BackupItem =
  /** `documents` is how many follow. `isFull`: the base is of another history, so that everything follows. */
  | { readonly kind: 'start'; readonly point: BackupPoint; readonly documents: number; readonly isFull: boolean }
  /** It is as it was in the base. */
  | { readonly kind: 'same'; readonly number: number }
  /**
   * `records`: all of its records follow, or those that came after the base. `entries`: names, head, summary (`about` of them), then records.
   */
  | {
      readonly kind: 'document'
      readonly state: DocumentState
      readonly records: 'all' | 'more'
      readonly about: number
      readonly entries: readonly Entry[]
    }
  | { readonly kind: 'damaged'; readonly ref: DocumentRef; readonly what: string }
  | { readonly kind: 'blob'; readonly space: string; readonly blob: BlobEntry }
  /** It is there and cannot be read. */
  | { readonly kind: 'blob-damaged'; readonly space: string; readonly hash: string }
  | { readonly kind: 'references'; readonly space: string; readonly references: BlobReferences }
  | { readonly kind: 'end' }

/** Blobs, and the folder that the store has them in. */
export interface BlobSource {
  readonly store: BlobStore
  readonly directory: string
}

/**
 * Tells all that one view shows, without what the base has. A document that is damaged is named, and the others go on.
 * @throws UpdateLogError `DAMAGED` (the counters), `STORAGE_FAILED` when `isWanted` says no
 */
export async function* backupItems(
  view: View,
  folder: number,
  base: BackupBase | null,
  blobs: BlobSource | null,
  isWanted: () => boolean = () => true,
): AsyncGenerator<BackupItem> {
  const point = await pointOf(view, folder)
  const known = base !== null && (await follows(view, point, base.point)) ? base : null
  const states = new Map((known?.documents ?? []).map((state) => [state.number, state]))
  const refs: DocumentRef[] = []
  for await (const { key } of scan(view, nameKindRange('nameAgain'))) refs.push(namesOf(key))
  yield { kind: 'start', point, documents: refs.length, isFull: known === null }
  for (const ref of refs) {
    if (!isWanted())
      throw new UpdateLogError('STORAGE_FAILED', 'The storage failed or was closed meanwhile; try again.')
    yield await documentItem(view, ref, states)
  }
  if (blobs !== null) yield* blobItems(blobs)
  yield { kind: 'end' }
}

async function pointOf(view: View, folder: number): Promise<BackupPoint> {
  const [commit, runs] = await view.getMany([COMMIT_KEY, RUNS_KEY])
  if (commit === undefined) throw new UpdateLogError('DAMAGED', 'The commit counter is missing.')
  const record = decodeCommit(COMMIT_KEY, commit)
  const known = runs === undefined ? null : decodeRuns(runs)
  return {
    folder,
    incarnation: record.incarnation,
    history: known === null ? `${record.incarnation}.` : historyName(known),
    commit: record.commit,
    openings: known?.openings ?? 0,
  }
}

/** Whether everything that the base knows of is part of this history. */
async function follows(view: View, now: BackupPoint, base: BackupPoint): Promise<boolean> {
  const runs = await view.get(RUNS_KEY)
  if (runs === undefined || now.folder !== base.folder) return false
  return sharedUntil(decodeRuns(runs), base.history, now.commit) >= base.commit
}

async function documentItem(
  view: View,
  ref: DocumentRef,
  states: ReadonlyMap<number, DocumentState>,
): Promise<BackupItem> {
  try {
    const found = await findDocument(view, ref)
    if (found === null) return { kind: 'damaged', ref, what: 'its first name is missing' }
    const { number, head } = found
    const keys = [
      nameKey('name', ref.space, ref.document),
      nameKey('nameAgain', ref.space, ref.document),
      headKey(number),
      summaryKey(number),
    ]
    const values = await view.getMany(keys)
    const about = keys.flatMap((key, i) => (values[i] === undefined ? [] : [{ key, value: values[i] }]))
    const state = stateOf(ref, number, head, values[2], values[3])
    const before = states.get(number)
    if (
      before !== undefined &&
      before.head === state.head &&
      before.summary === state.summary &&
      before.seq === state.seq
    ) {
      return { kind: 'same', number }
    }
    if (head.kind === 'purged') return { kind: 'document', state, records: 'all', about: about.length, entries: about }
    // Reads it as `load` does, so that what fails its checks is not taken for good.
    const { keys: records } = await readDocument(view, ref, number, head)
    const isMore =
      before !== undefined &&
      before.epoch === state.epoch &&
      before.covered === state.covered &&
      before.seq <= state.seq
    const wanted = isMore ? records.filter((key) => lastNumber(key) > before.seq) : records
    const bytes = await view.getMany(wanted)
    const entries = wanted.flatMap((key, i) => (bytes[i] === undefined ? [] : [{ key, value: bytes[i] }]))
    return {
      kind: 'document',
      state,
      records: isMore ? 'more' : 'all',
      about: about.length,
      entries: [...about, ...entries],
    }
  } catch (error) {
    if (!isUpdateLogError(error, 'DAMAGED')) throw error
    return { kind: 'damaged', ref, what: error.message.replace(/^.* is damaged: |\.$/g, '') }
  }
}

/** Of the stored values only the checksum that they begin with. */
export function stateOf(
  { space, document }: DocumentRef,
  number: number,
  head: Head,
  headValue: Uint8Array | undefined,
  summary: Uint8Array | undefined,
): DocumentState {
  const live = head.kind === 'live'
  return {
    space,
    document,
    number,
    epoch: live ? head.epoch : null,
    covered: live ? head.seq - head.stats.tailUpdates : 0,
    seq: live ? head.seq : 0,
    head: sumOf(headValue),
    summary: sumOf(summary),
  }
}

function sumOf(value: Uint8Array | undefined): number {
  if (value === undefined || value.length < 4) return 0
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getUint32(0)
}

async function* blobItems({ store, directory }: BlobSource): AsyncGenerator<BackupItem> {
  for (const space of await store.spaces()) {
    const listed = new Set<string>()
    for await (const blob of store.blobs(space)) {
      listed.add(blob.hash)
      yield { kind: 'blob', space, blob }
    }
    for (const hash of await blobNames(directory, space)) {
      const ref = { space, hash }
      if (!listed.has(hash) && (await store.verify(ref)) === 'damaged') yield { kind: 'blob-damaged', ...ref }
    }
    for (const references of await store.references(space)) yield { kind: 'references', space, references }
  }
}
