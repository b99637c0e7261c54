import { CLOSE, type CloseCode } from './close-codes.ts'
import type { Decision } from './decision.ts'
import type { StockFrame } from './frames.ts'
import { REFUSAL } from './sync/codes.ts'

/** How one connection of the stock endpoint stands. */
export type PeerState =
  /** The document is being read; what arrives meanwhile waits in order. */
  | { readonly kind: 'loading'; readonly mayWrite: boolean; readonly held: HeldFrame | null }
  /**
   * In the room. `asked` while the answer to a resync is due: gaps met meanwhile are not asked about again, and the answer
   * is taken as it is.
   */
  | { readonly kind: 'open'; readonly mayWrite: boolean; readonly resync: 'none' | 'asked' }
  | { readonly kind: 'closed'; readonly code: CloseCode | null }

/** The frames that arrived while the document was being read, latest first. */
export interface HeldFrame {
  readonly frame: PeerFrame
  readonly before: HeldFrame | null
}

/** A frame that is not garbage. */
export type PeerFrame = Exclude<StockFrame, { kind: 'garbage' }>
export type UpdateSource = 'step2' | 'update'

export type PeerEvent =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'load-failed' }
  | { readonly kind: 'frame'; readonly frame: StockFrame }
  | { readonly kind: 'text-frame' }
  /** The intake's answer to the effect `judge`. */
  | { readonly kind: 'judged'; readonly source: UpdateSource; readonly decision: Decision }
  | { readonly kind: 'append-failed' }
  | { readonly kind: 'purged' }
  | { readonly kind: 'awareness-garbage' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'revoked' }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'too-big' }
  | { readonly kind: 'stalled' }
  | { readonly kind: 'shutting-down' }
  /** The socket has closed. */
  | { readonly kind: 'gone' }

export type PeerEffect =
  /** Send a step 1 with the document's state vector: at first, and to ask for a resync. */
  | { readonly kind: 'ask' }
  /** Send everybody's awareness state. */
  | { readonly kind: 'introduce' }
  /** Answer with a step 2, once everything that was accepted before is durable (W1). */
  | { readonly kind: 'answer'; readonly stateVector: Uint8Array }
  /** Have the intake look at this (taking it when the peer may write), then feed `judged` back. */
  | { readonly kind: 'judge'; readonly source: UpdateSource; readonly update: Uint8Array; readonly take: boolean }
  /** Write it, and show it to the others when it is durable (W2). */
  | { readonly kind: 'store'; readonly update: Uint8Array }
  /** The intake takes this known-good part of an update that has a gap; store it. */
  | { readonly kind: 'store-good'; readonly update: Uint8Array }
  /** Tell the peer that its edit was not stored, and why, in words and by a code of `REFUSAL`. */
  | { readonly kind: 'deny'; readonly code: number; readonly reason: string }
  | { readonly kind: 'hear'; readonly awareness: Uint8Array }
  /** A gap: for the log and the metrics. */
  | { readonly kind: 'note-gap'; readonly kept: boolean }
  | { readonly kind: 'close'; readonly code: CloseCode; readonly reason: string }

export interface PeerStep {
  readonly state: PeerState
  readonly effects: readonly PeerEffect[]
}

const READ_ONLY = 'this token may read and not write: the edit was not stored'
const NONE: readonly PeerEffect[] = []
const GONE: PeerStep = { state: { kind: 'closed', code: null }, effects: NONE }

export function openPeer(mayWrite: boolean): PeerState {
  return { kind: 'loading', mayWrite, held: null }
}

/** What one event makes of one connection. Pure; the rules are in SPEC.md. */
export function stepPeer(state: PeerState, event: PeerEvent): PeerStep {
  if (state.kind === 'closed') return { state, effects: NONE }
  switch (event.kind) {
    case 'loaded':
      return state.kind === 'loading' ? enter(state) : { state, effects: NONE }
    case 'frame':
      return state.kind === 'loading' ? hold(state, event.frame) : receive(state, event.frame)
    case 'judged':
      return state.kind === 'open' ? judged(state, event.source, event.decision) : { state, effects: NONE }
    case 'load-failed':
      return close(CLOSE.LOAD_FAILED, 'the document could not be read, try again')
    case 'text-frame':
      return close(CLOSE.TEXT_FRAME, 'text frames are not part of the protocol')
    case 'append-failed':
      return close(CLOSE.STORAGE_FAILED, 'the document could not be written, try again')
    case 'purged':
      return close(CLOSE.PURGED, 'the document was purged')
    case 'awareness-garbage':
      return close(CLOSE.BAD_FRAME, 'not an awareness update')
    case 'expired':
      return close(CLOSE.TOKEN_EXPIRED, 'the token has expired')
    case 'revoked':
      return close(CLOSE.TOKEN_EXPIRED, 'the token was revoked')
    case 'forbidden':
      return close(CLOSE.FORBIDDEN, 'the token no longer reaches this document')
    case 'too-big':
      return close(CLOSE.TOO_BIG, 'a message is too big')
    case 'stalled':
      return close(CLOSE.STALLED, 'no progress')
    case 'shutting-down':
      return close(CLOSE.SHUTTING_DOWN, 'the relay is ending')
    case 'gone':
      return GONE
  }
}

