/** Names one document. Both names are 1 to 128 of `A-Z a-z 0-9 . _ ~ -`, but not `.` or `..`. */
export interface DocumentRef {
  readonly space: string
  readonly document: string
}

export interface AppendOptions {
  /**
   * The epoch that the writer knows the document by. If the document lives, it must be this one (`EPOCH_MISMATCH`). If it
   * does not exist, or was purged under other epochs, it begins anew under this one. Without it the update goes to
   * whatever lives, and a document that never was begins under a fresh random epoch; one that was purged is refused.
   */
  readonly epoch?: string
  /** Replaces the document's summary in the same atomic write. */
  readonly summary?: Uint8Array
}

/** What an append came to; when the promise resolves it is durable (fsynced). */
export interface Appended {
  readonly epoch: string
  /** The number of this update in its document: 1, 2, 3, ... within an epoch, without gaps. */
  readonly seq: number
  /** Where the document now stands in its space's feed. For information: a cursor moves only by `feed()`. */
  readonly feed: number
}

/** Counts that tell how a document lies on the disk; what `shouldCompact` judges. */
export interface LogStats {
  /** Bytes of the snapshot as stored (compressed); 0 when there is none. */
  readonly snapshotBytes: number
  /** How many updates were appended since the snapshot, and their bytes as they came. */
  readonly tailUpdates: number
  readonly tailBytes: number
}

/** All that is stored of a document, checked. */
export interface LoadedDocument {
  readonly epoch: string
  /** The compacted state as one Yjs v1 update that covers the first `seq - updates.length` updates, or null. */
  readonly snapshot: Uint8Array | null
  /** The updates since, oldest first, each byte for byte as it was appended. */
  readonly updates: Uint8Array[]
  /** The number of the last update. */
  readonly seq: number
  readonly summary: Uint8Array | null
  readonly stats: LogStats
  /** Epochs of this name that were purged: refused for ever (W9). */
  readonly refused: readonly string[]
}

/** What is known of a document without reading its content. */
export type DocumentStat = LiveDocumentStat | PurgedDocumentStat

export interface LiveDocumentStat {
  readonly kind: 'live'
  readonly document: string
  readonly epoch: string
  readonly seq: number
  readonly feed: number
  readonly stats: LogStats
  /** Epochs of this name that were purged: refused for ever (W9). */
  readonly refused: readonly string[]
}

export interface PurgedDocumentStat {
  readonly kind: 'purged'
  readonly document: string
  /** The epoch that lived last. */
  readonly epoch: string
  readonly feed: number
  readonly refused: readonly string[]
}

export interface FeedOptions {
  /** Entries above this number; 0 for all. */
  readonly after: number
  /** At most this many entries, 1 to 10,000. */
  readonly limit: number
}

/** One document in the feed of its space, as it stands now. */
export interface FeedEntry {
  readonly document: string
  readonly feed: number
  readonly epoch: string
  /** The number of the document's last update; 0 when purged. */
  readonly seq: number
  readonly summary: Uint8Array | null
  /** True when the document was purged; `epoch` is then the one that is refused. */
  readonly purged: boolean
}

export interface FeedPage {
  /** Ascending by `feed`; each document at most once. */
  readonly entries: FeedEntry[]
  /**
   * The highest number of the space. When fewer entries than `limit` came, continue after `head`, otherwise after the last
   * entry. A head below `after` means that the cursor is from another history (W11).
   */
  readonly head: number
}

export interface CompactResult {
  /**
   * `compacted`: replaced. `nothing-to-do`: there was nothing since the last snapshot. `superseded`: the document was purged or
   * compacted meanwhile, nothing was changed.
   */
  readonly outcome: 'compacted' | 'nothing-to-do' | 'superseded'
  /** The last update that the snapshot covers. */
  readonly through: number
  readonly bytesBefore: number
  readonly bytesAfter: number
}

export interface PurgeResult {
  /** The epoch that is refused from now on; null when it was before. */
  readonly epoch: string | null
  readonly feed: number
}

/** What became of a document that was thought to be damaged. `sound`: it is not, nothing was changed. */
export type SetAside =
  | { readonly kind: 'sound' }
  | {
      readonly kind: 'set-aside'
      /** The number of the last update that was kept; 0 when none was. */
      readonly kept: number
      /** One plain sentence for the log. */
      readonly detail: string
      /** The copy's name in the quarantine. */
      readonly copy: string
    }

/** One document that a commit changed. */
export interface Change {
  readonly space: string
  readonly document: string
  readonly epoch: string
  readonly seq: number
  readonly purged: boolean
  /** Where it now stands in the space's feed. */
  readonly feed: number
}

export interface CommitEvent {
  /** The number of the commit, ascending within the data folder. */
  readonly commit: number
  /** Each document that changed, once. */
  readonly changes: readonly Change[]
  /** Milliseconds that it took to be durable, where that is a matter of a disk. */
  readonly took?: number
}

/** How the log found its storage when it was opened. */
export interface OpenedInfo {
  /** True when the storage was made by this opening. */
  readonly created: boolean
  /** Why the incarnation was renewed by this opening, or null. One plain sentence for the log is in `detail`. */
  readonly renewed: { readonly reason: RenewReason; readonly detail: string } | null
  /** Only when this opening brought the folder from an older version. */
  readonly upgraded?: Upgraded
}

export interface Upgraded {
  readonly from: number
  readonly to: number
  /** Where what was there before is kept. */
  readonly kept: string
}

