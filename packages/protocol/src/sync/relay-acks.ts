import type { Decision } from '../decision.ts'
import type { UpdateSource } from '../peer.ts'
import { REFUSAL } from './codes.ts'
import type { RefusedUpdate, RelayFrame } from './frames.ts'
import { FIELD } from './limits.ts'
import type { Linked, RelayChannelEffect, RelayChannelOpen, RelayChannelStep } from './relay-channel-types.ts'

/** Refusals that may wait for an ack; a client with more has lost its way. */
const MOST_REFUSALS = FIELD.refusedPerAck

/** W4, W5 and Y8: what a decision on the next update makes of an opening. */
export function judged(
  channel: number,
  before: RelayChannelOpen,
  source: UpdateSource,
  decision: Decision,
): RelayChannelStep {
  const n = before.decided + 1
  const state: RelayChannelOpen = { ...before, decided: n }
  const answers = source === 'step2' && state.resync === 'answering'
  switch (decision.kind) {
    case 'garbage':
      return soon(channel, refuse(answers ? release(state, REFUSAL.GAP) : state, n, REFUSAL.BAD_UPDATE), [])
    case 'nothing-new':
      return soon(channel, answers ? release(state, null) : state, [])
    case 'store':
      if (state.role === 'read') return soon(channel, refuse(state, n, REFUSAL.READ_ONLY), [])
      return {
        state: { ...(answers ? release(state, null) : state), inFlight: state.inFlight + 1 },
        effects: [{ kind: 'store', n, update: decision.update }],
      }
    case 'gap':
      if (state.role === 'read') return soon(channel, refuse(state, n, REFUSAL.READ_ONLY), [])
      return answers ? keepGood(channel, state, n, decision.good) : hold(state, n)
  }
}

/** Asks once; what has a gap before the answer comes waits for it, because the answer holds it too. */
function hold(state: RelayChannelOpen, n: number): RelayChannelStep {
  const held: RelayChannelOpen = {
    ...state,
    held: { value: n, before: state.held },
    heldFrom: state.held === null ? n : state.heldFrom,
  }
  if (state.resync !== 'none' || state.closing) return { state: held, effects: [] }
  return { state: { ...held, resync: 'asked' }, effects: [{ kind: 'ask' }, { kind: 'note-gap', kept: false }] }
}

function keepGood(channel: number, state: RelayChannelOpen, n: number, good: Uint8Array | null): RelayChannelStep {
  const after = refuse(release(state, REFUSAL.GAP), n, REFUSAL.GAP)
  const note: RelayChannelEffect = { kind: 'note-gap', kept: good !== null }
  if (good === null) return soon(channel, after, [note])
  return { state: { ...after, inFlight: after.inFlight + 1 }, effects: [{ kind: 'store-good', n, update: good }, note] }
}

/** The wait for the answer is over: what was held is in it (null), or refused. */
export function release(state: RelayChannelOpen, code: number | null): RelayChannelOpen {
  let after: RelayChannelOpen = { ...state, held: null, heldFrom: 0, resync: 'none' }
  if (code !== null) for (let at = state.held; at !== null; at = at.before) after = refuse(after, at.value, code)
  return after
}

function refuse(state: RelayChannelOpen, n: number, code: number): RelayChannelOpen {
  return { ...state, refused: { value: { n, code }, before: state.refused }, refusals: state.refusals + 1 }
}

/** How far everything is decided and durable. Appends become durable in their order, so two numbers tell it. */
function frontier({ inFlight, decided, durable, held, heldFrom }: RelayChannelOpen): number {
  const written = inFlight === 0 ? decided : durable
  return held === null ? written : Math.min(written, heldFrom - 1)
}

/** Whether all that came is decided, durable and ready to be told. */
export function isSettled(state: RelayChannelOpen): boolean {
  return frontier(state) === state.received
}

/** Something was decided: an ack is due if it moves the frontier. */
export function soon(
  channel: number,
  state: RelayChannelOpen,
  effects: readonly RelayChannelEffect[],
): RelayChannelStep {
  if (state.refusals > MOST_REFUSALS) {
    return { state, effects: [...effects, { kind: 'broken', reason: `channel ${channel}: too many refused updates` }] }
  }
  return { state, effects: frontier(state) > state.acked ? [...effects, { kind: 'ack-soon' }] : effects }
}

/** The ack that is due, or null. */
export function takeAck(
  channel: number,
  state: RelayChannelOpen,
): { readonly state: RelayChannelOpen; readonly frame: RelayFrame } | null {
  const upTo = frontier(state)
  if (upTo === state.acked) return null
  const refused: RefusedUpdate[] = []
  let rest: Linked<RefusedUpdate> | null = null
  for (let at = state.refused; at !== null; at = at.before) {
    if (at.value.n <= upTo) refused.push(at.value)
    else rest = { value: at.value, before: rest }
  }
  refused.sort((a, b) => a.n - b.n)
  // Only while everything is passed on as it comes can a position be vouched for.
  const seq = state.flow.kind === 'live' && !state.closing ? state.seq : 0
  return {
    state: { ...state, acked: upTo, refused: rest, refusals: state.refusals - refused.length },
    frame: { kind: 'ack', channel, upTo, seq, refused },
  }
}