type Loading = Extract<PeerState, { kind: 'loading' }>
type Open = Extract<PeerState, { kind: 'open' }>

function close(code: CloseCode, reason: string): PeerStep {
  return { state: { kind: 'closed', code }, effects: [{ kind: 'close', code, reason }] }
}

function badFrame(reason: string): PeerStep {
  return close(CLOSE.BAD_FRAME, reason)
}

/** W3: until the log has loaded nothing is looked at, only kept in order. */
function hold(state: Loading, frame: StockFrame): PeerStep {
  if (frame.kind === 'garbage') return badFrame(frame.reason)
  return { state: { ...state, held: { frame, before: state.held } }, effects: NONE }
}

function enter(state: Loading): PeerStep {
  let now: PeerState = { kind: 'open', mayWrite: state.mayWrite, resync: 'none' }
  const effects: PeerEffect[] = [{ kind: 'ask' }, { kind: 'introduce' }]
  const frames: PeerFrame[] = []
  for (let held = state.held; held !== null; held = held.before) frames.push(held.frame)
  for (const frame of frames.reverse()) {
    const step = stepPeer(now, { kind: 'frame', frame })
    now = step.state
    effects.push(...step.effects)
  }
  return { state: now, effects }
}

function receive(state: Open, frame: StockFrame): PeerStep {
  switch (frame.kind) {
    case 'garbage':
      return badFrame(frame.reason)
    case 'step1':
      return { state, effects: [{ kind: 'answer', stateVector: frame.stateVector }] }
    case 'step2':
    case 'update':
      return { state, effects: [{ kind: 'judge', source: frame.kind, update: frame.update, take: state.mayWrite }] }
    case 'awareness':
      return { state, effects: [{ kind: 'hear', awareness: frame.awareness }] }
    case 'queryAwareness':
      return { state, effects: [{ kind: 'introduce' }] }
    case 'auth':
      // Only a server has anything to say here; a client that says it changes nothing.
      return { state, effects: NONE }
  }
}

function judged(state: Open, source: UpdateSource, decision: Decision): PeerStep {
  if (decision.kind === 'garbage') return badFrame(decision.reason)
  if (!state.mayWrite) {
    // W4: told of what it tried to change, not of what was known.
    return {
      state,
      effects: decision.kind === 'nothing-new' ? NONE : [{ kind: 'deny', code: REFUSAL.READ_ONLY, reason: READ_ONLY }],
    }
  }
  const after: Open = source === 'step2' && state.resync === 'asked' ? { ...state, resync: 'none' } : state
  switch (decision.kind) {
    case 'nothing-new':
      return { state: after, effects: NONE }
    case 'store':
      return { state: after, effects: [{ kind: 'store', update: decision.update }] }
    case 'gap':
      return gap(state, after, decision.good)
    case 'too-costly':
      return notStored(after, REFUSAL.TOO_COSTLY, decision.reason)
    case 'full':
      return notStored(after, decision.code, decision.reason)
  }
}

function notStored(state: Open, code: number, reason: string): PeerStep {
  return { state, effects: [{ kind: 'deny', code, reason: `the edit was not stored: ${reason}` }] }
}

/** W5: asked about once; what is left of the answer, or comes before it, is kept as far as it is good. */
function gap(state: Open, after: Open, good: Uint8Array | null): PeerStep {
  if (state.resync === 'none') {
    return { state: { ...state, resync: 'asked' }, effects: [{ kind: 'ask' }, { kind: 'note-gap', kept: false }] }
  }
  const note: PeerEffect = { kind: 'note-gap', kept: true }
  return { state: after, effects: good === null ? [note] : [{ kind: 'store-good', update: good }, note] }
}
