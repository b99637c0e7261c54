import { decodeStockFrame, encodeAwarenessFrame, encodeStep2, encodeUpdate } from '../frames.ts'
import { REFUSAL } from './codes.ts'
import type {
  AckFrame,
  ChannelMode,
  ClientFrame,
  LeasedFrame,
  LeaseOperation,
  OpenedFrame,
  RefusedUpdate,
  RelayFrame,
  SyncRole,
} from './frames.ts'

/** What was said of the document when the channel was asked for. */
export interface Asked {
  readonly epoch: string
  readonly seq: number
  readonly mode: ChannelMode
  /** False when the relay turned out to have another history since (W11). */
  readonly trusted: boolean
}

/** One opening of one document, as the client sees it. Counters belong to the opening (W1). */
export type ClientChannelState =
  | { readonly kind: 'opening'; readonly asked: Asked }
  | {
      readonly kind: 'open'
      readonly mode: ChannelMode
      readonly role: SyncRole
      readonly epoch: string
      /** Everything of the log up to here is known to have come. */
      readonly seq: number
      /** All that was lacking at the opening has come. */
      readonly level: boolean
      /** Updates sent, and how many of them are decided. */
      readonly sent: number
      readonly acked: number
    }
  /** `close` was sent; acks still come. */
  | { readonly kind: 'closing'; readonly sent: number; readonly acked: number }
  | { readonly kind: 'closed' }

/** Frames of a channel. */
export type ChannelRelayFrame = Exclude<Extract<RelayFrame, { readonly channel: number }>, { readonly kind: 'piece' }>

export type ClientChannelEvent =
  | { readonly kind: 'frame'; readonly frame: ChannelRelayFrame }
  /** Send an update. Counted from 1 in this opening: the n-th is what `acked` means. */
  | { readonly kind: 'update'; readonly update: Uint8Array }
  /** Send what the relay lacks, as a step 2 against the state vector of `opened`. Counted like an update. */
  | { readonly kind: 'offer'; readonly update: Uint8Array }
  /** Send what the relay lacks, as a step 2 against the state vector of `resync`. Counted like an update. */
  | { readonly kind: 'resync-answer'; readonly update: Uint8Array }
  | { readonly kind: 'awareness'; readonly awareness: Uint8Array }
  | {
      readonly kind: 'lease'
      readonly request: number
      readonly key: string
      readonly operation: LeaseOperation
      readonly ttl: number
      readonly fencing: number
    }
  | { readonly kind: 'stop'; readonly request: number; readonly key: string }
  | { readonly kind: 'close' }
  /** The welcome showed another history than the one that the opening was asked in (W11). */
  | { readonly kind: 'distrust' }
  /** The connection has gone. */
  | { readonly kind: 'lost' }

export type ClientChannelEffect =
  | { readonly kind: 'send'; readonly frame: ClientFrame }
  /**
   * The relay has the document open. What the client has beyond `stateVector` is to be offered, unless `trusted` (the acks of
   * earlier openings still hold) and nothing is unacknowledged. An empty difference is offered too: the state vector may
   * name what is not durable yet, and the ack of the offer is the word that it is. `epoch` is worth remembering once an ack
   * came or `seq` is over 0; it may be another than the one asked for (Y12).
   */
  | {
      readonly kind: 'opened'
      readonly epoch: string
      readonly seq: number
      readonly role: SyncRole
      readonly stateVector: Uint8Array
      readonly trusted: boolean
    }
  /** Not opened, by a code of `REFUSAL`. */
  | { readonly kind: 'refused'; readonly code: number; readonly text: string }
  /**
   * W9: this epoch will not be taken again. What the device still has of it is to be set aside. `refused` or `closed` follows.
   * `epoch`: the purged one, or (`EPOCH_OTHER`) the live one.
   */
  | { readonly kind: 'set-aside'; readonly code: number; readonly epoch: string; readonly text: string }
  | { readonly kind: 'deliver'; readonly update: Uint8Array; readonly seq: number }
  | { readonly kind: 'level'; readonly seq: number }
  | { readonly kind: 'hear'; readonly awareness: Uint8Array }
  /** Everything sent up to the `upTo`-th is durable on the relay, but for `refused`. `seq`: everything up to there is here. */
  | {
      readonly kind: 'acked'
      readonly upTo: number
      readonly seq: number
      readonly refused: readonly RefusedUpdate[]
    }
  /** Answer with `resync-answer`. */
  | { readonly kind: 'resync'; readonly stateVector: Uint8Array }
  | { readonly kind: 'leased'; readonly leased: LeasedFrame }
  | { readonly kind: 'stop-requested'; readonly key: string; readonly by: string }
  /** It was not sent and not counted: the channel is not open, may not write, or it is over the limit of a message. */
  | { readonly kind: 'not-sent'; readonly reason: 'not-open' | 'read-only' | 'too-large' }
  /** The channel has ended; what was sent and not acked is not known to be on the relay. */
  | { readonly kind: 'closed'; readonly code: number; readonly text: string }
  /** The connection has gone, and the channel with it. */
  | { readonly kind: 'lost' }
  /** The relay breaks the protocol: the connection is to be given up, nothing was changed. */
  | { readonly kind: 'broken'; readonly reason: string }

