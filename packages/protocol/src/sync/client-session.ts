import { CLOSE, isFinalClose } from '../close-codes.ts'
import { DEFAULT_BACKOFF, retryDelay } from './backoff.ts'
import type {
  ClientConfig,
  ClientEffect,
  ClientEvent,
  ClientMemory,
  ClientState,
  ClientStep,
  ClientTimer,
  RequestAnswer,
} from './client-types.ts'
import { type FeedFrame, isReaching, type RelayFrame, type WelcomeFrame } from './frames.ts'
import { REACH_SINCE, SYNC_VERSIONS } from './limits.ts'

type Live = Extract<ClientState, { kind: 'connecting' | 'greeting' | 'open' }>
type OpenState = Extract<ClientState, { kind: 'open' }>

/** Milliseconds. */
export const CLIENT_TIMES = {
  connect: 15_000,
  welcome: 10_000,
  /** A connection that held this long ends the row of attempts. */
  settled: 5_000,
  ping: 25_000,
  pong: 10_000,
  /** The longest that timers take. */
  longest: 2 ** 31 - 1,
} as const

const NONE: readonly ClientEffect[] = []
const OFF: ClientState = { kind: 'off' }
const LIVE_TIMERS: readonly ClientTimer[] = ['connect', 'welcome', 'settled', 'ping', 'pong', 'token']

/**
 * What one event makes of the connection. Pure; the rules are in SPEC-SYNC.md.
 * @param random in [0, 1), drawn anew for each event; decides the wait before trying again
 */
export function stepClient(config: ClientConfig, state: ClientState, event: ClientEvent, random: number): ClientStep {
  switch (event.kind) {
    case 'start':
      return start(state, startingMemory(event))
    case 'stop':
      return {
        state: OFF,
        effects: [...leave(state, CLIENT_STOPPED, 'stopped'), { kind: 'clear-timer', timer: 'retry' }],
      }
    case 'token':
      return token(state, event.token)
    case 'wake':
      return state.kind === 'waiting' ? connect(state.memory) : { state, effects: NONE }
    case 'socket-open':
      return state.kind === 'connecting'
        ? greet(config, reached(state.memory, event.reach ?? 0))
        : { state, effects: NONE }
    case 'socket-closed':
      return isLive(state) ? closed(config, state, event, random) : { state, effects: NONE }
    case 'broken':
      return isLive(state) ? giveUp(config, state, event.code, event.reason, random) : { state, effects: NONE }
    case 'stalled':
      return isLive(state) ? giveUp(config, state, CLOSE.STALLED, 'no progress', random) : { state, effects: NONE }
    case 'timer':
      return timer(config, state, event.timer, random)
    case 'heard':
      return { state: state.kind === 'open' ? { ...state, heard: true } : state, effects: NONE }
    case 'frame':
      return frame(config, state, event.frame, random)
  }
}

function startingMemory(event: Extract<ClientEvent, { kind: 'start' }>): ClientMemory {
  const { token, incarnation, cursor, reach = 0 } = event
  return { token, incarnation, cursor, reach, attempt: 0 }
}

/** W11: something was told that is of a history which reaches so far. */
function reached(memory: ClientMemory, reach: number): ClientMemory {
  return reach > memory.reach ? { ...memory, reach } : memory
}

/** What a client says when it goes by itself. */
const CLIENT_STOPPED = 1000

function isLive(state: ClientState): state is Live {
  return state.kind === 'connecting' || state.kind === 'greeting' || state.kind === 'open'
}

function start(state: ClientState, memory: ClientMemory): ClientStep {
  const { state: next, effects } = connect(memory)
  return { state: next, effects: [...leave(state, CLIENT_STOPPED, 'starts anew'), ...effects] }
}

/** Ends what a live connection has: its timers, its socket, its channels. */
function leave(state: ClientState, code: number, reason: string): ClientEffect[] {
  if (!isLive(state)) return []
  return [...lost(code, reason), { kind: 'disconnect', code, reason }]
}

function lost(code: number, reason: string): ClientEffect[] {
  return [...LIVE_TIMERS.map((timer): ClientEffect => ({ kind: 'clear-timer', timer })), { kind: 'lost', code, reason }]
}

function connect(memory: ClientMemory): ClientStep {
  return {
    state: { kind: 'connecting', memory },
    effects: [
      { kind: 'clear-timer', timer: 'retry' },
      { kind: 'connect' },
      { kind: 'set-timer', timer: 'connect', ms: CLIENT_TIMES.connect },
    ],
  }
}

