import { describe, expect, it } from 'vitest'
import {
  CLOSE,
  type ClientEffect,
  type ClientEvent,
  type ClientState,
  REFUSAL,
  type RelayFrame,
  retryDelay,
  type SyncFeedEntry,
  stepClient,
  type WelcomeFrame,
} from '../../src/index.ts'

const CONFIG = { client: 'w1', agent: 'test' }
const WELCOME: WelcomeFrame = {
  kind: 'welcome',
  version: 1,
  incarnation: 'inc',
  follows: false,
  role: 'write',
  expiresIn: 100,
  head: 10,
  limits: { message: 1000, piece: 100, channels: 8, summary: 64 },
}

class Client {
  state: ClientState = { kind: 'off' }
  effects: readonly ClientEffect[] = []
  random = 0.5

  step(event: ClientEvent): this {
    const { state, effects } = stepClient(CONFIG, this.state, event, this.random)
    this.state = state
    this.effects = effects
    return this
  }

  start(incarnation = 'inc', cursor = 10): this {
    return this.step({ kind: 'start', token: 't', incarnation, cursor })
  }

  greeted(incarnation = 'inc', cursor = 10): this {
    return this.start(incarnation, cursor).step({ kind: 'socket-open' })
  }

  frame(frame: RelayFrame): this {
    return this.step({ kind: 'frame', frame })
  }

  open(incarnation = 'inc', cursor = 10, welcome: Partial<WelcomeFrame> = {}): this {
    return this.greeted(incarnation, cursor).frame({ ...WELCOME, ...welcome })
  }

  kinds(): string[] {
    return this.effects.filter(({ kind }) => kind !== 'clear-timer').map(({ kind }) => kind)
  }

  has(effect: ClientEffect): void {
    expect(this.effects).toContainEqual(effect)
  }

