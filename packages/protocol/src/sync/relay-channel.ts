import { decodeStockFrame, encodeAwarenessFrame } from '../frames.ts'
import { isName } from '../names.ts'
import { REFUSAL } from './codes.ts'
import type { ChannelMode, OpenFrame, RelayFrame } from './frames.ts'
import { durable, isSettled, judged, soon, takeAcks } from './relay-acks.ts'
import type {
  ChannelClientFrame,
  Linked,
  Passed,
  RelayChannelEffect,
  RelayChannelEvent,
  RelayChannelOpen,
  RelayChannelState,
  RelayChannelStep,
} from './relay-channel-types.ts'

type Loading = Extract<RelayChannelState, { kind: 'loading' }>

const NONE: readonly RelayChannelEffect[] = []
const ENDED: RelayChannelState = { kind: 'ended' }

export function openRelayChannel({ mode, seq, stateVector }: OpenFrame): RelayChannelState {
  return { kind: 'loading', mode, seq, stateVector }
}

/** What one event makes of one opening. Pure; the rules are in SPEC-SYNC.md. */
export function stepRelayChannel(
  channel: number,
  state: RelayChannelState,
  event: RelayChannelEvent,
): RelayChannelStep {
  if (state.kind === 'ended') return { state, effects: NONE }
  switch (event.kind) {
    case 'gone':
      return { state: ENDED, effects: [{ kind: 'ended' }] }
    case 'end':
      return end(channel, state, event.code, event.text)
    default:
      return state.kind === 'loading' ? stepLoading(channel, state, event) : stepOpen(channel, state, event)
  }
}

type Other = Exclude<RelayChannelEvent, { readonly kind: 'gone' | 'end' }>

function stepLoading(channel: number, state: Loading, event: Other): RelayChannelStep {
  switch (event.kind) {
    case 'loaded': {
      const { epoch, seq, role, stateVector } = event
      return {
        state: {
          kind: 'open',
          mode: state.mode,
          role,
          received: 0,
          decided: 0,
          durable: 0,
          inFlight: 0,
          held: null,
          heldFrom: 0,
          resync: 'none',
          answer: 0,
          refused: null,
          refusals: 0,
          acked: 0,
          seq: 0,
          flow: { kind: 'catching-up', passed: null },
          closing: false,
        },
        effects: [
          send({ kind: 'opened', channel, epoch, seq, role, stateVector }),
          // A position beyond the log's end is of a history that was lost (W11).
          { kind: 'catch-up', seq: state.seq <= seq ? state.seq : 0, stateVector: state.stateVector },
          ...introduction(state.mode),
        ],
      }
    }
    case 'unopenable': {
      const { code, epoch, text } = event
      return { state: ENDED, effects: [send({ kind: 'refused', channel, code, epoch, text }), { kind: 'ended' }] }
    }
    case 'frame':
      if (event.frame.kind === 'close') return end(channel, state, REFUSAL.ENDED, '')
      return broken(state, `channel ${channel}: ${event.frame.kind} before it was opened`)
    default:
      return { state, effects: NONE }
  }
}

function stepOpen(channel: number, state: RelayChannelOpen, event: Other): RelayChannelStep {
  const watches = state.mode === 'watch' && !state.closing
  switch (event.kind) {
    case 'frame':
      return receive(channel, state, event.frame)
    case 'judged':
      return settle(channel, judged(state, event.source, event.decision))
    case 'durable':
      return settle(channel, soon(durable(state, event.n, event.seq)))
    case 'resync':
      if (state.closing) return { state, effects: NONE }
      return { state, effects: [send({ kind: 'resync', channel, stateVector: event.stateVector })] }
    case 'append-failed':
      return end(channel, state, event.code, 'it could not be written, try again')
    case 'caught-up':
      return state.flow.kind === 'catching-up' && !state.closing
        ? caughtUp(channel, state, state.flow.passed, event.seq, event.updates)
        : { state, effects: NONE }
    case 'broadcast':
      return state.closing ? { state, effects: NONE } : broadcast(channel, state, event)
    case 'awareness':
      if (!watches || state.flow.kind === 'behind') return { state, effects: NONE }
      return { state, effects: [send({ kind: 'message', channel, bytes: encodeAwarenessFrame(event.awareness) })] }
    case 'leased':
      return { state, effects: watches ? [send({ kind: 'leased', channel, ...event.leased })] : NONE }
    case 'stop-requested':
      return {
        state,
        effects: watches ? [send({ kind: 'stopRequested', channel, key: event.key, by: event.by })] : NONE,
      }
    case 'request-done':
      return { state, effects: [send({ kind: 'done', request: event.request, feed: 0 })] }
    case 'request-refused':
      return { state, effects: [failed(event.request, event.code, event.text)] }
    case 'role':
      return { state: { ...state, role: event.role }, effects: NONE }
    case 'flush':
      return flush(channel, state)
    case 'clogged':
      return !state.closing && state.flow.kind === 'live'
        ? { state: { ...state, flow: { kind: 'behind' } }, effects: NONE }
        : { state, effects: NONE }
    case 'drained':
      if (state.closing || state.flow.kind !== 'behind') return { state, effects: NONE }
      return {
        state: { ...state, flow: { kind: 'catching-up', passed: null } },
        effects: [{ kind: 'catch-up', seq: state.seq, stateVector: null }, ...introduction(state.mode)],
      }
    case 'loaded':
    case 'unopenable':
      return { state, effects: NONE }
  }
}