function token(state: ClientState, token: string): ClientStep {
  if (state.kind === 'off') return { state, effects: NONE }
  const memory = { ...state.memory, token }
  if (state.kind === 'refused') return connect({ ...memory, attempt: 0 })
  const next = { ...state, memory }
  if (state.kind === 'waiting' || state.kind === 'connecting') return { state: next, effects: NONE }
  return { state: next, effects: [{ kind: 'send', frame: { kind: 'renew', token } }] }
}

function greet({ client, agent, versions = SYNC_VERSIONS }: ClientConfig, memory: ClientMemory): ClientStep {
  const { token, incarnation, cursor, reach } = memory
  return {
    state: { kind: 'greeting', memory },
    effects: [
      { kind: 'clear-timer', timer: 'connect' },
      { kind: 'set-timer', timer: 'welcome', ms: CLIENT_TIMES.welcome },
      {
        kind: 'send',
        frame: {
          kind: 'hello',
          minVersion: versions.min,
          maxVersion: versions.max,
          client,
          agent,
          token,
          incarnation,
          cursor,
          ...(incarnation === '' || reach === 0 ? {} : { reach }),
        },
      },
      { kind: 'greeted' },
    ],
  }
}

function closed(
  config: ClientConfig,
  state: Live,
  { code, reason }: { readonly code: number; readonly reason: string },
  random: number,
): ClientStep {
  if (!isFinalClose(code)) return retry(config, state, code, reason, random, lost(code, reason))
  const effects = [...lost(code, reason), { kind: 'refused', code, reason } as const]
  return {
    state: { kind: 'refused', memory: state.memory, code, reason },
    effects: code === CLOSE.TOKEN_EXPIRED ? [...effects, { kind: 'token-wanted', why: 'expired' }] : effects,
  }
}

/** The other side breaks the protocol, or is silent: it is left, and tried again later. */
function giveUp(config: ClientConfig, state: Live, code: number, reason: string, random: number): ClientStep {
  return retry(config, state, code, reason, random, leave(state, code, reason))
}

/** W8: once for the whole connection, with full jitter. */
function retry(
  { backoff = DEFAULT_BACKOFF }: ClientConfig,
  { memory }: Live,
  code: number,
  reason: string,
  random: number,
  effects: readonly ClientEffect[],
): ClientStep {
  const ms = retryDelay(memory.attempt, random, backoff)
  return {
    state: { kind: 'waiting', memory: { ...memory, attempt: memory.attempt + 1 }, code, reason },
    effects: [...effects, { kind: 'set-timer', timer: 'retry', ms }],
  }
}

function timer(config: ClientConfig, state: ClientState, timer: ClientTimer, random: number): ClientStep {
  const ignored: ClientStep = { state, effects: NONE }
  switch (timer) {
    case 'retry':
      return state.kind === 'waiting' ? connect(state.memory) : ignored
    case 'connect':
      return state.kind === 'connecting' ? giveUp(config, state, CLOSE.STALLED, 'no connection', random) : ignored
    case 'welcome':
      return state.kind === 'greeting' ? giveUp(config, state, CLOSE.STALLED, 'no welcome', random) : ignored
    case 'settled':
      return state.kind === 'open'
        ? { state: { ...state, memory: { ...state.memory, attempt: 0 } }, effects: NONE }
        : ignored
    case 'ping': {
      if (state.kind !== 'open') return ignored
      const ping = state.ping + 1
      return {
        state: { ...state, ping, heard: false },
        effects: [
          { kind: 'send', frame: { kind: 'ping', id: ping } },
          { kind: 'set-timer', timer: 'pong', ms: CLIENT_TIMES.pong },
        ],
      }
    }
    case 'pong':
      if (state.kind !== 'open') return ignored
      if (!state.heard) return giveUp(config, state, CLOSE.STALLED, 'no answer', random)
      return { state, effects: [{ kind: 'set-timer', timer: 'ping', ms: CLIENT_TIMES.ping }] }
    case 'token':
      return isLive(state) ? { state, effects: [{ kind: 'token-wanted', why: 'expires-soon' }] } : ignored
  }
}

