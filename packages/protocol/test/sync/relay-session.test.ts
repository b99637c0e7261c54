import { describe, expect, it } from 'vitest'
import {
  CLOSE,
  type ClientFrame,
  type HelloFrame,
  openRelaySession,
  REFUSAL,
  type RelayFrame,
  type RelaySessionConfig,
  type RelaySessionEffect,
  type RelaySessionEvent,
  type RelaySessionState,
  type SyncFeedEntry,
  stepRelaySession,
} from '../../src/index.ts'

const HELLO: HelloFrame = {
  kind: 'hello',
  minVersion: 1,
  maxVersion: 1,
  client: 'w1',
  agent: 'test',
  token: 't',
  incarnation: 'inc',
  cursor: 10,
}

const VERIFIED = { kind: 'verified', role: 'write', expiresIn: 60, incarnation: 'inc', head: 10 } as const
const OPEN: ClientFrame = {
  kind: 'open',
  channel: 1,
  document: 'doc',
  epoch: 'e',
  seq: 7,
  mode: 'watch',
  stateVector: Uint8Array.of(0),
}

class Session {
  state: RelaySessionState
  effects: readonly RelaySessionEffect[]
  readonly config: RelaySessionConfig

  constructor(config: RelaySessionConfig = {}) {
    this.config = config
    const { state, effects } = openRelaySession()
    this.state = state
    this.effects = effects
  }

  step(event: RelaySessionEvent): this {
    const { state, effects } = stepRelaySession(this.config, this.state, event)
    this.state = state
    this.effects = effects
    return this
  }

  frame(frame: ClientFrame): this {
    return this.step({ kind: 'frame', frame })
  }

  open(
    hello: Partial<HelloFrame> = {},
    verified: Partial<Extract<RelaySessionEvent, { kind: 'verified' }>> = {},
  ): this {
    return this.frame({ ...HELLO, ...hello }).step({ ...VERIFIED, ...verified })
  }

  frames(): RelayFrame[] {
    return this.effects.flatMap((effect) => (effect.kind === 'send' ? [effect.frame] : []))
  }

  closed(): unknown {
    return this.effects.find((effect) => effect.kind === 'close')
  }
}

const entry = (number: number): SyncFeedEntry => ({
  document: `d${number}`,
  number,
  epoch: 'e',
  seq: 1,
  purged: false,
  summary: null,
})

describe('hello', () => {
  it('Y3 is waited for, not for ever', () => {
    const session = new Session()
    expect(session.effects).toEqual([{ kind: 'set-timer', timer: 'hello', ms: 5_000 }])
    session.step({ kind: 'timer', timer: 'hello' })
    expect(session.closed()).toMatchObject({ code: CLOSE.NO_HELLO })
  })

  it('Y3 comes first, and once', () => {
    expect(new Session().frame({ kind: 'ping', id: 1 }).closed()).toMatchObject({
      code: CLOSE.BAD_FRAME,
      reason: 'ping before hello',
    })
    expect(new Session().frame(HELLO).frame(HELLO).closed()).toMatchObject({ reason: 'a second hello' })
    expect(new Session().open().frame(HELLO).closed()).toMatchObject({ reason: 'a second hello' })
  })

  it.each([
    [1, 1, 2, 3, CLOSE.CLIENT_TOO_OLD, 'upgrade the client: it speaks up to 1, the relay from 2'],
    [4, 5, 2, 3, CLOSE.RELAY_TOO_OLD, 'upgrade the relay: it speaks up to 3, the client from 4'],
    [3, 2, 1, 3, CLOSE.BAD_FRAME, 'a range of versions that ends before it begins'],
  ])('Y2 %i to %i and %i to %i have no version in common', (minVersion, maxVersion, min, max, code, reason) => {
    const session = new Session({ versions: { min, max } }).frame({ ...HELLO, minVersion, maxVersion })
    expect(session.closed()).toEqual({ kind: 'close', code, reason })
  })

  it.each([
    [1, 2, 1, 2, 2],
    [1, 1, 1, 2, 1],
    [1, 3, 1, 2, 2],
    [2, 3, 1, 2, 2],
  ])('Y2 %i to %i and %i to %i speak %i', (minVersion, maxVersion, min, max, version) => {
    const session = new Session({ versions: { min, max } }).frame({ ...HELLO, minVersion, maxVersion }).step(VERIFIED)
    expect(session.frames()[0]).toMatchObject({ kind: 'welcome', version })
  })

  it.each([CLOSE.TOKEN_EXPIRED, CLOSE.FORBIDDEN, CLOSE.NOT_FOUND])(
    'Y3 a token that is not good closes with %i',
    (code) => {
      const session = new Session().frame(HELLO).step({ kind: 'denied', code, reason: 'no' })
      expect(session.closed()).toEqual({ kind: 'close', code, reason: 'no' })
    },
  )

  it('Y3 a client id that is no name is refused', () => {
    expect(new Session().frame({ ...HELLO, client: '' }).closed()).toMatchObject({ code: CLOSE.BAD_FRAME })
  })

  it('W11 what was told under an earlier name of the same history counts, and the welcome says so', () => {
    const session = new Session().open({ incarnation: 'inc.1', cursor: 10 }, { incarnation: 'inc.2', follows: true })
    expect(session.frames()[0]).toMatchObject({ kind: 'welcome', incarnation: 'inc.2', follows: true })
    expect(session.state).toMatchObject({ kind: 'open', seqCounts: true, feed: { cursor: 10, reset: 0 } })
  })

  it('Y3 answers with nothing but the welcome when there is nothing new, and does what was sent ahead', () => {
    const session = new Session().frame(HELLO).frame(OPEN).frame({ kind: 'ping', id: 5 }).step(VERIFIED)
    expect(session.frames().map(({ kind }) => kind)).toEqual(['welcome', 'pong'])
    expect(session.effects).toContainEqual({ kind: 'open', open: OPEN })
    expect(session.effects).toContainEqual({ kind: 'set-timer', timer: 'expiry', ms: 60_000 })
  })
})