function receive(channel: number, state: RelayChannelOpen, frame: ChannelClientFrame): RelayChannelStep {
  if (state.closing) return broken(state, `channel ${channel}: ${frame.kind} after close`)
  switch (frame.kind) {
    case 'message':
      return message(channel, state, frame.bytes)
    case 'answer':
      // An answer to what was not asked is an ordinary step 2.
      return { state: state.resync === 'asked' ? { ...state, resync: 'answering' } : state, effects: NONE }
    case 'lease': {
      const { request, key, operation, ttl, fencing } = frame
      const wrong = requestFault(state, key)
      if (wrong !== null) return { state, effects: [failed(request, wrong.code, wrong.text)] }
      return { state, effects: [{ kind: 'lease', request, key, operation, ttl, fencing }] }
    }
    case 'stop': {
      const wrong = requestFault(state, frame.key)
      if (wrong !== null) return { state, effects: [failed(frame.request, wrong.code, wrong.text)] }
      return { state, effects: [{ kind: 'stop', request: frame.request, key: frame.key }] }
    }
    case 'close': {
      const step = settle(channel, soon({ ...state, closing: true }))
      return { state: step.state, effects: [{ kind: 'drop-queue' }, ...step.effects] }
    }
  }
}

function requestFault(state: RelayChannelOpen, key: string): { readonly code: number; readonly text: string } | null {
  if (!isName(key)) return { code: REFUSAL.BAD_NAME, text: 'a lease key is 1 to 128 of A-Z a-z 0-9 . _ ~ -' }
  if (state.role === 'read') return { code: REFUSAL.READ_ONLY, text: 'the role is read' }
  return null
}

function message(channel: number, state: RelayChannelOpen, bytes: Uint8Array): RelayChannelStep {
  const frame = decodeStockFrame(bytes)
  switch (frame.kind) {
    case 'garbage':
      return broken(state, `channel ${channel}: ${frame.reason}`)
    case 'step2':
    case 'update':
      return {
        state: { ...state, received: state.received + 1 },
        effects: [{ kind: 'judge', source: frame.kind, update: frame.update, take: state.role !== 'read' }],
      }
    case 'step1':
      // While the client is being brought level this is answered already.
      if (state.flow.kind !== 'live') return { state, effects: NONE }
      return {
        state: { ...state, flow: { kind: 'catching-up', passed: null } },
        effects: [{ kind: 'catch-up', seq: 0, stateVector: frame.stateVector }],
      }
    case 'awareness':
      return { state, effects: state.mode === 'watch' ? [{ kind: 'hear', awareness: frame.awareness }] : NONE }
    case 'queryAwareness':
      return { state, effects: introduction(state.mode) }
    case 'auth':
      return { state, effects: NONE }
  }
}

function caughtUp(
  channel: number,
  state: RelayChannelOpen,
  passed: Linked<Passed> | null,
  upTo: number,
  updates: readonly Passed[],
): RelayChannelStep {
  const effects: RelayChannelEffect[] = updates.map(({ seq, update }) => send({ kind: 'update', channel, seq, update }))
  effects.push(send({ kind: 'at', channel, seq: upTo }))
  const later: Passed[] = []
  for (let at = passed; at !== null; at = at.before) if (at.value.seq > upTo) later.push(at.value)
  let reached = upTo
  for (const { seq, update } of later.reverse()) {
    effects.push(send({ kind: 'update', channel, seq, update }))
    reached = seq
  }
  return { state: { ...state, seq: reached, flow: { kind: 'live' } }, effects }
}

function broadcast(channel: number, state: RelayChannelOpen, { seq, update }: Passed): RelayChannelStep {
  switch (state.flow.kind) {
    case 'live':
      return { state: { ...state, seq }, effects: [send({ kind: 'update', channel, seq, update })] }
    case 'catching-up':
      return {
        state: {
          ...state,
          flow: { kind: 'catching-up', passed: { value: { seq, update }, before: state.flow.passed } },
        },
        effects: NONE,
      }
    case 'behind':
      return { state, effects: NONE }
  }
}

function flush(channel: number, before: RelayChannelOpen): RelayChannelStep {
  const { state, frames } = takeAcks(channel, before)
  return { state, effects: frames.map(send) }
}

/** A channel that is closing is over once the last of its updates is durable, and the last ack goes before its end. */
function settle(channel: number, { state, effects }: RelayChannelStep): RelayChannelStep {
  if (state.kind !== 'open' || !state.closing || !isSettled(state)) return { state, effects }
  const kept = effects.filter((effect) => effect.kind !== 'ack-soon')
  const over = end(channel, state, REFUSAL.ENDED, '')
  return { state: over.state, effects: [...kept, ...over.effects] }
}

function end(
  channel: number,
  state: Exclude<RelayChannelState, { kind: 'ended' }>,
  code: number,
  text: string,
): RelayChannelStep {
  const acks = state.kind === 'open' ? takeAcks(channel, state).frames : []
  return {
    state: ENDED,
    effects: [...acks.map(send), send({ kind: 'closed', channel, code, text }), { kind: 'ended' }],
  }
}

function introduction(mode: ChannelMode): readonly RelayChannelEffect[] {
  return mode === 'watch' ? [{ kind: 'introduce' }] : NONE
}

function failed(request: number, code: number, text: string): RelayChannelEffect {
  return send({ kind: 'failed', request, code, text })
}

function send(frame: RelayFrame): RelayChannelEffect {
  return { kind: 'send', frame }
}

function broken(state: RelayChannelState, reason: string): RelayChannelStep {
  return { state, effects: [{ kind: 'broken', reason }] }
}
