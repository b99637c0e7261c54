import type {
  Conversation,
  FinishMessage,
  NewConversation as InitialConversation,
  Message,
  PartInput,
  StreamingWriter,
  Summary,
} from '@holdfast/conversation'
import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import type { Connection } from './connection/port.ts'
import type { Environment } from './environment.ts'
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
}

/** Why something did not happen, for people (`message`) and for programs (`code`, stable). */
export interface Reason {
  readonly code: string
  readonly message: string
}

/**
 * What the relay has of a conversation that is saved on this device.
 * `sent`: the relay has answered a question that was asked after everything was sent, and it answers only
 * when that is on its disk. `synced` is kept for the acknowledgement of design W1.
 */
export type RelayProgress = 'none' | 'sending' | 'sent' | 'synced' | 'offline' | 'refused'

export type ConversationStatus =
  | { readonly kind: 'saving' }
  | { readonly kind: 'saved'; readonly relay: RelayProgress; readonly reason?: Reason }
  | { readonly kind: 'not-saved'; readonly reason: NotSavedReason; readonly since: number }

export interface NotSavedReason extends Reason {
  readonly code: PersistenceErrorCode
}

export type RelayState = 'none' | 'connecting' | 'connected' | 'offline' | 'refused'

/** Whether the browser promised not to evict what we keep. `unknown`: not asked yet, or nobody to ask. */
export type Persisted = 'unknown' | 'granted' | 'denied'

export interface StoreStatus {
  readonly relay: RelayState
  /** Set when `relay` is `refused` or `offline`. */
  readonly reason?: Reason
  /** Conversations that hold edits which the relay is not known to have. */
  readonly waiting: number
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
  /** Another way to a relay than stock y-websocket sockets. */
  readonly connect?: (space: string, address: RelayAddress, environment: Environment) => Connection
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
  /** Tries to save and to connect now rather than at the next retry. */
  retry(): void
  exportConversation(id: string): Promise<Exported>
  /** Resolves when everything in memory is on the device, or rejects with why not. */
  saved(): Promise<void>
  close(): Promise<void>
}
