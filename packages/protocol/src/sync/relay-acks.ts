import type { Decision } from '../decision.ts'
import type { UpdateSource } from '../peer.ts'
import { REFUSAL } from './codes.ts'
import type { RefusedUpdate, RelayFrame } from './frames.ts'
import { FIELD } from './limits.ts'
import type { Linked, RelayChannelEffect, RelayChannelOpen, RelayChannelStep } from './relay-channel-types.ts'

/** Refusals that may wait for an ack; a client with more has lost its way. */
const MOST_REFUSALS = 16 * 1024

/** W4, W5 and Y8: what a decision on the next update makes of an opening. */
export function judged(before: RelayChannelOpen, source: UpdateSource, decision: Decision): RelayChannelStep {
  const n = before.decided + 1
  const state: RelayChannelOpen = { ...before, decided: n }
  const answers = source === 'step2' && state.resync === 'answering'
  switch (decision.kind) {
    case 'garbage':
      return soon(refuse(answers ? letGo(state, n, REFUSAL.GAP) : state, n, REFUSAL.BAD_UPDATE))
    case 'too-costly': {
      const code = state.role === 'read' ? REFUSAL.READ_ONLY : REFUSAL.TOO_COSTLY
      return soon(refuse(answers ? letGo(state, n, REFUSAL.GAP) : state, n, code))
    }
    case 'full':
      // What waited for this answer is not refused for its gap: it may come again when this may.
      return soon(refuse(answers ? letGo(state, n, decision.code) : state, n, decision.code))
    case 'nothing-new':
      return { state: underWay(state, n, answers), effects: [{ kind: 'wait', n }] }
    case 'store':
      if (state.role === 'read') return soon(refuse(state, n, REFUSAL.READ_ONLY))
      return { state: underWay(state, n, answers), effects: [{ kind: 'store', n, update: decision.update }] }
    case 'gap':
      if (state.role === 'read') return soon(refuse(state, n, REFUSAL.READ_ONLY))
      return answers ? keepGood(state, n, decision.good) : hold(state, n)
  }
}

/** The `n`-th is good once it is durable; if it is the answer to a resync, so is what waited for that. */
function underWay(state: RelayChannelOpen, n: number, answers: boolean): RelayChannelOpen {
  const next = begin(state, n)
  return answers ? { ...next, answer: n, resync: 'none' } : next
}

/** When nothing else is under way, all before it is settled. */
function begin(state: RelayChannelOpen, n: number): RelayChannelOpen {
  return { ...state, inFlight: state.inFlight + 1, durable: state.inFlight === 0 ? n - 1 : state.durable }
}

/** Asks once; what has a gap before the answer comes waits for it, because the answer holds it too. */
function hold(state: RelayChannelOpen, n: number): RelayChannelStep {
  const held: RelayChannelOpen = {
    ...state,
    held: { value: n, before: state.held },
    heldFrom: state.held === null ? n : state.heldFrom,
  }
  if (state.resync !== 'none') return { state: held, effects: [] }
  return { state: { ...held, resync: 'asked' }, effects: [{ kind: 'ask' }, { kind: 'note-gap', kept: false }] }
}

/** The answer has a gap itself: its good part is kept, and nobody is asked again. */
function keepGood(state: RelayChannelOpen, n: number, good: Uint8Array | null): RelayChannelStep {
  const after = refuse(letGo(state, n, REFUSAL.GAP), n, REFUSAL.GAP)
  const note: RelayChannelEffect = { kind: 'note-gap', kept: good !== null }
  if (good === null) return soon(after, [note])
  return { state: begin(after, n), effects: [{ kind: 'store-good', n, update: good }, note] }
}

/** Nothing more is waited for: what was held before the `below`-th update is refused. */
function letGo(state: RelayChannelOpen, below: number, code: number): RelayChannelOpen {
  let after = release({ ...state, resync: 'none' }, below)
  for (let at = state.held; at !== null; at = at.before) {
    if (at.value < below) after = refuse(after, at.value, code)
  }
  return after
}

/** What was held before the `below`-th update need not wait any longer. */
function release(state: RelayChannelOpen, below: number): RelayChannelOpen {
  const kept: number[] = []
  for (let at = state.held; at !== null && at.value >= below; at = at.before) kept.push(at.value)
  kept.reverse()
  let held: Linked<number> | null = null
  for (const value of kept) held = { value, before: held }
  return { ...state, held, heldFrom: kept[0] ?? 0 }
}

/** Another that was under way is durable. They come in their order. */
export function durable(state: RelayChannelOpen, n: number, seq: number): RelayChannelOpen {
  const next: RelayChannelOpen = {
    ...state,
    durable: n,
    inFlight: state.inFlight - 1,
    // Its own, and all before it has been passed on: but for a client that is not told of everything as it comes.
    seq: state.flow.kind === 'live' ? Math.max(state.seq, seq) : state.seq,
  }
  return state.answer !== 0 && n >= state.answer ? { ...release(next, state.answer), answer: 0 } : next
}

function refuse(state: RelayChannelOpen, n: number, code: number): RelayChannelOpen {
  return { ...state, refused: { value: { n, code }, before: state.refused }, refusals: state.refusals + 1 }
}

/** How far everything is decided and durable. What is under way ends in its order, so two numbers tell it. */
function frontier({ inFlight, decided, durable, held, heldFrom }: RelayChannelOpen): number {
  const written = inFlight === 0 ? decided : durable
  return held === null ? written : Math.min(written, heldFrom - 1)
}

/** Whether nothing is under way any more. What still waits for an answer to a resync then stays unacknowledged. */
export function isSettled(state: RelayChannelOpen): boolean {
  return state.inFlight === 0
}

/** Something was decided: an ack is due if that moves the frontier. */
export function soon(state: RelayChannelOpen, effects: readonly RelayChannelEffect[] = []): RelayChannelStep {
  if (state.refusals > MOST_REFUSALS) {
    return { state, effects: [...effects, { kind: 'broken', reason: 'too many updates that are refused' }] }
  }
  return { state, effects: frontier(state) > state.acked ? [...effects, { kind: 'ack-soon' }] : effects }
}

/** The acks that are due: none, one, or more when there are many refusals to tell. */
export function takeAcks(
  channel: number,
  state: RelayChannelOpen,
): { readonly state: RelayChannelOpen; readonly frames: readonly RelayFrame[] } {
  const upTo = frontier(state)
  if (upTo === state.acked) return { state, frames: [] }
  const told: RefusedUpdate[] = []
  const later: RefusedUpdate[] = []
  for (let at = state.refused; at !== null; at = at.before) (at.value.n <= upTo ? told : later).push(at.value)
  told.sort((a, b) => a.n - b.n)
  let refused: Linked<RefusedUpdate> | null = null
  for (const value of later.reverse()) refused = { value, before: refused }
  // What waited for a client that closes is dropped, so that no position can be vouched for.
  const seq = state.closing ? 0 : state.seq
  const frames: RelayFrame[] = []
  do {
    const part = told.splice(0, FIELD.refusedPerAck)
    frames.push({ kind: 'ack', channel, upTo: told.length > 0 ? part.at(-1)!.n : upTo, seq, refused: part })
  } while (told.length > 0)
  return { state: { ...state, acked: upTo, refused, refusals: later.length }, frames }
}
