import type { SyncLimits } from './limits.ts'

/** What the token allows, over the space or over one document. */
export type SyncRole = 'read' | 'write' | 'admin'

/** `watch` has awareness and leases too; `exchange` only brings both sides level, to be closed then. */
export type ChannelMode = 'watch' | 'exchange'

export type LeaseOperation = 'acquire' | 'renew' | 'release'

/**
 * A part of a frame that is larger than a frame may be. In one channel one transfer is under way at a time, in order:
 * `offset` is always what was sent of it before. A `total` of 0 gives the transfer up.
 */
export interface PieceFrame {
  readonly kind: 'piece'
  /** The channel of the frame inside; 0 for frames of the session. */
  readonly channel: number
  readonly offset: number
  readonly total: number
  readonly bytes: Uint8Array
}

/** One stock y-protocols message (see `decodeStockFrame`). From the client, step 2 and update messages are numbered 1, 2, 3 ... */
export interface MessageFrame {
  readonly kind: 'message'
  readonly channel: number
  readonly bytes: Uint8Array
}

/** Asks for a lease on `key` of the channel's document, keeps it, or gives it back. */
export interface LeaseFrame {
  readonly kind: 'lease'
  readonly channel: number
  /** Chosen by the client, over 0; comes back in `leased` or `failed`. */
  readonly request: number
  readonly key: string
  readonly operation: LeaseOperation
  /** Milliseconds it is wanted for; 0 with `release`. */
  readonly ttl: number
  /** The number given with the lease; 0 with `acquire`. */
  readonly fencing: number
}

export interface HelloFrame {
  readonly kind: 'hello'
  readonly minVersion: number
  readonly maxVersion: number
  /** A random id of this window, new each time it starts: the holder's name in leases. */
  readonly client: string
  /** Name and version of the program, for logs. */
  readonly agent: string
  readonly token: string
  /** Of the history that `cursor` and the `seq`s of coming `open`s belong to; '' for none. */
  readonly incarnation: string
  /** The feed number up to which the client knows everything. */
  readonly cursor: number
  /** Since version 2: the highest `reach` that the client was told under `incarnation`. Absent when it was told none. */
  readonly reach?: number
}

export interface OpenFrame {
  readonly kind: 'open'
  readonly channel: number
  readonly document: string
  /** '' when the client has never had anything of it acknowledged or sent. */
  readonly epoch: string
  /** Position in the log of this epoch up to which the client has everything; 0 when it does not know. */
  readonly seq: number
  readonly mode: ChannelMode
  /** What the client has, in Yjs's encoding. */
  readonly stateVector: Uint8Array
}

export type ClientFrame =
  | HelloFrame
  | { readonly kind: 'renew'; readonly token: string }
  | OpenFrame
  /** Wants no more of the channel. What was sent before is still decided and acknowledged, then `closed` comes. */
  | { readonly kind: 'close'; readonly channel: number }
  | MessageFrame
  /** The next step 2 of this channel answers a `resync`. */
  | { readonly kind: 'answer'; readonly channel: number }
  | PieceFrame
  | {
      readonly kind: 'summary'
      readonly request: number
      readonly document: string
      readonly epoch: string
      readonly summary: Uint8Array
    }
  | { readonly kind: 'purge'; readonly request: number; readonly document: string; readonly epoch: string }
  | LeaseFrame
  /** Asks whoever holds the lease to stop. */
  | { readonly kind: 'stop'; readonly channel: number; readonly request: number; readonly key: string }
  | { readonly kind: 'ping'; readonly id: number }

export interface WelcomeFrame {
  readonly kind: 'welcome'
  readonly version: number
  /** The name of the history from now on, to be remembered beside the cursor and sent in the next hello. */
  readonly incarnation: string
  /** The history named in the hello goes on under this other name: what the hello said counts all the same (W11). */
  readonly follows: boolean
  readonly role: SyncRole
  /** Seconds until the token expires; 0 when it does not. A duration, so that clocks need not agree. */
  readonly expiresIn: number
  /** The feed's highest number. */
  readonly head: number
  readonly limits: SyncLimits
  /**
   * Since version 2: up to this `reach` the history that the hello names is part of this one. 0 when it is not, or nobody can tell.
   * Says of other windows of the device, which may have been told more under that name, what `follows` says of this one.
   */
  readonly until?: number
}

export interface OpenedFrame {
  readonly kind: 'opened'
  readonly channel: number
  readonly epoch: string
  /** The last position of the log; 0 when nothing is stored, and the epoch is then only a proposal. */
  readonly seq: number
  readonly role: SyncRole
  /** What the relay has. */
  readonly stateVector: Uint8Array
}

export interface RefusedUpdate {
  readonly n: number
  readonly code: number
}

/**
 * How far the relay's history reached when the frame was made (since version 2; absent before): a number that grows with all that
 * becomes durable. What the frame says is in every copy of that history which reaches as far (W11).
 */
export interface Reaching {
  readonly reach?: number
}

