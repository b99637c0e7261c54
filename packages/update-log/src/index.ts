export type { Ahead, Shown } from './ahead/port.ts'
export {
  type BlobContent,
  type BlobEntry,
  type BlobPutOptions,
  type BlobRange,
  type BlobRef,
  type BlobReferences,
  type BlobStat,
  type BlobStore,
  type BlobsOpened,
  type BlobTally,
  type BlobTotals,
  isBlobHash,
  MAX_REFERENCES,
} from './blobs/port.ts'
export { type Compactor, compactUpdates, inlineCompactor } from './compaction.ts'
export { isUpdateLogError, UpdateLogError, type UpdateLogErrorCode } from './errors.ts'
export { DEFAULT_SUMMARY_LIMIT, MAX_FEED_LIMIT } from './limits.ts'
export { shouldCompact, shouldCompactOpen } from './policy.ts'
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
  SetAside,
  UpdateLog,
  Upgraded,
} from './types.ts'
