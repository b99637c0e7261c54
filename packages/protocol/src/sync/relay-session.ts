import { CLOSE, type CloseCode } from '../close-codes.ts'
import { isName } from '../names.ts'
import { NO_CHANNELS, standOf, withStand } from './channel-stands.ts'
import { REFUSAL } from './codes.ts'
import type { ClientFrame, HelloFrame, OpenFrame, RelayFrame } from './frames.ts'
import { BEFORE_WELCOME, DEFAULT_SYNC_LIMITS, REACH_SINCE, SYNC_VERSIONS } from './limits.ts'
import type { ChannelClientFrame, Linked } from './relay-channel-types.ts'
import type {
  FeedState,
  RelaySessionConfig,
  RelaySessionEffect,
  RelaySessionEvent,
  RelaySessionState,
  RelaySessionStep,
} from './relay-session-types.ts'

type Verifying = Extract<RelaySessionState, { kind: 'verifying' }>
type Open = Extract<RelaySessionState, { kind: 'open' }>
type Verified = Extract<RelaySessionEvent, { kind: 'verified' }>

const NONE: readonly RelaySessionEffect[] = []
const DEFAULT_FEED_PAGE = 500
const LONGEST_TIMER = 2 ** 31 - 1

/** A connection whose socket has just opened. @param ms milliseconds until its welcome must have come */
export function openRelaySession(ms: number = BEFORE_WELCOME.ms): RelaySessionStep {
  return { state: { kind: 'waiting' }, effects: [{ kind: 'set-timer', timer: 'hello', ms }] }
}

/** What one event makes of one connection. Pure; the rules are in SPEC-SYNC.md. */
export function stepRelaySession(
  config: RelaySessionConfig,
  state: RelaySessionState,
  event: RelaySessionEvent,
): RelaySessionStep {
  const ignored: RelaySessionStep = { state, effects: NONE }
  if (state.kind === 'closed') return ignored
  switch (event.kind) {
    case 'frame':
      return frame(config, state, event.frame)
    case 'verified':
      if (state.kind === 'verifying') return admit(config, state, event)
      return state.kind === 'open' ? renewed(state, event) : ignored
    case 'broken':
    case 'denied':
      return close(event.code, event.reason)
    case 'timer':
      if (event.timer === 'expiry') return close(CLOSE.TOKEN_EXPIRED, 'the token has expired')
      return state.kind === 'open' ? ignored : close(CLOSE.NO_HELLO, 'no hello came in time')
    case 'feed-page':
      return state.kind === 'open' && state.feed.pace === 'reading' ? feedPage(state, event) : ignored
    case 'feed-failed':
      return close(CLOSE.LOAD_FAILED, 'the feed could not be read, try again')
    case 'committed':
      if (state.kind !== 'open' || event.head <= state.feed.head) return ignored
      return readFeed(config, { ...state, feed: { ...state.feed, head: event.head } })
    case 'drained':
      if (state.kind !== 'open' || state.feed.pace !== 'sending') return ignored
      return readFeed(config, { ...state, feed: { ...state.feed, pace: 'ready' } })
    case 'answered':
      return state.kind === 'open' ? { state, effects: [answer(event)] } : ignored
    case 'channel-over':
      return state.kind === 'open' ? withChannel(state, event.channel, 'over', NONE) : ignored
    case 'incarnation-changed':
      return close(CLOSE.INCARNATION_CHANGED, "the relay's history has another id now")
    case 'stalled':
      return close(CLOSE.STALLED, 'no progress')
    case 'shutting-down':
      return close(CLOSE.SHUTTING_DOWN, 'the relay is ending')
    case 'gone':
      return over(null, NONE)
  }
}

function over(code: CloseCode | null, effects: readonly RelaySessionEffect[]): RelaySessionStep {
  return {
    state: { kind: 'closed', code },
    effects: [
      { kind: 'clear-timer', timer: 'hello' },
      { kind: 'clear-timer', timer: 'expiry' },
      ...effects,
      { kind: 'over' },
    ],
  }
}

function close(code: CloseCode, reason: string): RelaySessionStep {
  return over(code, [{ kind: 'close', code, reason }])
}

function broken(reason: string): RelaySessionStep {
  return close(CLOSE.BAD_FRAME, reason)
}