  /** Gave the connection up for a breach, and changed nothing else. */
  gaveUp(reason: string, before: ClientState): void {
    this.has({ kind: 'disconnect', code: CLOSE.BAD_FRAME, reason })
    this.has({ kind: 'lost', code: CLOSE.BAD_FRAME, reason })
    expect(this.kinds()).toEqual(['lost', 'disconnect', 'set-timer'])
    expect(this.state.kind).toBe('waiting')
    if (this.state.kind !== 'waiting' || before.kind === 'off') throw new Error('no memory')
    expect(this.state.memory).toEqual({ ...before.memory, attempt: before.memory.attempt + 1 })
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

describe('connecting', () => {
  it('Y3 says hello first, and lets channels be opened with it', () => {
    const client = new Client().start()
    expect(client.kinds()).toEqual(['connect', 'set-timer'])
    client.step({ kind: 'socket-open' })
    expect(client.kinds()).toEqual(['set-timer', 'send', 'greeted'])
    client.has({
      kind: 'send',
      frame: {
        kind: 'hello',
        minVersion: 1,
        maxVersion: 2,
        client: 'w1',
        agent: 'test',
        token: 't',
        incarnation: 'inc',
        cursor: 10,
      },
    })
  })

  it('Y3 nothing is new: the welcome is all there is', () => {
    const client = new Client().open()
    expect(client.kinds()).toEqual(['limits', 'welcomed', 'set-timer', 'set-timer', 'set-timer'])
    expect(client.state).toMatchObject({ kind: 'open', memory: { cursor: 10 }, head: 10 })
  })

  it('W8 tries again with full jitter, doubling until the longest, and anew once a connection has held', () => {
    expect(retryDelay(0, 0.5)).toBe(250)
    expect(retryDelay(3, 0.5)).toBe(2_000)
    expect(retryDelay(500, 0.999)).toBeLessThan(30_000)
    const client = new Client().start()
    for (const ms of [250, 500, 1_000]) {
      client.step({ kind: 'socket-closed', code: 1006, reason: '' })
      client.has({ kind: 'set-timer', timer: 'retry', ms })
      client.step({ kind: 'timer', timer: 'retry' })
      expect(client.kinds()).toEqual(['connect', 'set-timer'])
    }
    client.step({ kind: 'socket-open' }).frame(WELCOME).step({ kind: 'timer', timer: 'settled' })
    client.step({ kind: 'socket-closed', code: CLOSE.SHUTTING_DOWN, reason: '' })
    client.has({ kind: 'set-timer', timer: 'retry', ms: 250 })
  })

  it('W8 a connection that is refused after each welcome is not tried faster and faster', () => {
    const client = new Client().open().step({ kind: 'socket-closed', code: 1006, reason: '' })
    client.step({ kind: 'timer', timer: 'retry' }).step({ kind: 'socket-open' }).frame(WELCOME)
    client.step({ kind: 'socket-closed', code: 1006, reason: '' })
    client.has({ kind: 'set-timer', timer: 'retry', ms: 500 })
  })

  it.each([CLOSE.BAD_FRAME, CLOSE.FORBIDDEN, CLOSE.NOT_FOUND, CLOSE.CLIENT_TOO_OLD])(
    'W8 does not try again by itself after %i, but does with another token',
    (code) => {
      const client = new Client().open().step({ kind: 'socket-closed', code, reason: 'no' })
      expect(client.kinds()).toEqual(['lost', 'refused'])
      expect(client.step({ kind: 'wake' }).effects).toEqual([])
      expect(client.step({ kind: 'token', token: 'u' }).kinds()).toEqual(['connect', 'set-timer'])
      expect(client.state).toMatchObject({ memory: { token: 'u', attempt: 0 } })
    },
  )

  it('Y2 tries again when the relay is too old: it may be upgraded', () => {
    const client = new Client().open().step({ kind: 'socket-closed', code: CLOSE.RELAY_TOO_OLD, reason: 'upgrade' })
    expect(client.state).toMatchObject({ kind: 'waiting', code: CLOSE.RELAY_TOO_OLD, reason: 'upgrade' })
  })

  it('Y13 asks for another token when this one has expired', () => {
    const client = new Client().greeted().step({ kind: 'socket-closed', code: CLOSE.TOKEN_EXPIRED, reason: 'x' })
    client.has({ kind: 'token-wanted', why: 'expired' })
  })

  it('W8 tries at once when the machine is online again', () => {
    const client = new Client().open().step({ kind: 'socket-closed', code: 1006, reason: '' }).step({ kind: 'wake' })
    expect(client.kinds()).toEqual(['connect', 'set-timer'])
  })

  it('Y14 gives up a socket that does not open, or brings no welcome, or falls silent', () => {
    const connecting = new Client().start().step({ kind: 'timer', timer: 'connect' })
    connecting.has({ kind: 'disconnect', code: CLOSE.STALLED, reason: 'no connection' })
    const greeting = new Client().greeted().step({ kind: 'timer', timer: 'welcome' })
    greeting.has({ kind: 'disconnect', code: CLOSE.STALLED, reason: 'no welcome' })
    const open = new Client().open().step({ kind: 'timer', timer: 'ping' })
    open.has({ kind: 'send', frame: { kind: 'ping', id: 1 } })
    open.step({ kind: 'timer', timer: 'pong' })
    open.has({ kind: 'disconnect', code: CLOSE.STALLED, reason: 'no answer' })
  })

  it('Y14 takes any frame, and any piece, for a sign of life', () => {
    const pong = new Client().open().step({ kind: 'timer', timer: 'ping' }).frame({ kind: 'pong', id: 1 })
    expect(pong.step({ kind: 'timer', timer: 'pong' }).kinds()).toEqual(['set-timer'])
    const piece = new Client().open().step({ kind: 'timer', timer: 'ping' }).step({ kind: 'heard' })
    expect(piece.step({ kind: 'timer', timer: 'pong' }).kinds()).toEqual(['set-timer'])
  })

  it('Y13 renews the token before it expires', () => {
    const client = new Client().open()
    client.has({ kind: 'set-timer', timer: 'token', ms: 80_000 })
    client.step({ kind: 'timer', timer: 'token' }).has({ kind: 'token-wanted', why: 'expires-soon' })
    client.step({ kind: 'token', token: 'u' }).has({ kind: 'send', frame: { kind: 'renew', token: 'u' } })
    client.frame({ kind: 'renewed', role: 'read', expiresIn: 0 })
    expect(client.effects).toEqual([
      { kind: 'clear-timer', timer: 'token' },
      { kind: 'renewed', role: 'read' },
    ])
  })

  it('W8 stops and leaves nothing running', () => {
    const client = new Client().open().step({ kind: 'stop' })
    expect(client.kinds()).toEqual(['lost', 'disconnect'])
    expect(client.state).toEqual({ kind: 'off' })
    for (const timer of ['retry', 'ping', 'token'] as const) {
      expect(client.step({ kind: 'timer', timer }).effects).toEqual([])
    }
  })
})

describe('history', () => {
  it('W11 another incarnation voids cursor and acks', () => {
    const client = new Client().open('old', 10)
    client.has({ kind: 'history', incarnation: 'inc', cause: 'incarnation' })
    expect(client.state).toMatchObject({ memory: { incarnation: 'inc', cursor: 0 } })
  })

  it('W11 a relay behind the cursor that it gave has lost part of its history', () => {
    const client = new Client().open('inc', 11)
    client.has({ kind: 'history', incarnation: 'inc', cause: 'cursor' })
    expect(client.state).toMatchObject({ memory: { cursor: 0 } })
    client.frame({ kind: 'feed', after: 0, upTo: 10, head: 10, reset: REFUSAL.CURSOR_AHEAD, entries: [entry(4)] })
    client.has({ kind: 'feed', entries: [entry(4)], upTo: 10, head: 10 })
  })

  it('W11 another name that follows on the known one is no change, and is remembered', () => {
    const client = new Client().open('inc.1', 10, { incarnation: 'inc.2', follows: true })
    expect(client.kinds()).not.toContain('history')
    expect(client.state).toMatchObject({ kind: 'open', memory: { incarnation: 'inc.2', cursor: 10 } })
    client.open('inc.1', 11, { incarnation: 'inc.2', follows: true })
    client.has({ kind: 'history', incarnation: 'inc.2', cause: 'cursor' })
  })

  it('W11 the first welcome ever is no change', () => {
    expect(new Client().open('', 0).kinds()).not.toContain('history')
  })
})

describe('feed', () => {
  it('Y10 tells entries and where the cursor then is', () => {
    const client = new Client().open('inc', 4)
    client.frame({ kind: 'feed', after: 4, upTo: 8, head: 12, reset: 0, entries: [entry(6), entry(8)] })
    expect(client.effects).toEqual([{ kind: 'feed', entries: [entry(6), entry(8)], upTo: 8, head: 12 }])
    expect(client.state).toMatchObject({ memory: { cursor: 8 }, head: 12 })
  })

  it.each<[string, number, number, number[], string]>([
    ['leaves some out', 5, 8, [6], 'a page of the feed that does not continue the last one'],
    ['goes back', 3, 8, [6], 'a page of the feed that does not continue the last one'],
    ['ends before it begins', 4, 3, [], 'a page of the feed beyond its head'],
    ['ends beyond the head', 4, 13, [], 'a page of the feed beyond its head'],
    ['is out of order', 4, 8, [7, 6], 'a page of the feed out of order'],
    ['has an entry beyond its end', 4, 8, [9], 'a page of the feed out of order'],
    ['has an entry from before', 4, 8, [4], 'a page of the feed out of order'],
  ])('Y10 a page that %s changes nothing', (_name, after, upTo, numbers, reason) => {
    const client = new Client().open('inc', 4)
    const before = client.state
    client.frame({ kind: 'feed', after, upTo, head: 12, reset: 0, entries: numbers.map(entry) })
    client.gaveUp(reason, before)
  })
})

describe('Y15 W11 how far the history reaches', () => {
  const welcome2 = { version: 2, until: 0 } as const

  it('Y15 the highest that was told under a name is said with it, and goes with the name', () => {
    const client = new Client().start('inc', 10).step({ kind: 'socket-open', reach: 5 })
    expect(client.effects).toContainEqual(
      expect.objectContaining({ frame: expect.objectContaining({ kind: 'hello', incarnation: 'inc', reach: 5 }) }),
    )
    client.frame({ ...WELCOME, ...welcome2 })
    client.frame({ kind: 'ack', channel: 1, upTo: 1, seq: 1, refused: [], reach: 9 })
    client.frame({ kind: 'at', channel: 1, seq: 1, reach: 7 })
    client.frame({ kind: 'pong', id: 0 })
    expect(client.state).toMatchObject({ memory: { reach: 9 } })
    client.step({ kind: 'socket-closed', code: 1006, reason: '' }).step({ kind: 'timer', timer: 'retry' })
    client.step({ kind: 'socket-open' })
    expect(client.effects).toContainEqual(
      expect.objectContaining({ frame: expect.objectContaining({ kind: 'hello', reach: 9 }) }),
    )
    client.frame({ ...WELCOME, ...welcome2, incarnation: 'other' })
    expect(client.kinds()).toContain('history')
    expect(client.state).toMatchObject({ memory: { incarnation: 'other', reach: 0, cursor: 0 } })
  })

  it('Y15 under a name that goes on it goes on too, as far as the welcome says', () => {
    const client = new Client().open('inc', 10, welcome2)
    client.frame({ kind: 'done', request: 1, feed: 0, reach: 9 })
    client.step({ kind: 'socket-closed', code: 1006, reason: '' }).step({ kind: 'timer', timer: 'retry' })
    client.step({ kind: 'socket-open' })
    const before = client.state
    client.frame({ ...WELCOME, version: 2, incarnation: 'inc.2', follows: true, until: 8 })
    client.gaveUp('a history that follows and does not reach as far', before)
    client.step({ kind: 'timer', timer: 'retry' }).step({ kind: 'socket-open' })
    client.frame({ ...WELCOME, version: 2, incarnation: 'inc.2', follows: true, until: 9 })
    expect(client.kinds()).not.toContain('history')
    client.has({ kind: 'welcomed', incarnation: 'inc.2', role: 'write', head: 10, version: 2, until: 9 })
    expect(client.state).toMatchObject({ memory: { incarnation: 'inc.2', reach: 9, cursor: 10 } })
  })

  it('Y15 a relay of version 1 says nothing of it, and is believed when it says that a history goes on', () => {
    const client = new Client().start().step({ kind: 'socket-open', reach: 5 })
    client.frame({ ...WELCOME, incarnation: 'inc.2', follows: true })
    expect(client.kinds()).not.toContain('history')
    const until = Number.MAX_SAFE_INTEGER
    client.has({ kind: 'welcomed', incarnation: 'inc.2', role: 'write', head: 10, version: 1, until })
  })

  it('Y15 who knows no history says nothing', () => {
    const client = new Client().start('', 0).step({ kind: 'socket-open', reach: 5 })
    const hello = client.effects.find((effect) => effect.kind === 'send')
    expect(hello).not.toHaveProperty('frame.reach')
    client.frame({ ...WELCOME, ...welcome2 })
    expect(client.state).toMatchObject({ memory: { incarnation: 'inc', reach: 0 } })
  })
})

describe('a relay that breaks the protocol', () => {
  it.each<[string, (client: Client) => Client, RelayFrame, string]>([
    ['speaks before its welcome', (c) => c.greeted(), { kind: 'pong', id: 0 }, 'pong before welcome'],
    ['welcomes twice', (c) => c.open(), WELCOME, 'a second welcome'],
    ['answers no ping', (c) => c.open(), { kind: 'pong', id: 1 }, 'a pong for no ping'],
    [
      'chooses a version that was not offered',
      (c) => c.greeted(),
      { ...WELCOME, version: 3, until: 0 },
      'a version that was not offered: 3',
    ],
  ])('Y3 that %s is left, nothing changed, and tried again later', (_name, make, frame, reason) => {
    const client = make(new Client())
    const before = client.state
    client.frame(frame).gaveUp(reason, before)
  })
})

describe('every state takes every event', () => {
  const events: ClientEvent[] = [
    { kind: 'start', token: 't', incarnation: '', cursor: 0 },
    { kind: 'stop' },
    { kind: 'token', token: 'u' },
    { kind: 'wake' },
    { kind: 'socket-open' },
    { kind: 'socket-closed', code: 1006, reason: '' },
    { kind: 'socket-closed', code: CLOSE.FORBIDDEN, reason: '' },
    { kind: 'frame', frame: WELCOME },
    { kind: 'frame', frame: { kind: 'pong', id: 0 } },
    { kind: 'heard' },
    { kind: 'broken', code: CLOSE.TOO_BIG, reason: 'x' },
    ...(['connect', 'welcome', 'retry', 'settled', 'ping', 'pong', 'token'] as const).map(
      (timer) => ({ kind: 'timer', timer }) as const,
    ),
  ]
  const make: Record<ClientState['kind'], () => Client> = {
    off: () => new Client(),
    waiting: () => new Client().open().step({ kind: 'socket-closed', code: 1006, reason: '' }),
    connecting: () => new Client().start(),
    greeting: () => new Client().greeted(),
    open: () => new Client().open(),
    refused: () => new Client().open().step({ kind: 'socket-closed', code: CLOSE.FORBIDDEN, reason: '' }),
  }

  it('W8 Y3 as in this table', () => {
    const table = (Object.keys(make) as ClientState['kind'][]).map((kind) => {
      const row = events.map((event) => {
        const client = make[kind]().step(event)
        const name = event.kind === 'timer' ? event.timer : event.kind === 'frame' ? event.frame.kind : event.kind
        return `${name}: ${client.state.kind} [${client.kinds().join(' ')}]`
      })
      return [kind, row] as const
    })
    expect(Object.fromEntries(table)).toMatchSnapshot()
  })
})
