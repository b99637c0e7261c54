import type { BlobReferences } from './blob-references.ts'

/**
 * The port behind which a device keeps a space. One contract suite (`test/persistence-contract.ts`) runs on every
 * implementation; what one cannot hold it says in its `capabilities`, and the suite then shows that it does not.
 */
export interface Persistence {
  readonly name: string
  readonly capabilities: Capabilities
  /** Opens (again). Rejects with a `PersistenceError`; after `lost` settles, opening again is how to recover. */
  open(): Promise<PersistenceHandle>
}

export interface Capabilities {
  /** A resolved `write` survives the process and, as far as the platform promises, the power. */
  readonly strict: boolean
  /** One `write` is one transaction: all of it or nothing. */
  readonly atomic: boolean
  /** An aborted transaction rejects `write` and leaves nothing behind. */
  readonly reportsAborts: boolean
  /** Rows are exactly what was written, numbered without gaps (not merged or multiplied behind our back). */
  readonly exactRows: boolean
  readonly blobs: boolean
}

/** What is known of a document without opening it. */
export interface DocumentRecord {
  readonly id: string
  /** Opaque to persistence: an encoded summary, or null before the first. */
  readonly summary: Uint8Array | null
  /** Number of the last row written; rows are numbered from 1 and never reused. */
  readonly last: number
  /** Rows there are now (compaction makes them fewer). */
  readonly rows: number
  /** Number of the last row that holds an edit of this device. */
  readonly edited: number
  /** Every row numbered up to this is known to be on the relay. `edited > sent` is the outbox. */
  readonly sent: number
  /** The relay's epoch for this document, when known. */
  readonly epoch: string | null
  /** Everything of the relay's log of this epoch up to this position is in the rows. */
  readonly have: number
  /** The last position of that log, as the feed told. `there > have`: something is to be fetched. */
  readonly there: number
  /** The summary was made here and the relay has not been told it. */
  readonly untold: boolean
  /** `asked`: this device wants it purged and the relay has not done it yet. `done`: the epoch is refused for ever (W9). */
  readonly purged: 'no' | 'asked' | 'done'
  /**
   * The epoch under which the document lives on the relay, when it is another than the one that the rows belong to, or that it was asked to
   * be purged under.
   */
  readonly heir: string | null
  /** How far the relay's history reached when the last of this was told (protocol Y15); 0 when it did not say. */
  readonly reach: number
  /** Grows with every change of this record, so that of two copies the newer is known. */
  readonly revision: number
}

export interface StoredDocument {
  readonly record: DocumentRecord
  /** Yjs v1 updates, oldest first. All of `record.last` is in them: both were read in one transaction. */
  readonly updates: readonly Uint8Array[]
}

export interface DocumentWrite {
  readonly id: string
  /** One row each. */
  readonly updates: readonly Uint8Array[]
  /** The updates hold edits of this device, which the relay has not got from elsewhere. */
  readonly local: boolean
  /** Replaces the stored summary. */
  readonly summary?: Uint8Array
  /** Every row up to this is known to be on the relay. Never lowers what is stored. */
  readonly sent?: number
  /** Nothing of it is known to be on the relay any more: every row is to be offered. Outdoes `sent`. */
  readonly offer?: boolean
  /** With `offer` it goes on under this epoch; without, it is of this one if none is known. */
  readonly epoch?: string
  /** Of which epoch `sent` speaks, and up to where the rows hold its log. Ignored when the record is of another epoch. */
  readonly position?: LogPosition
  /** What the feed says of the document. */
  readonly remote?: RemoteEntry
  /** The relay has this summary now. */
  readonly told?: Uint8Array
}

export interface LogPosition {
  readonly epoch: string
  readonly seq: number
}

/** One document in the relay's feed. */
export interface RemoteEntry {
  readonly epoch: string
  readonly seq: number
  readonly purged: boolean
  readonly summary: Uint8Array | null
}

/** How far the relay's feed of changes has been followed. */
export interface FeedCursor {
  readonly incarnation: string
  readonly feed: number
  /** No mark on this device was told by a history that reached further (protocol Y15). Absent: the relay did not say. */
  readonly reach?: number
}

/** A history under an earlier name: it goes on under the present one with what was told of it up to `until` (protocol Y15). */
export interface PastHistory {
  readonly incarnation: string
  readonly until: number
}

/** This browser is writing a streaming message; left behind when it dies, which is how that is noticed. */
export interface WritingNote {
  readonly conversation: string
  readonly message: string
  readonly startedAt: number
}

export interface WriteBatch {
  readonly documents?: readonly DocumentWrite[]
  readonly cursor?: FeedCursor
  /**
   * The incarnation that marks (`sent`, `position`, `remote`, `told`) speak of. When the stored cursor, or the one written
   * along, is of another, the marks are left out: they are of a history that is over (W11).
   */
  readonly history?: string
  /** How far that history reached when the marks were told. Kept with the stored cursor, which it never lowers. */
  readonly reach?: number
  /**
   * The cursor may take another name only if the stored one is of one of these, and no mark on this device is beyond it: another tab
   * may have been told more by then, or have written down a later history than this tab knows of. Otherwise nothing of the batch that
   * speaks of a history is written, and a look at the cursor shows it.
   */
  readonly past?: readonly PastHistory[]
  /**
   * The feed begins again: the cursor is stored even if it goes back. Otherwise, with `history`, one that is behind the stored one is left
   * out with the entries that came with it: another tab has written down more by then.
   */
  readonly restart?: boolean
  readonly blobs?: readonly BlobWrite[]
  readonly writing?: { readonly add?: readonly WritingNote[]; readonly remove?: readonly WritingNote[] }
}

