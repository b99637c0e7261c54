/**
 * Every way this package can refuse, by a code that stays the same from version to version.
 *
 * - `CLOSED` the log has been closed
 * - `BAD_NAME` a space, document or epoch name is not 1 to 128 of `A-Z a-z 0-9 . _ ~ -`, or is `.` or `..`
 * - `NOT_FOUND` the document does not exist
 * - `PURGED` the document was purged, and this epoch (or no epoch) was given: W9
 * - `EPOCH_MISMATCH` the document lives under another epoch than the one given
 * - `SUMMARY_TOO_LARGE` the summary is over the log's limit
 * - `HASH_MISMATCH` a blob's content is not what its name says; nothing of it was kept
 * - `TOO_LARGE` a blob is over the limit; nothing of it was kept
 * - `SPACE_FULL` the space has as many bytes as it may have; nothing of what was given was kept
 * - `TOO_MANY_REFERENCES` a document refers to more blobs than one may; nothing was kept
 * - `DAMAGED` what is stored of this document fails its checks; other documents go on
 * - `STORAGE_FULL` the disk (or the quota) is full: nothing was acknowledged, try again when there is room
 * - `STORAGE_FAILED` the storage failed otherwise: nothing was acknowledged, a later try may succeed
 * - `COMPACTION_REFUSED` the compacted state does not hold all that went in; the log was left as it was
 * - `COMPACTION_FAILED` the compactor died or ran out of its time or memory; the log was left as it was
 * - `LOCKED` another process has the data folder open
 * - `UNWRITABLE` the data folder cannot be made or written
 * - `NEWER_VERSION` the data folder was written by a newer version
 * - `UNREADABLE` the data folder is there and cannot be opened
 * - `NOT_EMPTY` a folder that is to be restored into has something in it
 * - `BAD_BACKUP` a folder is no backup, or the backup in it is damaged; the message says which part
 */
export type UpdateLogErrorCode =
  | 'CLOSED'
  | 'BAD_NAME'
  | 'NOT_FOUND'
  | 'PURGED'
  | 'EPOCH_MISMATCH'
  | 'SUMMARY_TOO_LARGE'
  | 'HASH_MISMATCH'
  | 'TOO_LARGE'
  | 'SPACE_FULL'
  | 'TOO_MANY_REFERENCES'
  | 'DAMAGED'
  | 'STORAGE_FULL'
  | 'STORAGE_FAILED'
  | 'COMPACTION_REFUSED'
  | 'COMPACTION_FAILED'
  | 'LOCKED'
  | 'UNWRITABLE'
  | 'NEWER_VERSION'
  | 'UNREADABLE'
  | 'NOT_EMPTY'
  | 'BAD_BACKUP'

/** The one error class of this package; tell its instances apart by `code`. */
export class UpdateLogError extends Error {
  override readonly name = 'UpdateLogError'
  readonly code: UpdateLogErrorCode

  constructor(code: UpdateLogErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

export function isUpdateLogError(error: unknown, code?: UpdateLogErrorCode): error is UpdateLogError {
  return error instanceof UpdateLogError && (code === undefined || error.code === code)
}
