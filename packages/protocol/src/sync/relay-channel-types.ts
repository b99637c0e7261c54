import type { Decision } from '../decision.ts'
import type { UpdateSource } from '../peer.ts'
import type { ChannelMode, ClientFrame, LeasedFrame, LeaseOperation, RelayFrame, SyncRole } from './frames.ts'

/** A list that grows at its front: pure, and nothing is copied. */
export interface Linked<T> {
  readonly value: T
  readonly before: Linked<T> | null
}

/** An update that came while the client was being brought level. */
export interface Passed {
  readonly seq: number
  readonly update: Uint8Array
}

/** One opening of one document, as the relay sees it. */
export type RelayChannelState =
  /** The room is being loaded; nothing may come but `close`. */
  | {
      readonly kind: 'loading'
      readonly mode: ChannelMode
      readonly seq: number
      readonly stateVector: Uint8Array
    }
  | RelayChannelOpen
  | { readonly kind: 'ended' }

export interface RelayChannelOpen {
  readonly kind: 'open'
  readonly mode: ChannelMode
  readonly role: SyncRole
  /** Updates that came: judged, or being judged. */
  readonly received: number
  /** Updates judged; what was stored of them may not be durable yet. */
  readonly decided: number
  /** While any are on their way to being durable (`inFlight`): the last before which none is. */
  readonly durable: number
  readonly inFlight: number
  /** Updates with gaps that wait for the answer to the resync, latest first, and the earliest of them. */
  readonly held: Linked<number> | null
  readonly heldFrom: number
  readonly resync: 'none' | 'asked' | 'answering'
  /** The update that answers the resync, while it is under way; 0 when none is. What is held before it waits for it to be durable. */
  readonly answer: number
  /** Refusals that no ack has told yet, latest first. */
  readonly refused: Linked<{ readonly n: number; readonly code: number }> | null
  readonly refusals: number
  readonly acked: number
  /** Position up to which the client has been sent (or itself sent) everything. */
  readonly seq: number
  /** Why updates are not passed on as they come: being brought level, with what came since; or the client does not keep up (W7). */
  readonly flow:
    | { readonly kind: 'live' }
    | { readonly kind: 'catching-up'; readonly passed: Linked<Passed> | null }
    | { readonly kind: 'behind' }
  readonly closing: boolean
}

/** Frames of a channel that is open. */
export type ChannelClientFrame = Extract<
  ClientFrame,
  { readonly kind: 'message' | 'answer' | 'lease' | 'stop' | 'close' }
>

export type RelayChannelEvent =
  /** The room is there. `seq`: its last durable position. `stateVector`: what its intake has, durable or under way. */
  | {
      readonly kind: 'loaded'
      readonly epoch: string
      readonly seq: number
      readonly stateVector: Uint8Array
      readonly role: SyncRole
    }
  /** It cannot be opened, by a code of `REFUSAL`. `epoch` as in the frame `refused`. */
  | { readonly kind: 'unopenable'; readonly code: number; readonly epoch: string; readonly text: string }
  | { readonly kind: 'frame'; readonly frame: ChannelClientFrame }
  /** The intake's answer to `judge`, handed in before anything else. */
  | { readonly kind: 'judged'; readonly source: UpdateSource; readonly decision: Decision }
  /**
   * What `store`, `store-good` or `wait` asked for is durable, at position `seq` (0 for `wait`). In the order they were
   * asked, and among the broadcasts in the order of positions, after the broadcast of the same position if there is one
   * (a record that holds others' updates too).
   */
  | { readonly kind: 'durable'; readonly n: number; readonly seq: number }
  /** The answer to `ask`. */
  | { readonly kind: 'resync'; readonly stateVector: Uint8Array }
  /** What `store` asked for was not written. `code`: `STORAGE_FAILED` or `STORAGE_FULL`. */
  | { readonly kind: 'append-failed'; readonly code: number }
  /**
   * The answer to `catch-up`: what the client lacked, ascending, and the position it then has. That may be lower than what
   * the updates bring, never higher.
   */
  | { readonly kind: 'caught-up'; readonly seq: number; readonly updates: readonly Passed[] }
  /** A record that is not this opening's alone is durable (W2). In the order of positions, in either mode. */
  | { readonly kind: 'broadcast'; readonly seq: number; readonly update: Uint8Array }
  /** Awareness to tell: others' states, or the channel's own echoed (W10). */
  | { readonly kind: 'awareness'; readonly awareness: Uint8Array }
  /** Somebody has a lease, or nobody any more. `request` when it answers one of this channel, else 0. */
  | { readonly kind: 'leased'; readonly leased: Omit<LeasedFrame, 'kind' | 'channel'> }
  | { readonly kind: 'request-refused'; readonly request: number; readonly code: number; readonly text: string }
  | { readonly kind: 'request-done'; readonly request: number }
  | { readonly kind: 'stop-requested'; readonly key: string; readonly by: string }
  | { readonly kind: 'role'; readonly role: SyncRole }
  /** Tell what has been decided: once per turn of the event loop after `ack-soon`, so that acks join. */
  | { readonly kind: 'flush' }
  /** More waits in this channel than is good. */
  | { readonly kind: 'clogged' }
  /** What waited has been sent. */
  | { readonly kind: 'drained' }
  /** The document was purged, is damaged, its room was given up, or the token does not reach it any more. */
  | { readonly kind: 'end'; readonly code: number; readonly text: string }
  /** The connection has gone. */
  | { readonly kind: 'gone' }