/**
 * - `tail-lost` commits that were durable are missing at the end
 * - `log-damaged` a file of LevelDB had a damaged place; what was in it is lost, a copy of the file was set aside
 * - `mark-missing`, `mark-damaged` the high-water mark is gone or fails its checksum, so that nobody can tell
 * - `mark-foreign` the mark belongs to another history: part of the folder was replaced
 * - `asked` by `renewIncarnation()`
 */
export type RenewReason = 'tail-lost' | 'log-damaged' | 'mark-missing' | 'mark-damaged' | 'mark-foreign' | 'asked'

/**
 * The durable port: what a relay (or a store in Node) keeps of many documents. Updates are opaque Yjs v1 update bytes; only
 * `compact` looks into them. Rules are in SPEC.md.
 */
export interface UpdateLog {
  /** The random id of this storage's history (W11). Changes only by being renewed on open, or by `renewIncarnation`. */
  readonly incarnation: string
  /**
   * The name of this history for those who remember a cursor of it: the incarnation and this opening of the storage, a name of at most
   * 128 characters if what was drawn has at most 63. Compare by `follows`, never by eye.
   */
  readonly history: string
  /** How often this storage was opened, this time included. Grows, for numbers that must grow over restarts. */
  readonly openings: number
  /**
   * The number of the last durable commit: everything that anybody was told of this storage is in the commits up to there. Only
   * grows, within an incarnation over openings too.
   */
  readonly commits: number
  readonly opened: OpenedInfo

  /**
   * Whether what somebody was told under `history`, up to `cursor` of the space's feed and with no more than `reach` of `commits`, is part of
   * this history (W11). False when the storage was made whole from an older copy since, or is another copy. Within this opening a
   * cursor above the head is not looked at.
   * @param reach 0 or absent when it is not known: then the cursor alone decides, and does not see what was told ahead of it
   */
  follows(space: string, history: string, cursor: number, reach?: number): boolean

  /** The last commit that this history has in common with the one of that name; 0 when it has none, or nobody can tell. */
  sharedUntil(history: string): number

  /**
   * Stores one update. Resolves when it is durable. Calls of one document are numbered in the order they were made.
   * The bytes must not be changed until it settles. A failed append was not acknowledged, but may still be found later.
   * @throws UpdateLogError `PURGED`, `EPOCH_MISMATCH`, `SUMMARY_TOO_LARGE`, `BAD_NAME`, `DAMAGED`, `STORAGE_*`, `CLOSED`
   */
  append(ref: DocumentRef, update: Uint8Array, options?: AppendOptions): Promise<Appended>

  /**
   * Everything durable of a document, or null when it never was or is purged (`stat` tells which).
   * @throws UpdateLogError `DAMAGED` when it fails its checks: never a wrong document, never a blank one
   */
  load(ref: DocumentRef): Promise<LoadedDocument | null>

  /** @returns null when the document never was. */
  stat(ref: DocumentRef): Promise<DocumentStat | null>

  /** Every document of a space, purged ones too, in no given order. Damaged ones are left out: `load` tells of them. */
  documents(space: string): Promise<DocumentStat[]>

  /** The spaces that have or had a document. */
  spaces(): Promise<string[]>

  /**
   * Replaces a document's updates by one snapshot, Yjs garbage collected. Appends may go on meanwhile and are kept. One
   * atomic write: killed at any moment, all or nothing has happened.
   * @throws UpdateLogError `NOT_FOUND`, `DAMAGED`, `COMPACTION_REFUSED`, `COMPACTION_FAILED`, `STORAGE_*`, `CLOSED`
   */
  compact(ref: DocumentRef): Promise<CompactResult>

  feed(space: string, options: FeedOptions): Promise<FeedPage>

  /** Told after each durable commit that changed documents, synchronously and in order. @returns a function that ends it */
  onCommit(listener: (event: CommitEvent) => void): () => void

  /**
   * Replaces a document's summary: opaque bytes up to the limit (2,048 by default). The same bytes again change nothing.
   * @throws UpdateLogError `NOT_FOUND`, `PURGED`, `EPOCH_MISMATCH`, `SUMMARY_TOO_LARGE`, `STORAGE_*`, `CLOSED`
   */
  setSummary(ref: DocumentRef, summary: Uint8Array, options?: { readonly epoch?: string }): Promise<{ feed: number }>

  /**
   * Removes all that is stored of a document, for good. Its epoch stays refused (W9), and so does one that is named when nothing of the
   * document lives any more: who has it would bring it back.
   * @throws UpdateLogError `BAD_NAME`, `NOT_FOUND`, `EPOCH_MISMATCH`, `STORAGE_*`, `CLOSED`
   */
  purge(ref: DocumentRef, options?: { readonly epoch?: string }): Promise<PurgeResult>

  /**
   * Takes a document that fails its checks out of everybody's way (U4): what there is of it is copied to the quarantine, its whole beginning is
   * kept and goes on under the same epoch, and if anything is missing the history gets a new id, so that clients bring it again (W11).
   * One atomic write. Whoever holds the document in memory has to let go of it before.
   * @throws UpdateLogError `STORAGE_*`, `CLOSED`
   */
  setAside(ref: DocumentRef): Promise<SetAside>

  /** Names of what was found damaged and set aside so far, in the quarantine. */
  quarantine(): Promise<readonly string[]>

  /** Gives this history a new id, when clients have shown that the storage went back in time. @returns the new incarnation */
  renewIncarnation(): Promise<string>

  /** Finishes what is under way, then closes. Later calls reject with `CLOSED`. */
  close(): Promise<void>
}
