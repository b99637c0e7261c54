import type {
  Conversation,
  FinishMessage,
  NewConversation as InitialConversation,
  Message,
  PartInput,
  StreamingWriter,
  Summary,
} from '@holdfast/conversation'
import type { VersionRange } from '@holdfast/protocol'
import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import type { Connection } from './connection/port.ts'
import type { DeviceUsage, Environment } from './environment.ts'
import type { Persistence, PersistenceErrorCode } from './persistence/port.ts'

/** Something that can be read now and that tells when reading it again would give something else. */
export interface Readable<T> {
  /** The same reference until it changes, so that `useSyncExternalStore` can compare by identity. */
  get(): T
  subscribe(listener: () => void): () => void
}

/** Where the space's relay is and what lets us in. */
export interface RelayAddress {
  /** `http://host:port` or `https://host`. */
  readonly url: string
  readonly token: string
  /** Brings a new token when this one is about to expire, or has. Without it a person has to (`setRelay`). */
  readonly renew?: () => Promise<string>
}

/** Why something did not happen, for people (`message`) and for programs (`code`, stable). */
export interface Reason {
  readonly code: string
  readonly message: string
}

/**
 * What the relay has of a conversation that is saved on this device.
 * `synced`: the relay has acknowledged every edit, and it acknowledges only what is on its disk (W1). `sent`, over the stock
 * endpoint: it has answered a question that was asked after everything was sent, which is as much as that can say.
 */
export type RelayProgress = 'none' | 'sending' | 'sent' | 'synced' | 'offline' | 'refused'

export type ConversationStatus =
  | { readonly kind: 'saving' }
  | { readonly kind: 'saved'; readonly relay: RelayProgress; readonly reason?: Reason }
  | { readonly kind: 'not-saved'; readonly reason: NotSavedReason; readonly since: number }

export interface NotSavedReason extends Reason {
  readonly code: PersistenceErrorCode
}

/**
 * `sync`: over `/sync`, in the version that both speak; acknowledged is _synced_. `stock`: over y-websocket's own protocol, because the
 * relay is of a version without `/sync`; the most that can be said is _sent_, and leases, purges, summaries and blobs wait.
 */
export type Wire = { readonly kind: 'sync'; readonly version: number } | { readonly kind: 'stock' }

export type RelayState = 'none' | 'connecting' | 'connected' | 'offline' | 'refused'

/** Whether the browser promised not to evict what we keep. `unknown`: not asked yet, or nobody to ask. */
export type Persisted = 'unknown' | 'granted' | 'denied'

export interface StoreStatus {
  readonly relay: RelayState
  /** Set when `relay` is `refused` or `offline`. */
  readonly reason?: Reason
  /** How this window and the relay talk. Set while `relay` is `connected`. */
  readonly wire?: Wire
  /** Conversations that hold edits which the relay is not known to have. */
  readonly waiting: number
  /**
   * Why the relay does not take the edits of one of them, while it is connected: `SPACE_FULL`, `STORAGE_FULL` and `DOCUMENT_FULL` are tried
   * again by themselves, `READ_ONLY` with another token, the others are decided (see `aside`).
   */
  readonly notTaken?: Reason
  /** Conversations of which the relay has something that is not here yet. Absent is 0. */
  readonly behind?: number
  /** Blobs of this device that the relay is not known to have. Absent is 0. */
  readonly uploads?: number
  /**
   * Why the relay, connected, did not take one of them: `SPACE_FULL`, `BLOB_TOO_LARGE`, `BLOB_TYPE`... They stay on this device and are tried
   * again. The same in every window, whichever sends them.
   */
  readonly uploadsRefused?: Reason
  /** What the relay will not take and a person has not decided about yet, see `store.aside`. Absent is 0. */
  readonly aside?: number
  readonly storage: Persisted
  /** Set while the device cannot be written. */
  readonly notSaved?: { readonly reason: NotSavedReason; readonly since: number }
}

