import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import type { FeedCursor } from '../persistence/port.ts'
import type { Readable, Reason } from '../types.ts'
import type { SpaceConnection } from './sync/port.ts'

/** The way to a space's relay, one per store: over `/sync`, or over the stock endpoint. */
export type Connection = SpaceConnection | StockConnection

/** Documents join it one by one, each over a y-websocket provider of its own. */
export interface StockConnection {
  readonly kind: 'stock'

  readonly state: Readable<ConnectionState>
  /** Exchanges this document's updates and awareness with the relay, whenever there is a way, until it leaves. */
  join(id: string, doc: Y.Doc, awareness: Awareness): Membership
  /**
   * What changed in the space after this point, ascending, at once when there is something and otherwise when there is,
   * or after some seconds with nothing. A cursor of another incarnation is answered from the beginning.
   * Rejects with an `OfflineError` when there is no way.
   */
  feed(after: FeedCursor | null, signal: AbortSignal): Promise<FeedPage>
  /** Tries again now, also after a refusal. */
  retry(): void
  close(): void
}

export type ConnectionState =
  | { readonly kind: 'connecting' }
  /** `mayWrite`: false when the token only lets us read: what this device edits then stays here. */
  | { readonly kind: 'connected'; readonly mayWrite: boolean }
  | { readonly kind: 'offline'; readonly reason: Reason }
  /** The relay answered and will answer the same again: a wrong token, an unknown space. */
  | { readonly kind: 'refused'; readonly reason: Reason }

export type MembershipState =
  /** `reason`: the relay closed it, and said why. It is tried again. */
  | { readonly kind: 'offline'; readonly reason?: Reason }
  | { readonly kind: 'joining' }
  | { readonly kind: 'joined' }
  | { readonly kind: 'refused'; readonly reason: Reason }

/** One document's part in a connection. */
export interface Membership {
  readonly state: Readable<MembershipState>
  /** The origin with which updates from the relay are applied to the document. */
  readonly origin: unknown
  /**
   * Resolves when the relay has on its disk all that the document held when this was called, and the document holds
   * all that the relay had. Rejects with an `OfflineError` when the way breaks before that.
   */
  fence(): Promise<void>
  leave(): void
}

export interface FeedPage {
  /** The name of the history, to be remembered beside `next`. */
  readonly incarnation: string
  /** What was told under the name that was asked with counts in it (W11). */
  readonly follows: boolean
  /** In the order of the feed. Empty when nothing is newer. */
  readonly changes: readonly FeedChange[]
  /** Where to go on. */
  readonly next: number
}

export interface FeedChange {
  readonly document: string
  readonly feed: number
  readonly epoch: string
  readonly purged: boolean
}

/** There is no way to the relay at this moment. Never shown: it is retried. */
export class OfflineError extends Error {
  override readonly name = 'OfflineError'
  readonly code = 'OFFLINE'
}