function frame(
  config: RelaySessionConfig,
  state: Exclude<RelaySessionState, { kind: 'closed' }>,
  frame: ClientFrame,
): RelaySessionStep {
  switch (state.kind) {
    case 'waiting':
      return frame.kind === 'hello' ? hello(config, frame) : broken(`${frame.kind} before hello`)
    case 'verifying':
      if (frame.kind === 'hello') return broken('a second hello')
      return { state: { ...state, held: { value: frame, before: state.held } }, effects: NONE }
    case 'open':
      return receive(config, state, frame)
  }
}

/** Y2: the highest version that both speak. */
function hello({ versions = SYNC_VERSIONS }: RelaySessionConfig, hello: HelloFrame): RelaySessionStep {
  const { minVersion, maxVersion, client, token, agent } = hello
  if (minVersion > maxVersion) return broken('a range of versions that ends before it begins')
  if (maxVersion < versions.min) {
    return close(
      CLOSE.CLIENT_TOO_OLD,
      `upgrade the client: it speaks up to ${maxVersion}, the relay from ${versions.min}`,
    )
  }
  if (minVersion > versions.max) {
    return close(
      CLOSE.RELAY_TOO_OLD,
      `upgrade the relay: it speaks up to ${versions.max}, the client from ${minVersion}`,
    )
  }
  if (!isName(client)) return broken('a client id that is no name')
  return {
    state: { kind: 'verifying', hello, version: Math.min(maxVersion, versions.max), held: null },
    effects: [{ kind: 'verify', token, client, agent }],
  }
}

function admit(config: RelaySessionConfig, { hello, version, held }: Verifying, event: Verified): RelaySessionStep {
  const { role, incarnation, head, expiresIn } = event
  const follows = event.follows === true && hello.incarnation !== incarnation
  const same = follows || hello.incarnation === incarnation
  const ahead = same && hello.cursor > head
  const other = !same && hello.incarnation !== ''
  let now: RelaySessionStep = readFeed(config, {
    kind: 'open',
    version,
    role,
    client: hello.client,
    seqCounts: same,
    channels: NO_CHANNELS,
    feed: {
      cursor: same && !ahead ? hello.cursor : 0,
      head,
      reset: ahead ? REFUSAL.CURSOR_AHEAD : other ? REFUSAL.OTHER_INCARNATION : 0,
      pace: 'ready',
    },
  })
  const limits = config.limits ?? DEFAULT_SYNC_LIMITS
  const effects: RelaySessionEffect[] = [
    { kind: 'clear-timer', timer: 'hello' },
    send({
      kind: 'welcome',
      version,
      incarnation,
      follows,
      role,
      expiresIn,
      head,
      limits,
      ...(version < REACH_SINCE ? {} : { until: event.until ?? 0 }),
    }),
    { kind: 'admitted', role, renewed: false },
    ...expiryTimer(expiresIn),
    ...(ahead ? [{ kind: 'note-ahead', cursor: hello.cursor, head } as const] : []),
    ...now.effects,
  ]
  for (const frame of inOrder(held)) {
    now = stepRelaySession(config, now.state, { kind: 'frame', frame })
    effects.push(...now.effects)
  }
  return { state: now.state, effects }
}

function inOrder<T>(list: Linked<T> | null): T[] {
  const items: T[] = []
  for (let at = list; at !== null; at = at.before) items.push(at.value)
  return items.reverse()
}

function renewed(state: Open, { role, expiresIn }: Verified): RelaySessionStep {
  return {
    state: { ...state, role },
    effects: [
      send({ kind: 'renewed', role, expiresIn }),
      { kind: 'admitted', role, renewed: true },
      ...expiryTimer(expiresIn),
    ],
  }
}

function expiryTimer(expiresIn: number): RelaySessionEffect[] {
  if (expiresIn === 0) return [{ kind: 'clear-timer', timer: 'expiry' }]
  return [{ kind: 'set-timer', timer: 'expiry', ms: Math.min(expiresIn * 1000, LONGEST_TIMER) }]
}

function receive(config: RelaySessionConfig, state: Open, frame: ClientFrame): RelaySessionStep {
  switch (frame.kind) {
    case 'hello':
      return broken('a second hello')
    case 'piece':
      return broken('a piece that was not put together')
    case 'renew':
      return { state, effects: [{ kind: 'verify', token: frame.token, client: state.client, agent: '' }] }
    case 'ping':
      return { state, effects: [send({ kind: 'pong', id: frame.id })] }
    case 'summary':
    case 'purge':
      return request(config, state, frame)
    case 'open':
      return open(config, state, frame)
    default:
      return route(state, frame)
  }
}

