import { UpdateLogError } from '../errors.ts'
import { requireName } from '../names.ts'
import type { DocumentRef } from '../types.ts'

/** One blob of a space. */
export interface BlobRef {
  readonly space: string
  /** SHA-256 of the content: 64 lower-case hex digits. */
  readonly hash: string
}

export interface BlobStat {
  readonly bytes: number
  /** The media type given with it, as it was given first. */
  readonly type: string
}

export interface BlobContent extends BlobStat {
  /** May be read once. Fails with `DAMAGED` in the place of bytes that are not what was put. */
  readonly content: AsyncIterable<Uint8Array>
}

export interface BlobTotals {
  readonly count: number
  /** Of contents. */
  readonly bytes: number
}

/** Bytes `from` to `to` of a blob, both included, within it. */
export interface BlobRange {
  readonly from: number
  readonly to: number
}

/** A blob as it lies there, without its content. */
export interface BlobEntry extends BlobStat {
  readonly hash: string
  /** When it was kept; milliseconds since 1970. */
  readonly at: number
}

export interface BlobPutOptions {
  /** The document that refers to it; the reference is kept with the blob, also when that is there already. */
  readonly document?: string
  /** Bytes that the contents of this space's blobs may come to, this one included; no limit when not given. */
  readonly room?: number
}

/** What a document refers to, as far as it was told. */
export interface BlobReferences {
  readonly document: string
  readonly hashes: readonly string[]
}

export interface BlobTally {
  /** `<opening>.<number>`: which opening of the store was told last, and how many references. */
  readonly tally: string
  /** All that was told up to the tally that was asked about was told here, and stands but for documents that were released since; true when none was. */
  readonly holds: boolean
}

/** How the storage was found when it was opened. */
export interface BlobsOpened {
  /** True when there was no storage before: what documents refer to is then not known. */
  readonly created: boolean
  /** Spaces whose references were found damaged, and clients were not told since (`lossTold`): some are lost, and nothing is swept there until `collect`. */
  readonly damaged: readonly string[]
}

/**
 * Files and images by what they are: kept per space, immutable, never in a document. Documents are told to it as names that refer to
 * blobs; what they are it does not know. Rules are in SPEC.md.
 */
export interface BlobStore {
  readonly opened: BlobsOpened

  /**
   * Keeps a blob and its reference; both durable when it resolves. The content is not read when the blob is there already.
   * @param limit bytes that the content may have
   * @throws UpdateLogError `HASH_MISMATCH`, `TOO_LARGE`, `SPACE_FULL` (nothing is kept), `BAD_NAME`, `TOO_MANY_REFERENCES`, `STORAGE_*`,
   * `CLOSED`; what `content` throws
   */
  put(
    ref: BlobRef,
    type: string,
    content: AsyncIterable<Uint8Array>,
    limit: number,
    options?: BlobPutOptions,
  ): Promise<{ readonly created: boolean }>

  /** @returns null when there is no such blob */
  stat(ref: BlobRef): Promise<BlobStat | null>

  /**
   * Bytes are checked before they are given: what is no longer what it was is set aside, and fails.
   * @param range all of it when not given
   * @returns null when there is no such blob
   * @throws UpdateLogError `DAMAGED`, `BAD_NAME`, `STORAGE_FAILED`, `CLOSED`
   */
  read(ref: BlobRef, range?: BlobRange): Promise<BlobContent | null>

  /** Reads all of it and changes nothing. */
  verify(ref: BlobRef): Promise<'whole' | 'damaged' | 'absent'>

  /** Removes a blob whoever refers to it. @returns whether there was one */
  delete(ref: BlobRef): Promise<boolean>

  /**
   * A document refers to these blobs, whether they are there or not; durable when it resolves. What it referred to before it still does.
   * @param since see `tally`; judged before these are told
   * @returns those that are not there, and the tally with these told
   * @throws UpdateLogError `TOO_MANY_REFERENCES` (nothing is kept), `BAD_NAME`, `STORAGE_*`, `CLOSED`
   */
  refer(
    ref: DocumentRef,
    hashes: readonly string[],
    since?: string | null,
  ): Promise<BlobTally & { readonly missing: readonly string[] }>

  /** How much the space has been told of references, and whether all that was told at an earlier tally, which may be another folder's, was told here. */
  tally(space: string, since?: string | null): Promise<BlobTally>

  /** The document is no more: what nobody else refers to is removed by a later `sweep`. */
  release(ref: DocumentRef): Promise<void>

  /**
   * Removes what documents referred to and none does any more, for `grace` ms or longer. What no document ever referred to stays.
   * @returns how many were removed
   */
  sweep(grace: number): Promise<BlobTotals>

  /** As `sweep` of one space, and also what no document ever referred to, if it was kept `grace` ms ago or longer. */
  collect(space: string, grace: number): Promise<BlobTotals>

  /** Clients of damaged spaces know by now that they are to say again what refers to what; `opened` need not tell it again. */
  lossTold(): Promise<void>

  /** What documents of a space refer to and is not there: somebody may still have it. In order, those above `after`. */
  wanted(space: string, limit: number, after?: string): Promise<readonly string[]>

  /** What a space's blobs come to. */
  totals(space: string): Promise<BlobTotals>

  /** Names of the spaces that have blobs or references. */
  spaces(): Promise<readonly string[]>

  /** Every blob of a space as it is when its turn comes, in no given order; for backups. Damaged ones are left out. */
  blobs(space: string): AsyncIterable<BlobEntry>

  /** What each document of a space refers to; for backups. `refer` puts it back. */
  references(space: string): Promise<readonly BlobReferences[]>

  /** Names of what was found damaged and set aside so far. */
  quarantine(): Promise<readonly string[]>

  /** Waits for what is under way. Later calls reject with `CLOSED`. */
  close(): Promise<void>
}

/** As many as one document may refer to. */
export const MAX_REFERENCES = 10_000

const HASH = /^[0-9a-f]{64}$/

export function isBlobHash(hash: string): boolean {
  return HASH.test(hash)
}

export function requireBlobRef({ space, hash }: BlobRef): void {
  requireName('space', space)
  if (isBlobHash(hash)) return
  throw badHash()
}

export function requireHashes(hashes: readonly string[]): void {
  for (const hash of hashes) if (!isBlobHash(hash)) throw badHash()
}

function badHash(): UpdateLogError {
  return new UpdateLogError('BAD_NAME', 'A blob is named by its SHA-256 in 64 lower-case hex digits.')
}

export function hashMismatch(hash: string, actual: string): UpdateLogError {
  return new UpdateLogError('HASH_MISMATCH', `The content has the SHA-256 ${actual}, not ${hash}.`)
}

export function tooLarge(limit: number): UpdateLogError {
  return new UpdateLogError('TOO_LARGE', `A blob has at most ${limit} bytes.`)
}

export function spaceFull(room: number): UpdateLogError {
  return new UpdateLogError('SPACE_FULL', `The blobs of this space may come to ${room} bytes.`)
}

export function storeClosed(): UpdateLogError {
  return new UpdateLogError('CLOSED', 'The blob store is closed.')
}