/** Every update up to the `upTo`-th of this opening is decided: durable, or known before, or among `refused`. */
export interface AckFrame extends Reaching {
  readonly kind: 'ack'
  readonly channel: number
  readonly upTo: number
  /** The client now has everything of the log up to here; 0 when that cannot be said. */
  readonly seq: number
  /** Ascending; each was not among an earlier ack's. */
  readonly refused: readonly RefusedUpdate[]
}

/** One document in the feed, as it stands. */
export interface SyncFeedEntry {
  readonly document: string
  readonly number: number
  readonly epoch: string
  readonly seq: number
  readonly purged: boolean
  readonly summary: Uint8Array | null
}

/** All that has changed with numbers in (`after`, `upTo`]; each document once. */
export interface FeedFrame extends Reaching {
  readonly kind: 'feed'
  readonly after: number
  readonly upTo: number
  readonly head: number
  /** 0, or why the cursor of the hello does not count and the feed begins again at 0 (`CURSOR_AHEAD`, `OTHER_INCARNATION`). */
  readonly reset: number
  readonly entries: readonly SyncFeedEntry[]
}

/** Who has the lease. `holder` is '' and `ttl` 0 when it is free. */
export interface LeasedFrame {
  readonly kind: 'leased'
  readonly channel: number
  /** The request this answers; 0 when it was another's. */
  readonly request: number
  readonly key: string
  readonly holder: string
  readonly fencing: number
  /** Milliseconds it still runs. */
  readonly ttl: number
}

export type RelayFrame =
  | WelcomeFrame
  | { readonly kind: 'renewed'; readonly role: SyncRole; readonly expiresIn: number }
  | OpenedFrame
  /** The channel was not opened; its number is free. `epoch` is the live one (`EPOCH_OTHER`) or the purged one, else ''. */
  | ({
      readonly kind: 'refused'
      readonly channel: number
      readonly code: number
      readonly epoch: string
      readonly text: string
    } & Reaching)
  /** The channel has ended; its number is free. */
  | ({ readonly kind: 'closed'; readonly channel: number; readonly code: number; readonly text: string } & Reaching)
  | MessageFrame
  /** After this the client has everything of the log up to `seq`. `update` is Yjs update bytes, several joined if it helps. */
  | ({
      readonly kind: 'update'
      readonly channel: number
      readonly seq: number
      readonly update: Uint8Array
    } & Reaching)
  /** All that the client lacked when it opened has been sent: it has everything up to `seq`. */
  | ({ readonly kind: 'at'; readonly channel: number; readonly seq: number } & Reaching)
  | AckFrame
  /** Something the client sent builds on what is not here: it answers with a step 2 against this state vector (W5). */
  | { readonly kind: 'resync'; readonly channel: number; readonly stateVector: Uint8Array }
  | PieceFrame
  | FeedFrame
  | LeasedFrame
  /** Somebody asks the holder to stop. `by` is the other window's id. */
  | { readonly kind: 'stopRequested'; readonly channel: number; readonly key: string; readonly by: string }
  /** The request is done and durable. `feed` is where the document now stands in the feed; 0 when that does not apply. */
  | ({ readonly kind: 'done'; readonly request: number; readonly feed: number } & Reaching)
  | ({ readonly kind: 'failed'; readonly request: number; readonly code: number; readonly text: string } & Reaching)
  | { readonly kind: 'pong'; readonly id: number }

/** What a decoder says of bytes that are no frame. */
export interface GarbageFrame {
  readonly kind: 'garbage'
  readonly reason: string
}

/** The channel that a frame belongs to; 0 for frames of the session. */
export function channelOf(frame: ClientFrame | RelayFrame): number {
  return 'channel' in frame ? frame.channel : 0
}

/** Frames of the relay that say something of what is durable, and so (since version 2) how far that reaches. */
const REACHING = ['refused', 'closed', 'update', 'at', 'ack', 'feed', 'done', 'failed'] as const
export type ReachingFrame = Extract<RelayFrame, { readonly kind: (typeof REACHING)[number] }>

const KINDS: ReadonlySet<RelayFrame['kind']> = new Set(REACHING)

export function isReaching(frame: RelayFrame): frame is ReachingFrame {
  return KINDS.has(frame.kind)
}

/** The first byte of each frame. Clients send 1 to 31, relays 32 to 63, `message` and `piece` look the same both ways. */
export const FRAME_TYPE = {
  hello: 1,
  renew: 2,
  open: 3,
  close: 4,
  summary: 5,
  purge: 6,
  lease: 7,
  stop: 8,
  ping: 9,
  answer: 10,
  message: 16,
  piece: 17,
  welcome: 32,
  renewed: 33,
  opened: 34,
  refused: 35,
  closed: 36,
  update: 37,
  at: 38,
  ack: 39,
  resync: 40,
  feed: 41,
  leased: 42,
  stopRequested: 43,
  done: 44,
  failed: 45,
  pong: 46,
} as const

export const ROLES: readonly SyncRole[] = ['read', 'write', 'admin']
export const MODES: readonly ChannelMode[] = ['watch', 'exchange']
export const LEASE_OPERATIONS: readonly LeaseOperation[] = ['acquire', 'renew', 'release']