export interface StoredBlob {
  readonly bytes: Uint8Array
  readonly type: string
}

export interface BlobWrite extends StoredBlob {
  /** In lower-case hex. */
  readonly sha256: string
  /** It was made here: the relay is to get it. */
  readonly upload: boolean
}

/** Something of this device that the relay will not take, kept until a person decides. */
export interface AsideNote {
  readonly key: string
  readonly conversation: string
  readonly epoch: string | null
  /** Why: a name of the protocol's `REFUSAL`. */
  readonly code: string
  readonly text: string
  readonly at: number
  readonly summary: Uint8Array | null
  /** The SHA-256 of a refused state: the same is not set aside twice. */
  readonly content?: string
  /** A person let go of it. The note stays without its bytes, so that the same state does not come back at the next connection. */
  readonly dismissed?: true
}

export interface Retirement {
  readonly purged: 'asked' | 'done'
  /** Kept with all rows if there are edits that the relay does not have; null: they go too. */
  readonly aside: Omit<AsideNote, 'conversation' | 'epoch' | 'summary' | 'content' | 'dismissed'> | null
}

export interface Retired {
  readonly record: DocumentRecord
  readonly aside: AsideNote | null
}

export interface PersistenceHandle {
  /** Random, made with the storage. Another one after reopening means that everything was lost in between. */
  readonly identity: string
  /** Settles (never rejects) when the storage went away by itself: deleted, closed by the browser, upgraded. */
  readonly lost: Promise<PersistenceError>
  /** Everything the list needs, in one read. In no particular order. */
  documents(): Promise<DocumentRecord[]>
  /** Null when nothing was ever written. With `after`, only rows numbered above it. */
  load(id: string, after?: number): Promise<StoredDocument | null>
  /**
   * Brings the bytes of an update to the storage ahead of the `write` with that same object, which is quick then however large it is and
   * keeps nothing else waiting. Nothing is saved by it, and nothing is lost when it fails.
   */
  stage?(update: Uint8Array): Promise<void>
  /**
   * One transaction. Resolves, with the records as they are now, when it is committed; otherwise rejects with a
   * `PersistenceError` and nothing of it is kept.
   */
  write(batch: WriteBatch): Promise<DocumentRecord[]>
  /**
   * Replaces the rows of a document by one, which `merge` makes of them, in one transaction that deletes only what it
   * read. Does nothing when there are fewer than two rows.
   */
  compact(id: string, merge: (updates: readonly Uint8Array[]) => Uint8Array): Promise<DocumentRecord | null>
  cursor(): Promise<FeedCursor | null>
  writing(): Promise<WritingNote[]>
  draft(id: string): Promise<string | null>
  /** Null removes it. */
  setDraft(id: string, text: string | null): Promise<void>
  /** `sha256` in lower-case hex. */
  putBlob(sha256: string, blob: StoredBlob): Promise<void>
  getBlob(sha256: string): Promise<StoredBlob | null>
  /** Blobs of this device that the relay is not known to have. */
  uploads(): Promise<string[]>
  uploaded(sha256: string): Promise<void>
  readonly references: BlobReferences
  /**
   * Ends a document: its rows go, after they were set aside as one if that is asked and there is something unsent. One transaction,
   * which looks at the rows as they are then.
   */
  retire(id: string, how: Retirement, merge: (updates: readonly Uint8Array[]) => Uint8Array): Promise<Retired | null>
  asides(): Promise<AsideNote[]>
  aside(key: string): Promise<Uint8Array | null>
  putAside(note: AsideNote, update: Uint8Array): Promise<void>
  dropAside(key: string): Promise<void>
  close(): Promise<void>
}

/**
 * - `BLOCKED` another tab holds an older version of the storage open
 * - `QUOTA` the device is full, or the browser's share of it
 * - `DELETED` somebody deleted the storage while it was open
 * - `CLOSED` the browser closed it
 * - `NEWER_VERSION` it was written by a newer version of this program
 * - `UNAVAILABLE` there is none (private mode, disabled), or it does not answer
 * - `ABORTED` a transaction was aborted for another reason
 * - `CORRUPT` what was read is not what was written
 * - `UNSUPPORTED` this persistence does not keep such a thing
 */
export type PersistenceErrorCode =
  | 'BLOCKED'
  | 'QUOTA'
  | 'DELETED'
  | 'CLOSED'
  | 'NEWER_VERSION'
  | 'UNAVAILABLE'
  | 'ABORTED'
  | 'CORRUPT'
  | 'UNSUPPORTED'

/** The device could not keep something. `message` is for people. */
export class PersistenceError extends Error {
  override readonly name = 'PersistenceError'
  readonly code: PersistenceErrorCode
  constructor(code: PersistenceErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