/** One line of the list. The same object until something in it changes. */
export interface ListItem {
  readonly id: string
  readonly summary: Summary
  /** `waiting`: this device holds edits that the relay is not known to have. */
  readonly status: 'waiting' | 'sent'
  /** Set while its text, or the newest of it, is on the relay and not here yet. */
  readonly behind?: true
  /**
   * Its last answer broke off: it was written so, or its summary says that it streams (`summary.streaming`) and no live window writes it,
   * in this browser, by the relay's leases, or for want of any news for as long as a lease lasts (W12).
   */
  readonly interrupted?: true
}

/** Who else has a conversation open. */
export interface Peer {
  readonly clientId: number
  /** True for this window itself. */
  readonly self: boolean
  readonly name: string
  readonly color: string
  /** Ids of messages that this peer is writing at this moment. */
  readonly writing: readonly string[]
  /** Everything it said of itself, unchecked. */
  readonly state: Readonly<Record<string, unknown>>
}

export interface Presence extends Readable<readonly Peer[]> {
  /** Merges into what this window says of itself; `null` leaves. */
  setLocal(state: Readonly<Record<string, unknown>> | null): void
}

/** Who answers a turn, as the relay says. */
export interface LeaseInfo {
  readonly key: string
  /** A random name of the other window, new each time it starts. */
  readonly holder: string
  readonly mine: boolean
  readonly fencing: number
}

/** The word that this window, and no other, answers a turn (W12). Advisory without a relay. */
export interface Lease {
  readonly key: string
  /** The relay's number for it, which only grows; 0 without a relay. */
  readonly fencing: number
  /** Aborted, with a `LeaseEndedError`, when another window has it now or somebody asks this one to stop. */
  readonly signal: AbortSignal
  release(): void
}

/** How a message ended. `completedAt` is now unless given. */
export type FinishOptions = Omit<FinishMessage, 'completedAt'> & { readonly completedAt?: number }

/**
 * Writes a message that streams. Deltas are applied at once while the device is idle, and together while a write is
 * on its way, so that nothing waits for a timer and nothing waits longer than 50 ms.
 */
export interface Writer {
  readonly messageId: string
  /** False once the message has ended, here or by another window's hand: whoever feeds the writer should then stop. */
  readonly open: boolean
  /** Aborted when somebody asks to stop, when another window has the lease, and when the message has ended. */
  readonly signal: AbortSignal
  text(delta: string): void
  reasoning(delta: string): void
  /** Appends a whole part (a tool call, a file, a step start...), after the deltas so far. Gives its id. */
  part(part: PartInput): string
  toolInput(callId: string, delta: string): void
  toolOutput(callId: string, delta: string): void
  /** Any other edit of this message, after the deltas so far, in one transaction. */
  edit<T>(change: (doc: Y.Doc, writer: StreamingWriter) => T): T
  /** Everything so far is in the document and on the device. */
  flush(): Promise<void>
  /**
   * Writes the end, gives the lease back, and resolves when it is on the device. A cancellation by another window stands.
   * Without it the message is found as interrupted when this window has gone.
   */
  finish(options: FinishOptions): Promise<void>
  /** Ends it as `cancelled`. */
  abort(reason?: string): Promise<void>
}

export interface OpenConversation {
  readonly id: string
  readonly doc: Y.Doc
  readonly awareness: Awareness
  get(): Conversation
  subscribe(listener: () => void): () => void
  /** The same object until this message changes. */
  getMessage(id: string): Message | undefined
  subscribeMessage(id: string, listener: () => void): () => void
  /** Runs in one transaction with this window as its origin. */
  edit<T>(change: (doc: Y.Doc) => T): T
  stream(messageId: string): Writer
  /**
   * Asks to be the one window that answers: the id of a message, or of the question that is answered. Rejects with a
   * `LeaseHeldError` when another window is. `stream` asks for the lease of its message by itself.
   */
  lease(key: string): Promise<Lease>
  /** Asks whoever holds the lease, in any window, to stop. */
  requestStop(key: string): Promise<void>
  readonly leases: Readable<readonly LeaseInfo[]>
  /** True while some live window (this one, a tab of this browser, a present peer) writes this message. */
  isLive(messageId: string): boolean
  readonly status: Readable<ConversationStatus>
  /** Resolves when every edit made so far is committed on this device; rejects with a `PersistenceError`. */
  saved(): Promise<void>
  /** Resolves when the relay is known to have every edit made so far. Never while offline. */
  sent(): Promise<void>
  readonly presence: Presence
  /** Text typed but not sent, kept on this device only. */
  readonly draft: Draft
  /** Gives this opening back. What is not saved yet stays in memory until it is. Closing twice is closing once. */
  close(): void
}