function request(
  config: RelaySessionConfig,
  state: Open,
  frame: Extract<ClientFrame, { kind: 'summary' | 'purge' }>,
): RelaySessionStep {
  const { summary: limit } = config.limits ?? DEFAULT_SYNC_LIMITS
  const { request, document, epoch } = frame
  const fail = (code: number, text: string): RelaySessionStep => ({
    state,
    effects: [send({ kind: 'failed', request, code, text })],
  })
  if (!isName(document) || !isName(epoch)) return fail(REFUSAL.BAD_NAME, 'names are 1 to 128 of A-Z a-z 0-9 . _ ~ -')
  if (state.role === 'read') return fail(REFUSAL.READ_ONLY, 'the role is read')
  if (frame.kind === 'purge') return { state, effects: [frame] }
  if (frame.summary.length > limit) return fail(REFUSAL.TOO_LARGE, `a summary is at most ${limit} bytes`)
  return { state, effects: [frame] }
}

function open(config: RelaySessionConfig, state: Open, frame: OpenFrame): RelaySessionStep {
  const { channels: limit } = config.limits ?? DEFAULT_SYNC_LIMITS
  const { channel, document, epoch } = frame
  if (standOf(state.channels, channel) === 'open') return broken(`opens channel ${channel}, which is open`)
  const refuse = (code: number, text: string): RelaySessionEffect[] => [
    send({ kind: 'refused', channel, code, epoch: '', text }),
  ]
  if (channel > limit) {
    return { state, effects: refuse(REFUSAL.TOO_MANY_CHANNELS, `channel numbers are 1 to ${limit}`) }
  }
  if (!isName(document) || (epoch !== '' && !isName(epoch))) {
    const text = 'names are 1 to 128 of A-Z a-z 0-9 . _ ~ -'
    return withChannel(state, channel, 'over', refuse(REFUSAL.BAD_NAME, text))
  }
  const seq = state.seqCounts ? frame.seq : 0
  return withChannel(state, channel, 'open', [{ kind: 'open', open: { ...frame, seq } }])
}

function withChannel(
  state: Open,
  channel: number,
  stands: 'open' | 'over',
  effects: readonly RelaySessionEffect[],
): RelaySessionStep {
  return { state: { ...state, channels: withStand(state.channels, channel, stands) }, effects }
}

function route(state: Open, frame: ChannelClientFrame): RelaySessionStep {
  switch (standOf(state.channels, frame.channel)) {
    case 'open':
      return { state, effects: [{ kind: 'route', channel: frame.channel, frame }] }
    case 'over':
      // It was under way when the channel ended.
      return { state, effects: NONE }
    case undefined:
      return broken(`channel ${frame.channel} was never opened`)
  }
}

function answer({ request, answer }: Extract<RelaySessionEvent, { kind: 'answered' }>): RelaySessionEffect {
  if (answer.kind === 'done') return send({ kind: 'done', request, feed: answer.feed })
  return send({ kind: 'failed', request, code: answer.code, text: answer.text })
}

/** W7: the next page is read when the last one has been taken, so a slow client costs nothing and gets what is newest. */
function readFeed({ feedPage = DEFAULT_FEED_PAGE }: RelaySessionConfig, state: Open): RelaySessionStep {
  const { cursor, head, reset, pace } = state.feed
  if (pace !== 'ready' || (cursor >= head && reset === 0)) return { state, effects: NONE }
  const feed: FeedState = { ...state.feed, pace: 'reading' }
  return { state: { ...state, feed }, effects: [{ kind: 'read-feed', after: cursor, limit: feedPage }] }
}

function feedPage(
  state: Open,
  { entries, upTo, head }: Extract<RelaySessionEvent, { kind: 'feed-page' }>,
): RelaySessionStep {
  const { cursor, reset } = state.feed
  const feed: FeedState = { cursor: upTo, head: Math.max(head, state.feed.head), reset: 0, pace: 'sending' }
  return {
    state: { ...state, feed },
    effects: [send({ kind: 'feed', after: cursor, upTo, head, reset, entries })],
  }
}

function send(frame: RelayFrame): RelaySessionEffect {
  return { kind: 'send', frame }
}