export interface ClientChannelStep {
  readonly state: ClientChannelState
  readonly effects: readonly ClientChannelEffect[]
}

type Open = Extract<ClientChannelState, { kind: 'open' }>
type Closing = Extract<ClientChannelState, { kind: 'closing' }>

const NONE: readonly ClientChannelEffect[] = []
const CLOSED: ClientChannelState = { kind: 'closed' }

/** What one event makes of one opening. Pure; the rules are in SPEC-SYNC.md. */
export function stepClientChannel(
  channel: number,
  state: ClientChannelState,
  event: ClientChannelEvent,
): ClientChannelStep {
  if (event.kind === 'distrust') return { state: distrust(state), effects: NONE }
  if (state.kind === 'closed') return { state, effects: notOpen(event) }
  if (event.kind === 'lost') return { state: CLOSED, effects: [{ kind: 'lost' }] }
  if (event.kind === 'close') return close(channel, state)
  if (event.kind === 'frame') return receive(state, event.frame)
  if (state.kind !== 'open') return { state, effects: notOpen(event) }
  switch (event.kind) {
    case 'update':
      return sendUpdate(channel, state, encodeUpdate(event.update), false)
    case 'offer':
      return sendUpdate(channel, state, encodeStep2(event.update), false)
    case 'resync-answer':
      return sendUpdate(channel, state, encodeStep2(event.update), true)
    case 'awareness':
      if (state.mode === 'exchange') return { state, effects: NONE }
      return send(state, { kind: 'message', channel, bytes: encodeAwarenessFrame(event.awareness) })
    case 'lease': {
      const { request, key, operation, ttl, fencing } = event
      return send(state, { kind: 'lease', channel, request, key, operation, ttl, fencing })
    }
    case 'stop':
      return send(state, { kind: 'stop', channel, request: event.request, key: event.key })
  }
}

function distrust(state: ClientChannelState): ClientChannelState {
  return state.kind === 'opening' ? { kind: 'opening', asked: { ...state.asked, trusted: false } } : state
}

function notOpen(event: ClientChannelEvent): readonly ClientChannelEffect[] {
  const asks = event.kind !== 'frame' && event.kind !== 'close' && event.kind !== 'lost'
  return asks ? [{ kind: 'not-sent', reason: 'not-open' }] : NONE
}

function send(state: Open, frame: ClientFrame): ClientChannelStep {
  return { state, effects: [{ kind: 'send', frame }] }
}

function sendUpdate(channel: number, state: Open, bytes: Uint8Array, answer: boolean): ClientChannelStep {
  if (state.role === 'read') return { state, effects: [{ kind: 'not-sent', reason: 'read-only' }] }
  const effects: ClientChannelEffect[] = answer ? [{ kind: 'send', frame: { kind: 'answer', channel } }] : []
  effects.push({ kind: 'send', frame: { kind: 'message', channel, bytes } })
  return { state: { ...state, sent: state.sent + 1 }, effects }
}

function close(channel: number, state: Exclude<ClientChannelState, { kind: 'closed' }>): ClientChannelStep {
  if (state.kind === 'closing') return { state, effects: NONE }
  const { sent, acked } = state.kind === 'open' ? state : { sent: 0, acked: 0 }
  return { state: { kind: 'closing', sent, acked }, effects: [{ kind: 'send', frame: { kind: 'close', channel } }] }
}