export interface Draft {
  load(): Promise<string>
  set(text: string): Promise<void>
}

/** What a conversation begins with. Its id and time are given by the store unless you have them. */
export type NewConversation = Omit<InitialConversation, 'id' | 'createdAt'> & {
  readonly id?: string
  readonly createdAt?: number
}

/** A conversation as a download, for a person whose device cannot save it. */
export interface Exported {
  readonly id: string
  /** Without extension; safe as a file name. */
  readonly name: string
  /** The whole state as one Yjs update (v1). */
  readonly update: Uint8Array
  /** The conversation as readable JSON. */
  readonly json: string
}

export interface OpenStoreOptions extends Partial<Environment> {
  readonly space: string
  readonly persistence: Persistence
  readonly relay?: RelayAddress | null
  /**
   * Another way to a relay. By default one `/sync` socket for everything, and stock y-websocket sockets where the relay has no
   * `/sync`; `websocketConnection` is those alone.
   */
  readonly connect?: (space: string, address: RelayAddress, environment: Environment) => Connection
  /** Versions of `/sync` that it speaks; all that this program knows unless said. For tests of old against new. */
  readonly versions?: VersionRange
}

/** Something of this device that the relay will not take (W9). */
export interface AsideItem {
  readonly key: string
  readonly conversation: string
  readonly title: string
  /** Why: `EPOCH_PURGED` (deleted for good elsewhere), `GAP`, `BAD_UPDATE`, `TOO_LARGE`. */
  readonly reason: Reason
  readonly at: number
}

export interface Aside extends Readable<readonly AsideItem[]> {
  /** As readable JSON and bytes. */
  export(key: string): Promise<Exported>
  /** Makes a new conversation of it, under an id of its own, and lets go of it. Gives the id. */
  restore(key: string): Promise<string>
  discard(key: string): Promise<void>
}

export interface Blobs {
  /**
   * Keeps bytes on this device under their hash and sends them to the relay when there is one. An edit made right after, with the
   * reference in it, goes into the same transaction.
   */
  put(bytes: Uint8Array, mediaType: string): Promise<StoredBlobRef>
  /** From this device, else from the relay, checked against its hash. Rejects with a `BlobError`. */
  get(sha256: string): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string }>
  /** An address to show it by. Give it back with `URL.revokeObjectURL`. */
  url(sha256: string): Promise<string>
}

export interface StoredBlobRef {
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  readonly mediaType: string
}

export interface Store {
  readonly space: string
  /** Newest first. Trashed and archived conversations are in it, flagged by their summary. */
  readonly list: Readable<readonly ListItem[]>
  create(init?: NewConversation): Promise<OpenConversation>
  /** One document per conversation however often it is opened; each opening is closed once. */
  open(id: string): Promise<OpenConversation>
  readonly status: Readable<StoreStatus>
  setRelay(relay: RelayAddress | null): void
  /** Tries to save, to connect and to send what was not taken now rather than at the next retry; the other windows connect and send too. */
  retry(): void
  exportConversation(id: string): Promise<Exported>
  /**
   * Deletes a conversation for good, here and everywhere: there is no way back. What another device has not sent of it by then is
   * set aside there. Resolves when it is gone from this device; the relay is told when there is one.
   */
  purge(id: string): Promise<void>
  readonly aside: Aside
  readonly blobs: Blobs
  /** What is kept here takes of this device, pictures and files included; null where nobody counts. Ask when saving fails with `QUOTA`. */
  usage(): Promise<DeviceUsage | null>
  /** Resolves when everything in memory is on the device, or rejects with why not. */
  saved(): Promise<void>
  close(): Promise<void>
}
