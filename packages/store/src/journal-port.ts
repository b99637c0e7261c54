import type {
  BlobWrite,
  DocumentRecord,
  FeedCursor,
  LogPosition,
  PastHistory,
  PersistenceError,
  PersistenceHandle,
  RemoteEntry,
  Retired,
  Retirement,
  WritingNote,
} from './persistence/port.ts'
import type { Listeners } from './signal.ts'

/** What one write brought to the device for one document. */
export interface Committed {
  readonly id: string
  readonly record: DocumentRecord
  /** What was written, or null when only marks or the summary were. It has the number `record.last`. */
  readonly update: Uint8Array | null
  readonly local: boolean
  /** The document in memory, if there is one, may not hold `update`. */
  readonly foreign: boolean
}

export interface JournalFailure {
  readonly error: PersistenceError
  readonly since: number
}

/** What the journal asks of, and tells, the store. */
export interface JournalOwner {
  /** The summary to write beside this document's updates, or null to leave the stored one. `asked`: `touch` asked for it. */
  summaryOf(id: string, asked: boolean): Uint8Array | null
  /**
   * The whole state of every document in memory: what is left when the storage was deleted. And its epoch, if it was known: without it
   * what was purged elsewhere would be begun anew.
   */
  everything(): Iterable<{ readonly id: string; readonly state: Uint8Array; readonly epoch: string | null }>
  committed(changes: readonly Committed[]): void
  /** The feed is on the device up to here. `refused`: another cursor was to be written, and did not hold. */
  learned(cursor: FeedCursor, refused: boolean): void
  /** These updates could not be written (told once per update). */
  unsaved(updates: readonly { readonly id: string; readonly update: Uint8Array }[]): void
  /** The storage is open (again). `fresh`: it is not the one that was open before. */
  opened(handle: PersistenceHandle, fresh: boolean): void
}

/** The history that something was told of, and how far that reached then (protocol Y15). */
export interface Told {
  readonly incarnation: string
  readonly reach: number
}

export interface SyncMark {
  /** The relay has every row up to this. Only with `position`. */
  readonly sent?: number
  readonly position?: LogPosition
  readonly told?: Uint8Array
  readonly remote?: RemoteEntry
}

export interface Journal {
  /** Adds an update to what is to be written, and writes as soon as nothing else is being written. */
  append(id: string, update: Uint8Array, local: boolean): void
  /** Marks rows up to this number as known to be on the relay; goes along with the next write. */
  markSent(id: string, sent: number): void
  /** Brings the bytes of an update to the device ahead of `appendForeign`, if they are many: no edit then waits for them. */
  stage(update: Uint8Array): Promise<void>
  /** Adds an update of the relay that no document in memory took. */
  appendForeign(id: string, update: Uint8Array): void
  /** What `/sync` has told; written along with what came before it, and only if `history` is still the one followed. */
  mark(id: string, by: Told, mark: SyncMark): void
  /**
   * What the feed says of these documents, and the cursor behind it, in one transaction. `restart`: it began again. `past`: the cursor may
   * take the place of one of these, and of no other (see `WriteBatch`).
   */
  learn(
    entries: readonly (RemoteEntry & { readonly id: string })[],
    cursor: FeedCursor,
    how?: { readonly restart?: boolean; readonly past?: readonly PastHistory[] | null },
  ): void
  putBlob(blob: BlobWrite): void
  /** Writes this summary although nothing else changed; one that `summaryOf` gives by then outdoes it. */
  touch(id: string, summary: Uint8Array): void
  /** Forgets what the relay has of these documents: it has another history now (W11), and is offered everything. */
  offer(ids: Iterable<string>): void
  /** An `offer` is not on the device yet. */
  isOffering(): boolean
  /** The document goes on under another epoch, and the relay is offered all of it (protocol Y12). */
  adopt(id: string, epoch: string): void
  /** What is on its way and speaks of a history that goes on under this other name, speaks of this one. `past`: names that it had. */
  renameHistory(follows: (name: string, reach: number) => boolean, name: string, past: readonly PastHistory[]): void
  /** Resolves when everything asked so far is committed; rejects with why not. */
  settled(): Promise<void>
  setCursor(cursor: FeedCursor): Promise<void>
  note(change: { readonly add?: WritingNote; readonly remove?: WritingNote }): void
  /** `clean`: all of it is on the device. `writing`: on its way. `failing`: it is not, see `failure`. */
  stateOf(id: string): 'clean' | 'writing' | 'failing'
  failure(): JournalFailure | null
  /** Resolves when everything appended so far for this document (or for all) is committed; rejects with why not. */
  saved(id?: string): Promise<void>
  /** True while a write is on its way. */
  busy(): boolean
  /** Runs once when the write on its way, if any, has ended. */
  whenIdle(run: () => void): void
  /** Runs a read on the open storage; rejects with a `PersistenceError` while there is none. */
  read<T>(reading: (handle: PersistenceHandle) => Promise<T>): Promise<T>
  /** Makes one row of a document's many. Left for another time when it does not work. */
  compact(id: string, merge: (updates: readonly Uint8Array[]) => Uint8Array): Promise<void>
  /** Ends a document, see `PersistenceHandle.retire`. Null when it does not work now. */
  retire(id: string, how: Retirement): Promise<Retired | null>
  /** Which storage is open, or was last; null before the first. */
  identity(): string | null
  /** Told when `stateOf` or `failure` may answer something else. */
  readonly changes: Listeners
  retry(): void
  /** Stops retrying, waits for the write on its way, closes the storage. */
  close(): Promise<void>
}