function receive(state: Exclude<ClientChannelState, { kind: 'closed' }>, frame: ChannelRelayFrame): ClientChannelStep {
  if (frame.kind === 'closed') return ended(frame.code, state.kind === 'open' ? state.epoch : '', frame.text)
  if (frame.kind === 'refused') {
    return state.kind === 'open'
      ? broken(state, 'refuses what is open')
      : state.kind === 'opening'
        ? refused(frame.code, frame.epoch, frame.text)
        : ended(REFUSAL.ENDED, '', frame.text)
  }
  switch (state.kind) {
    case 'opening':
      return frame.kind === 'opened' ? opened(state.asked, frame) : broken(state, `${frame.kind} before opened`)
    case 'open':
      return frame.kind === 'opened' ? broken(state, 'opens what is open') : receiveOpen(state, frame)
    case 'closing':
      // What was under way when `close` was sent is nobody's any more, but acks still count.
      return frame.kind === 'ack' ? acked(state, frame) : { state, effects: NONE }
  }
}

function opened(asked: Asked, { epoch, seq, role, stateVector }: OpenedFrame): ClientChannelStep {
  // W11: a log that is shorter than it was, or goes on under another epoch, has lost what it acknowledged.
  const trusted = asked.trusted && asked.epoch === epoch && seq >= asked.seq
  return {
    state: {
      kind: 'open',
      mode: asked.mode,
      role,
      epoch,
      seq: trusted ? asked.seq : 0,
      level: false,
      sent: 0,
      acked: 0,
    },
    effects: [{ kind: 'opened', epoch, seq, role, stateVector, trusted }],
  }
}

function receiveOpen(
  state: Open,
  frame: Exclude<ChannelRelayFrame, { readonly kind: 'opened' | 'refused' | 'closed' }>,
): ClientChannelStep {
  switch (frame.kind) {
    case 'update': {
      const seq = Math.max(state.seq, frame.seq)
      return { state: { ...state, seq }, effects: [{ kind: 'deliver', update: frame.update, seq }] }
    }
    case 'at': {
      const seq = Math.max(state.seq, frame.seq)
      return { state: { ...state, seq, level: true }, effects: [{ kind: 'level', seq }] }
    }
    case 'ack':
      return acked(state, frame)
    case 'resync':
      return { state, effects: [{ kind: 'resync', stateVector: frame.stateVector }] }
    case 'message':
      return message(state, frame.bytes)
    case 'leased':
      return { state, effects: [{ kind: 'leased', leased: frame }] }
    case 'stopRequested':
      return { state, effects: [{ kind: 'stop-requested', key: frame.key, by: frame.by }] }
  }
}

/** Y9: an ack counts what was sent and not yet decided, and nothing else. */
function acked(state: Open | Closing, { upTo, seq, refused }: AckFrame): ClientChannelStep {
  if (upTo > state.sent) return broken(state, 'acknowledges what was never sent')
  if (upTo < state.acked) return broken(state, 'an ack that goes back')
  let last = state.acked
  for (const { n } of refused) {
    if (n <= last || n > upTo) return broken(state, 'refuses what the ack does not cover')
    last = n
  }
  if (state.kind === 'closing') {
    // After `close` the relay lets go of what waited for us, so that no position can be taken from it.
    return { state: { ...state, acked: upTo }, effects: [{ kind: 'acked', upTo, seq: 0, refused }] }
  }
  const known = Math.max(state.seq, seq)
  return { state: { ...state, acked: upTo, seq: known }, effects: [{ kind: 'acked', upTo, seq: known, refused }] }
}

function message(state: Open, bytes: Uint8Array): ClientChannelStep {
  const frame = decodeStockFrame(bytes)
  switch (frame.kind) {
    case 'awareness':
      return { state, effects: [{ kind: 'hear', awareness: frame.awareness }] }
    case 'garbage':
      return broken(state, frame.reason)
    default:
      return broken(state, `a ${frame.kind} message from the relay`)
  }
}

function refused(code: number, epoch: string, text: string): ClientChannelStep {
  const effects: ClientChannelEffect[] = []
  if (code === REFUSAL.EPOCH_PURGED || code === REFUSAL.EPOCH_OTHER) {
    effects.push({ kind: 'set-aside', code, epoch, text })
  }
  effects.push({ kind: 'refused', code, text })
  return { state: CLOSED, effects }
}

function ended(code: number, epoch: string, text: string): ClientChannelStep {
  const effects: ClientChannelEffect[] = []
  if (code === REFUSAL.EPOCH_PURGED) effects.push({ kind: 'set-aside', code, epoch, text })
  effects.push({ kind: 'closed', code, text })
  return { state: CLOSED, effects }
}

function broken(state: ClientChannelState, reason: string): ClientChannelStep {
  return { state, effects: [{ kind: 'broken', reason }] }
}
