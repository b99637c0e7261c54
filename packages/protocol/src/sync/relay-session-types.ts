import type { CloseCode } from '../close-codes.ts'
import type { ChannelStands } from './channel-stands.ts'
import type { RequestAnswer } from './client-types.ts'
import type { ClientFrame, HelloFrame, OpenFrame, RelayFrame, SyncFeedEntry, SyncRole } from './frames.ts'
import type { SyncLimits, VersionRange } from './limits.ts'
import type { ChannelClientFrame, Linked } from './relay-channel-types.ts'

export interface RelaySessionConfig {
  readonly versions?: VersionRange
  readonly limits?: SyncLimits
  /** Entries of one page of the feed. */
  readonly feedPage?: number
}

/** Where a connection stands in the feed. */
export interface FeedState {
  /** Everything up to here has been sent. */
  readonly cursor: number
  /** The highest number known. */
  readonly head: number
  /** Why the client's cursor did not count, until the first page has told it; else 0. */
  readonly reset: number
  /** A page is being read, or has been sent and waits to be taken: one at a time (W7). */
  readonly pace: 'ready' | 'reading' | 'sending'
}

/** How one connection of `/sync/<space>` stands. */
export type RelaySessionState =
  | { readonly kind: 'waiting' }
  /** The token is being checked; what arrives meanwhile waits in order. */
  | {
      readonly kind: 'verifying'
      readonly hello: HelloFrame
      readonly version: number
      readonly held: Linked<ClientFrame> | null
    }
  | {
      readonly kind: 'open'
      readonly version: number
      readonly role: SyncRole
      readonly client: string
      /** Whether positions in `open` frames are of this history. */
      readonly seqCounts: boolean
      /** Each number that was ever used; `over` ones may be used again, and what still comes for them is ignored. */
      readonly channels: ChannelStands
      readonly feed: FeedState
    }
  | { readonly kind: 'closed'; readonly code: CloseCode | null }

export type RelaySessionEvent =
  | { readonly kind: 'frame'; readonly frame: ClientFrame }
  /** The bytes, or a channel's machine, show that the client breaks the protocol. */
  | { readonly kind: 'broken'; readonly code: CloseCode; readonly reason: string }
  /**
   * The token is good, for the space. `expiresIn`: seconds, 0 when it does not expire, so at least 1 for one that does. `head`: of the
   * feed, as of now.
   */
  | {
      readonly kind: 'verified'
      readonly role: SyncRole
      readonly expiresIn: number
      readonly incarnation: string
      readonly head: number
      /**
       * What the hello knows of another name is part of this history all the same, cursor and positions too: an earlier run of the
       * same storage (W11). False when not said.
       */
      readonly follows?: boolean
      /** Up to this `reach` what anybody was told under the hello's name is part of this history; 0 when nobody can tell, or not said. */
      readonly until?: number
    }
  /** It is not: `TOKEN_EXPIRED` (wrong or expired), `FORBIDDEN` (another space), `NOT_FOUND` (no such space). */
  | { readonly kind: 'denied'; readonly code: CloseCode; readonly reason: string }
  | { readonly kind: 'timer'; readonly timer: RelayTimer }
  /** The answer to `read-feed`. `upTo`: nothing more up to there. */
  | {
      readonly kind: 'feed-page'
      readonly entries: readonly SyncFeedEntry[]
      readonly upTo: number
      readonly head: number
    }
  | { readonly kind: 'feed-failed' }
  /** Something of the space was committed; its feed now ends at `head`. */
  | { readonly kind: 'committed'; readonly head: number }
  /** What waited on the session's own channel has been sent. */
  | { readonly kind: 'drained' }
  /** The answer to `summary` or `purge`. */
  | { readonly kind: 'answered'; readonly request: number; readonly answer: RequestAnswer }
  | { readonly kind: 'channel-over'; readonly channel: number }
  | { readonly kind: 'incarnation-changed' }
  | { readonly kind: 'stalled' }
  | { readonly kind: 'shutting-down' }
  /** The socket has closed. */
  | { readonly kind: 'gone' }

export type RelayTimer = 'hello' | 'expiry'

export type RelaySessionEffect =
  | { readonly kind: 'send'; readonly frame: RelayFrame }
  | { readonly kind: 'close'; readonly code: CloseCode; readonly reason: string }
  | { readonly kind: 'set-timer'; readonly timer: RelayTimer; readonly ms: number }
  | { readonly kind: 'clear-timer'; readonly timer: RelayTimer }
  /** Check a token for the space (the hello's, or its successor's) and hand in `verified` or `denied`. */
  | { readonly kind: 'verify'; readonly token: string; readonly client: string; readonly agent: string }
  /** The welcome is out. `renewed`: another token took the place of the first. */
  | { readonly kind: 'admitted'; readonly role: SyncRole; readonly renewed: boolean }
  /**
   * The client has a cursor that this history never gave (W11): its storage may have gone back in time. The feed begins
   * again at 0 for this client; whether the incarnation is renewed is the relay's to decide.
   */
  | { readonly kind: 'note-ahead'; readonly cursor: number; readonly head: number }
  | { readonly kind: 'read-feed'; readonly after: number; readonly limit: number }
  /** Begin a channel. `open.seq` is 0 when it is of another history. */
  | { readonly kind: 'open'; readonly open: OpenFrame }
  | { readonly kind: 'route'; readonly channel: number; readonly frame: ChannelClientFrame }
  | {
      readonly kind: 'summary'
      readonly request: number
      readonly document: string
      readonly epoch: string
      readonly summary: Uint8Array
    }
  | { readonly kind: 'purge'; readonly request: number; readonly document: string; readonly epoch: string }
  /** The connection is over: all its channels are gone. */
  | { readonly kind: 'over' }

export interface RelaySessionStep {
  readonly state: RelaySessionState
  readonly effects: readonly RelaySessionEffect[]
}
