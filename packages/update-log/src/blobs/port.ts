import { UpdateLogError } from '../errors.ts'
import { requireName } from '../names.ts'

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
  /** May be read once. Fails with `DAMAGED`, before its last bytes, when it is a whole blob that is no longer what its name says. */
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

/**
 * Files and images by what they are: kept per space, immutable, never in a document. Which documents refer to a blob is not known here,
 * so nothing is removed but by `delete`. Rules are in SPEC.md.
 */
export interface BlobStore {
  /**
   * Keeps a blob; durable when it resolves. The content is not read when the blob is there already.
   * @param limit bytes that the content may have
   * @throws UpdateLogError `HASH_MISMATCH`, `TOO_LARGE` (nothing is kept), `BAD_NAME`, `STORAGE_*`, `CLOSED`; what `content` throws
   */
  put(
    ref: BlobRef,
    type: string,
    content: AsyncIterable<Uint8Array>,
    limit: number,
  ): Promise<{ readonly created: boolean }>

  /** @returns null when there is no such blob */
  stat(ref: BlobRef): Promise<BlobStat | null>

  /**
   * @param range all of it when not given
   * @returns null when there is no such blob
   * @throws UpdateLogError `DAMAGED`, `BAD_NAME`, `STORAGE_FAILED`, `CLOSED`
   */
  read(ref: BlobRef, range?: BlobRange): Promise<BlobContent | null>

  /** @returns whether there was one */
  delete(ref: BlobRef): Promise<boolean>

  /** What a space's blobs come to. */
  totals(space: string): Promise<BlobTotals>

  /** Waits for what is under way. Later calls reject with `CLOSED`. */
  close(): Promise<void>
}

const HASH = /^[0-9a-f]{64}$/

export function isBlobHash(hash: string): boolean {
  return HASH.test(hash)
}

export function requireBlobRef({ space, hash }: BlobRef): void {
  requireName('space', space)
  if (isBlobHash(hash)) return
  throw new UpdateLogError('BAD_NAME', 'A blob is named by its SHA-256 in 64 lower-case hex digits.')
}

export function hashMismatch(hash: string, actual: string): UpdateLogError {
  return new UpdateLogError('HASH_MISMATCH', `The content has the SHA-256 ${actual}, not ${hash}.`)
}

export function tooLarge(limit: number): UpdateLogError {
  return new UpdateLogError('TOO_LARGE', `A blob has at most ${limit} bytes.`)
}

export function storeClosed(): UpdateLogError {
  return new UpdateLogError('CLOSED', 'The blob store is closed.')
}