describe('tokens', () => {
  it('Y13 are renewed on the open connection', () => {
    const session = new Session().open().frame({ kind: 'renew', token: 'next' })
    expect(session.effects).toEqual([{ kind: 'verify', token: 'next', client: 'w1', agent: '' }])
    session.step({ ...VERIFIED, role: 'write', expiresIn: 0 })
    expect(session.frames()).toEqual([{ kind: 'renewed', role: 'write', expiresIn: 0 }])
    expect(session.effects).toContainEqual({ kind: 'clear-timer', timer: 'expiry' })
  })

  it('Y13 that expire close the connection', () => {
    const session = new Session().open().step({ kind: 'timer', timer: 'expiry' })
    expect(session.closed()).toMatchObject({ code: CLOSE.TOKEN_EXPIRED })
    expect(session.step(VERIFIED).effects).toEqual([])
  })
})

describe('feed', () => {
  it('Y10 goes on from the cursor, a page at a time, each when the last one was taken', () => {
    const session = new Session({ feedPage: 2 }).open({ cursor: 4 })
    expect(session.effects).toContainEqual({ kind: 'read-feed', after: 4, limit: 2 })
    const entries = [entry(6), entry(8)]
    session.step({ kind: 'feed-page', entries, upTo: 8, head: 10 })
    expect(session.effects).toEqual([
      { kind: 'send', frame: { kind: 'feed', after: 4, upTo: 8, head: 10, reset: 0, entries } },
    ])
    expect(session.step({ kind: 'committed', head: 11 }).effects).toEqual([])
    expect(session.step({ kind: 'drained' }).effects).toEqual([{ kind: 'read-feed', after: 8, limit: 2 }])
    session.step({ kind: 'feed-page', entries: [entry(11)], upTo: 11, head: 11 })
    expect(session.step({ kind: 'drained' }).effects).toEqual([])
    expect(session.step({ kind: 'committed', head: 12 }).effects).toEqual([{ kind: 'read-feed', after: 11, limit: 2 }])
  })

  it('Y10 begins again for a cursor from the future, says so, and changes nothing', () => {
    const session = new Session().open({ cursor: 11 })
    expect(session.effects).toContainEqual({ kind: 'note-ahead', cursor: 11, head: 10 })
    expect(session.effects).toContainEqual({ kind: 'read-feed', after: 0, limit: 500 })
    session.step({ kind: 'feed-page', entries: [entry(10)], upTo: 10, head: 10 })
    expect(session.frames()).toMatchObject([{ kind: 'feed', after: 0, reset: REFUSAL.CURSOR_AHEAD }])
  })

  it('W11 begins again for a cursor of another incarnation, even with nothing to tell', () => {
    const session = new Session().open({ incarnation: 'other', cursor: 3 }, { head: 0 as 10 })
    expect(session.effects).toContainEqual({ kind: 'read-feed', after: 0, limit: 500 })
    session.step({ kind: 'feed-page', entries: [], upTo: 0, head: 0 })
    expect(session.frames()).toMatchObject([{ kind: 'feed', after: 0, upTo: 0, reset: REFUSAL.OTHER_INCARNATION }])
  })

  it('Y10 that cannot be read closes the connection, to be tried again', () => {
    expect(new Session().open({ cursor: 1 }).step({ kind: 'feed-failed' }).closed()).toMatchObject({
      code: CLOSE.LOAD_FAILED,
    })
  })
})

