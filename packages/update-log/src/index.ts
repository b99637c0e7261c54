export {
  type BlobContent,
  type BlobRange,
  type BlobRef,
  type BlobStat,
  type BlobStore,
  type BlobTotals,
  isBlobHash,
} from './blobs/port.ts'
export { type Compactor, compactUpdates, inlineCompactor } from './compaction.ts'
export { isUpdateLogError, UpdateLogError, type UpdateLogErrorCode } from './errors.ts'
export { DEFAULT_SUMMARY_LIMIT, MAX_FEED_LIMIT } from './limits.ts'
export { shouldCompact } from './policy.ts'
export { diffState, EMPTY_STATE, mergeStates } from './states.ts'
export type {
  Appended,
  AppendOptions,
  Change,
  CommitEvent,
  CompactResult,
  DocumentRef,
  DocumentStat,
  FeedEntry,
  FeedOptions,
  FeedPage,
  LiveDocumentStat,
  LoadedDocument,
  LogStats,
  OpenedInfo,
  PurgedDocumentStat,
  PurgeResult,
  RenewReason,
  UpdateLog,
  Upgraded,
} from './types.ts'