export type RelayChannelEffect =
  | { readonly kind: 'send'; readonly frame: RelayFrame }
  /**
   * Find what the client lacks and hand in `caught-up`: the records after `seq` if `seq` is over 0 and they are still there, else the
   * difference to `stateVector` (null: the whole document). Only what is durable.
   */
  | { readonly kind: 'catch-up'; readonly seq: number; readonly stateVector: Uint8Array | null }
  /** Have the room's intake look at this (taking it when the peer may write) and hand in `judged` at once. */
  | { readonly kind: 'judge'; readonly source: UpdateSource; readonly update: Uint8Array; readonly take: boolean }
  /** Write it, show it to the others when it is durable (W2), then hand in `durable` with this `n`. */
  | { readonly kind: 'store'; readonly n: number; readonly update: Uint8Array }
  /** The intake takes this known-good part of an update that has a gap; then as `store`. */
  | { readonly kind: 'store-good'; readonly n: number; readonly update: Uint8Array }
  /** It brings nothing new; hand in `durable` when all that the room has under way now is, for it may repeat some of that (W1). */
  | { readonly kind: 'wait'; readonly n: number }
  /** Hand in `resync` with what the intake has. */
  | { readonly kind: 'ask' }
  | { readonly kind: 'note-gap'; readonly kept: boolean }
  /** Hand in `flush` when this turn of the event loop is over. */
  | { readonly kind: 'ack-soon' }
  /** Tell every awareness state and every live lease. */
  | { readonly kind: 'introduce' }
  | { readonly kind: 'hear'; readonly awareness: Uint8Array }
  /** Answer with `leased` or `request-refused`; tell the other watchers by `leased`. */
  | {
      readonly kind: 'lease'
      readonly request: number
      readonly key: string
      readonly operation: LeaseOperation
      readonly ttl: number
      readonly fencing: number
    }
  /** Answer with `request-done` or `request-refused`; tell the holder by `stop-requested`. */
  | { readonly kind: 'stop'; readonly request: number; readonly key: string }
  /** Forget what waits to be sent in this channel, but for acks and answers. */
  | { readonly kind: 'drop-queue' }
  /**
   * The opening is over: it leaves the room. Not before, even if it is closing: what is under way for it, and whether that or the room
   * fails, has to reach it.
   */
  | { readonly kind: 'ended' }
  /** The client breaks the protocol: close the connection with `BAD_FRAME`. */
  | { readonly kind: 'broken'; readonly reason: string }

export interface RelayChannelStep {
  readonly state: RelayChannelState
  readonly effects: readonly RelayChannelEffect[]
}