describe('channels', () => {
  it('Y7 W11 positions of another incarnation do not count', () => {
    const session = new Session().open({ incarnation: 'other' }).frame(OPEN)
    expect(session.effects).toEqual([{ kind: 'open', open: { ...OPEN, seq: 0 } }])
  })

  it('Y7 a frame of a channel that was never opened closes the connection', () => {
    const session = new Session().open().frame({ kind: 'close', channel: 9 })
    expect(session.closed()).toEqual({ kind: 'close', code: CLOSE.BAD_FRAME, reason: 'channel 9 was never opened' })
  })

  it('Y7 what was under way to a channel that has ended is ignored, and its number may be used again', () => {
    const session = new Session().open().frame(OPEN).step({ kind: 'channel-over', channel: 1 })
    expect(session.frame({ kind: 'answer', channel: 1 }).effects).toEqual([])
    expect(session.frame(OPEN).effects).toMatchObject([{ kind: 'open' }])
    expect(session.frame(OPEN).closed()).toMatchObject({ reason: 'opens channel 1, which is open' })
  })

  it('Y7 refuses a channel number over the limit, and a document that is no name', () => {
    const session = new Session().open().frame({ ...OPEN, channel: 1025 })
    expect(session.frames()).toMatchObject([{ kind: 'refused', channel: 1025, code: REFUSAL.TOO_MANY_CHANNELS }])
    session.frame({ ...OPEN, document: '..' })
    expect(session.frames()).toMatchObject([{ kind: 'refused', channel: 1, code: REFUSAL.BAD_NAME }])
    session.frame({ ...OPEN, epoch: 'a/b' })
    expect(session.frames()).toMatchObject([{ kind: 'refused', code: REFUSAL.BAD_NAME }])
  })
})

describe('requests', () => {
  const summary = { kind: 'summary', request: 2, document: 'doc', epoch: 'e', summary: new Uint8Array(2048) } as const
  const purge = { kind: 'purge', request: 3, document: 'doc', epoch: 'e' } as const

  it('Y13 are done and answered', () => {
    const session = new Session().open()
    expect(session.frame(summary).effects).toEqual([summary])
    expect(session.frame(purge).effects).toEqual([purge])
    session.step({ kind: 'answered', request: 2, answer: { kind: 'done', feed: 12 } })
    expect(session.frames()).toEqual([{ kind: 'done', request: 2, feed: 12 }])
    session.step({ kind: 'answered', request: 3, answer: { kind: 'failed', code: REFUSAL.EPOCH_OTHER, text: 'x' } })
    expect(session.frames()).toEqual([{ kind: 'failed', request: 3, code: REFUSAL.EPOCH_OTHER, text: 'x' }])
  })

  it('Y13 a summary over its size is refused and changes nothing', () => {
    const session = new Session().open().frame({ ...summary, summary: new Uint8Array(2049) })
    expect(session.effects).toEqual([
      {
        kind: 'send',
        frame: { kind: 'failed', request: 2, code: REFUSAL.TOO_LARGE, text: 'a summary is at most 2048 bytes' },
      },
    ])
  })

  it('Y13 readers may ask for none, and names must be names', () => {
    const reader = new Session().open({}, { role: 'read' as 'write' })
    expect(reader.frame(summary).frames()).toMatchObject([{ kind: 'failed', code: REFUSAL.READ_ONLY }])
    expect(reader.frame(purge).frames()).toMatchObject([{ kind: 'failed', code: REFUSAL.READ_ONLY }])
    const session = new Session().open().frame({ ...purge, epoch: '' })
    expect(session.frames()).toMatchObject([{ kind: 'failed', request: 3, code: REFUSAL.BAD_NAME }])
  })
})

describe('every state takes every event', () => {
  const events: RelaySessionEvent[] = [
    { kind: 'frame', frame: OPEN },
    { kind: 'frame', frame: { kind: 'piece', channel: 0, offset: 0, total: 1, bytes: Uint8Array.of(1) } },
    { kind: 'broken', code: CLOSE.TOO_BIG, reason: 'x' },
    VERIFIED,
    { kind: 'denied', code: CLOSE.FORBIDDEN, reason: 'x' },
    { kind: 'timer', timer: 'hello' },
    { kind: 'timer', timer: 'expiry' },
    { kind: 'feed-page', entries: [], upTo: 10, head: 10 },
    { kind: 'feed-failed' },
    { kind: 'committed', head: 12 },
    { kind: 'drained' },
    { kind: 'answered', request: 1, answer: { kind: 'done', feed: 0 } },
    { kind: 'channel-over', channel: 1 },
    { kind: 'incarnation-changed' },
    { kind: 'stalled' },
    { kind: 'shutting-down' },
    { kind: 'gone' },
  ]
  const make: Record<RelaySessionState['kind'], () => Session> = {
    waiting: () => new Session(),
    verifying: () => new Session().frame(HELLO),
    open: () => new Session().open(),
    closed: () => new Session().step({ kind: 'gone' }),
  }
  const table = (Object.keys(make) as RelaySessionState['kind'][]).map((kind) => {
    const row = events.map((event) => {
      const session = make[kind]().step(event)
      const close = session.effects.find((effect) => effect.kind === 'close')
      const name = event.kind === 'timer' ? event.timer : event.kind === 'frame' ? event.frame.kind : event.kind
      return `${name}: ${session.state.kind}${close === undefined ? '' : ` ${close.code}`}`
    })
    return [kind, row] as const
  })

  it('Y3 Y7 as in this table', () => {
    expect(Object.fromEntries(table)).toMatchSnapshot()
    for (const event of events) expect(make.closed().step(event).effects).toEqual([])
  })
})