function frame(config: ClientConfig, before: ClientState, frame: RelayFrame, random: number): ClientStep {
  if (before.kind === 'greeting') {
    return frame.kind === 'welcome'
      ? welcome(config, before.memory, frame, random)
      : giveUp(config, before, CLOSE.BAD_FRAME, `${frame.kind} before welcome`, random)
  }
  if (before.kind !== 'open') return { state: before, effects: NONE }
  const memory = isReaching(frame) ? reached(before.memory, frame.reach ?? 0) : before.memory
  const state: OpenState = before.heard && memory === before.memory ? before : { ...before, memory, heard: true }
  switch (frame.kind) {
    case 'welcome':
      return giveUp(config, state, CLOSE.BAD_FRAME, 'a second welcome', random)
    case 'renewed':
      return {
        state: { ...state, role: frame.role },
        effects: [...tokenTimer(frame.expiresIn), { kind: 'renewed', role: frame.role }],
      }
    case 'feed':
      return feed(config, state, frame, random)
    case 'done':
      return answered(state, frame.request, { kind: 'done', feed: frame.feed })
    case 'failed':
      return answered(state, frame.request, { kind: 'failed', code: frame.code, text: frame.text })
    case 'pong':
      return frame.id > state.ping
        ? giveUp(config, state, CLOSE.BAD_FRAME, 'a pong for no ping', random)
        : { state, effects: NONE }
    case 'piece':
      return giveUp(config, state, CLOSE.BAD_FRAME, 'a piece that was not put together', random)
    default:
      return { state, effects: [{ kind: 'route', channel: frame.channel, frame }] }
  }
}

function answered(state: OpenState, request: number, answer: RequestAnswer): ClientStep {
  return { state, effects: [{ kind: 'answered', request, answer }] }
}

function welcome(config: ClientConfig, memory: ClientMemory, frame: WelcomeFrame, random: number): ClientStep {
  const { version, incarnation, follows, role, head, limits } = frame
  const versions = config.versions ?? SYNC_VERSIONS
  const before: ClientState = { kind: 'greeting', memory }
  if (version < versions.min || version > versions.max) {
    return giveUp(config, before, CLOSE.BAD_FRAME, `a version that was not offered: ${version}`, random)
  }
  const until = version >= REACH_SINCE ? (frame.until ?? 0) : follows ? Number.MAX_SAFE_INTEGER : 0
  const isSameName = memory.incarnation === incarnation
  if (follows && !isSameName && until < memory.reach) {
    return giveUp(config, before, CLOSE.BAD_FRAME, 'a history that follows and does not reach as far', random)
  }
  const same = isSameName || (follows && memory.incarnation !== '')
  const other = memory.incarnation !== '' && !same
  // Y10: only a relay that has lost commits can be behind the cursor it gave.
  const ahead = same && memory.cursor > head
  const cause = other ? 'incarnation' : 'cursor'
  const cursor = same && !ahead ? memory.cursor : 0
  return {
    state: {
      kind: 'open',
      memory: { ...memory, incarnation, cursor, reach: other || ahead || memory.incarnation === '' ? 0 : memory.reach },
      version,
      role,
      limits,
      head,
      heard: true,
      ping: 0,
    },
    effects: [
      { kind: 'clear-timer', timer: 'welcome' },
      { kind: 'limits', limits },
      { kind: 'welcomed', incarnation, role, head, version, until },
      ...(other || ahead ? [{ kind: 'history', incarnation, cause } as const] : []),
      { kind: 'set-timer', timer: 'settled', ms: CLIENT_TIMES.settled },
      { kind: 'set-timer', timer: 'ping', ms: CLIENT_TIMES.ping },
      ...tokenTimer(frame.expiresIn),
    ],
  }
}

/** Asks for another token when four fifths of this one's time are over. */
function tokenTimer(expiresIn: number): ClientEffect[] {
  if (expiresIn === 0) return [{ kind: 'clear-timer', timer: 'token' }]
  return [{ kind: 'set-timer', timer: 'token', ms: Math.min(expiresIn * 800, CLIENT_TIMES.longest) }]
}

/** Y10: a page continues exactly where the last one ended. */
function feed(config: ClientConfig, state: OpenState, frame: FeedFrame, random: number): ClientStep {
  const { after, upTo, head, entries } = frame
  const wrong = feedFault(state.memory.cursor, frame)
  if (wrong !== null) return giveUp(config, state, CLOSE.BAD_FRAME, wrong, random)
  if (upTo === after && head === state.head) return { state, effects: NONE }
  return {
    state: { ...state, head, memory: { ...state.memory, cursor: upTo } },
    effects: [{ kind: 'feed', entries, upTo, head }],
  }
}

function feedFault(cursor: number, { after, upTo, head, entries }: FeedFrame): string | null {
  if (after !== cursor) return 'a page of the feed that does not continue the last one'
  if (upTo < after || upTo > head) return 'a page of the feed beyond its head'
  let last = after
  for (const { number } of entries) {
    if (number <= last || number > upTo) return 'a page of the feed out of order'
    last = number
  }
  return null
}
