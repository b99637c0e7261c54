import { seededRandom } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import {
  BEFORE_WELCOME,
  CLOSE,
  type ClientFrame,
  encodeClientFrame,
  encodeRelayFrame,
  encodeUpdate,
  REFUSAL,
  type RelayFrame,
  refusalName,
} from '../../src/index.ts'
import { ClientEnd, HELLO, RelayEnd, WELCOME } from './ends.ts'

/** Issue 3, "Bad input": each has a documented code and an error text, changes nothing, and is tested at both ends. */

const VECTOR = Uint8Array.of(0)
const UPDATE = Uint8Array.of(1, 2)

/** The relay closes the connection; the channels that were open leave their rooms, and nothing is written. */
function closes(end: RelayEnd, code: number, reason: string): void {
  expect(end.effects).toContainEqual({ kind: 'close', code, reason })
  const left = end.effects.map((effect) => (effect.kind === 'channel' ? effect.effect.kind : effect.kind))
  expect(left.filter((kind) => !['clear-timer', 'close', 'ended'].includes(kind))).toEqual([])
  expect(end.connection.state).toEqual({ kind: 'closed', code })
}

/** The client leaves, keeps what it knows, and will try again. */
function leaves(end: ClientEnd, reason: string, code: number = CLOSE.BAD_FRAME): void {
  expect(end.effects).toContainEqual({ kind: 'disconnect', code, reason })
  const told = end.effects.map((effect) => (effect.kind === 'channel' ? effect.effect.kind : effect.kind))
  expect(told.filter((kind) => !['clear-timer', 'disconnect', 'lost', 'set-timer'].includes(kind))).toEqual([])
  expect(end.client.state).toMatchObject({ kind: 'waiting', memory: { incarnation: 'inc', cursor: 10 } })
}

describe('an unknown frame', () => {
  it('Y1 closes the connection at the relay', () => {
    const end = RelayEnd.open()
    end.channel()
    closes(end.bytes(Uint8Array.of(31)), CLOSE.BAD_FRAME, 'unknown frame type 31')
  })

  it('Y1 closes the connection at the client', () => {
    const end = ClientEnd.open()
    end.channel()
    leaves(end.bytes(Uint8Array.of(63)), 'unknown frame type 63')
  })

  it('Y1 text is no frame', () => {
    closes(RelayEnd.open().handle({ kind: 'text' }), CLOSE.TEXT_FRAME, 'text frames are not part of the protocol')
  })

  it('Y1 a frame of the other side is unknown: only relays acknowledge', () => {
    const ack = encodeRelayFrame({ kind: 'ack', channel: 1, upTo: 1, seq: 1, refused: [] })
    closes(RelayEnd.open().bytes(ack), CLOSE.BAD_FRAME, 'unknown frame type 39')
    leaves(ClientEnd.open().bytes(encodeClientFrame({ kind: 'ping', id: 1 })), 'unknown frame type 9')
  })
})

describe('an unknown channel', () => {
  it('Y7 closes the connection at the relay', () => {
    const end = RelayEnd.open()
    end.channel()
    end.frame({ kind: 'message', channel: 2, bytes: encodeUpdate(UPDATE) })
    closes(end, CLOSE.BAD_FRAME, 'channel 2 was never opened')
  })

  it('Y7 closes the connection at the client', () => {
    const end = ClientEnd.open()
    end.channel()
    leaves(end.frame({ kind: 'update', channel: 2, seq: 1, update: UPDATE }), 'channel 2 is not open')
  })
})

describe('an unknown version', () => {
  it('Y2 closes the connection at the relay and says who is to be upgraded', () => {
    const old = new RelayEnd({ versions: { min: 2, max: 3 } })
    old.bytes(encodeClientFrame(HELLO))
    closes(old, CLOSE.CLIENT_TOO_OLD, 'upgrade the client: it speaks up to 1, the relay from 2')
    const young = new RelayEnd({ versions: { min: 1, max: 1 } })
    young.bytes(encodeClientFrame({ ...HELLO, minVersion: 2, maxVersion: 2 } as typeof HELLO))
    closes(young, CLOSE.RELAY_TOO_OLD, 'upgrade the relay: it speaks up to 1, the client from 2')
  })

  it('Y2 closes the connection at the client', () => {
    const end = new ClientEnd()
    leaves(end.frame({ ...WELCOME, version: 9 }), 'a version that was not offered: 9')
  })
})

describe('an ack for what was never sent', () => {
  it('Y9 ends the connection at the client and counts for nothing', () => {
    const end = ClientEnd.open()
    const opening = end.channel()
    end.handle({ kind: 'channel', opening, event: { kind: 'update', update: UPDATE } })
    leaves(end.frame({ kind: 'ack', channel: 1, upTo: 2, seq: 9, refused: [] }), 'acknowledges what was never sent')
  })

  it('Y13 neither does an answer to what was never asked', () => {
    leaves(ClientEnd.open().frame({ kind: 'done', request: 1, feed: 11 }), 'an answer to what was never asked')
    const failed: RelayFrame = { kind: 'failed', request: 1, code: 413, text: '' }
    leaves(ClientEnd.open().frame(failed), 'an answer to what was never asked')
  })
})

describe('a cursor from the future', () => {
  it('Y10 begins the feed again at the relay, with its code, and changes nothing', () => {
    const end = new RelayEnd()
    end.bytes(encodeClientFrame({ ...HELLO, cursor: 11 } as typeof HELLO))
    end.handle({ kind: 'verified', role: 'write', expiresIn: 0, incarnation: 'inc', head: 10 })
    expect(end.effects).toContainEqual({ kind: 'note-ahead', cursor: 11, head: 10 })
    end.handle({ kind: 'feed-page', entries: [], upTo: 10, head: 10 })
    const feed = end.sent().find((frame) => frame.kind === 'feed')
    expect(feed).toEqual({ kind: 'feed', after: 0, upTo: 10, head: 10, reset: REFUSAL.CURSOR_AHEAD, entries: [] })
    expect(refusalName(REFUSAL.CURSOR_AHEAD)).toBe('CURSOR_AHEAD')
  })

  it('Y10 a page from the future ends the connection at the client', () => {
    const end = ClientEnd.open()
    end.frame({ kind: 'feed', after: 11, upTo: 12, head: 12, reset: 0, entries: [] })
    leaves(end, 'a page of the feed that does not continue the last one')
  })
})

describe('pieces', () => {
  const whole = new Uint8Array(300)
  const part = (offset: number, length: number, channel = 0) =>
    ({ kind: 'piece', channel, offset, total: whole.length, bytes: whole.subarray(0, length) }) as const

  it('Y4 out of order close the connection at the relay', () => {
    const end = RelayEnd.open().frame(part(0, 10)).frame(part(20, 10))
    closes(end, CLOSE.BAD_FRAME, 'a piece out of order')
  })

  it('Y4 out of order close the connection at the client', () => {
    leaves(ClientEnd.open().frame(part(0, 10)).frame(part(20, 10)), 'a piece out of order')
  })

  it('Y4 never finished: another frame of the channel', () => {
    const relay = RelayEnd.open().frame(part(0, 10)).frame({ kind: 'ping', id: 1 })
    closes(relay, CLOSE.BAD_FRAME, 'a frame amid the pieces of another')
    leaves(ClientEnd.open().frame(part(0, 10)).frame({ kind: 'pong', id: 0 }), 'a frame amid the pieces of another')
  })

  it('Y4 never finished: nothing more comes', () => {
    const relay = RelayEnd.open().frame(part(0, 10, 1))
    expect(relay.connection.oldestTransfer).toBe(0)
    closes(relay.handle({ kind: 'stalled' }), CLOSE.STALLED, 'no progress')
    const client = ClientEnd.open().frame(part(0, 10, 1))
    expect(client.client.oldestTransfer).toBe(0)
    leaves(client.handle({ kind: 'stalled' }), 'no progress', CLOSE.STALLED)
    expect(client.client.oldestTransfer).toBeNull()
  })

  it('Y4 of more than a message may be', () => {
    const limits = { message: 200, piece: 100, channels: 8, summary: 64 }
    closes(RelayEnd.open({ limits }).frame(part(0, 10)), CLOSE.TOO_BIG, 'transfers of more than 200 bytes')
    leaves(ClientEnd.open(10, { limits }).frame(part(0, 10)), 'transfers of more than 200 bytes', CLOSE.TOO_BIG)
  })
})

describe('a lease token from before', () => {
  it('W12 is refused at the relay by its code', () => {
    const end = RelayEnd.open()
    const opening = end.channel()
    end.frame({ kind: 'lease', channel: 1, request: 1, key: 'turn', operation: 'renew', ttl: 5_000, fencing: 3 })
    expect(end.effects).toEqual([
      {
        kind: 'channel',
        opening,
        document: 'doc',
        effect: { kind: 'lease', request: 1, key: 'turn', operation: 'renew', ttl: 5_000, fencing: 3 },
      },
    ])
    const event = { kind: 'request-refused', request: 1, code: REFUSAL.LEASE_LOST, text: 'it has expired' } as const
    end.handle({ kind: 'channel', opening, event })
    expect(end.sent()).toEqual([{ kind: 'failed', request: 1, code: REFUSAL.LEASE_LOST, text: 'it has expired' }])
  })

  it('W12 is told at the client', () => {
    const end = ClientEnd.open()
    const opening = end.channel()
    const request = end.client.nextRequest()
    const lease = { kind: 'lease', request, key: 'turn', operation: 'renew', ttl: 5_000, fencing: 3 } as const
    end.handle({ kind: 'channel', opening, event: lease })
    expect(end.sent()).toEqual([{ ...lease, channel: 1 }])
    end.frame({ kind: 'failed', request, code: REFUSAL.LEASE_LOST, text: 'it has expired' })
    expect(end.effects).toEqual([
      { kind: 'answered', request, answer: { kind: 'failed', code: REFUSAL.LEASE_LOST, text: 'it has expired' } },
    ])
  })
})

describe('a summary over its size', () => {
  it('Y13 is refused at the relay by its code', () => {
    const end = RelayEnd.open()
    end.frame({ kind: 'summary', request: 1, document: 'doc', epoch: 'e', summary: new Uint8Array(2049) })
    expect(end.effects).toEqual([{ kind: 'note-refusal', code: REFUSAL.TOO_LARGE }])
    expect(end.sent()).toEqual([
      { kind: 'failed', request: 1, code: REFUSAL.TOO_LARGE, text: 'a summary is at most 2048 bytes' },
    ])
  })

  it('Y13 is not sent by the client', () => {
    const end = ClientEnd.open()
    expect(end.client.summary('doc', 'e', new Uint8Array(2049))).toBe('too-large')
    expect(end.sent()).toEqual([])
    expect(end.client.summary('doc', 'e', new Uint8Array(2048))).toBe(1)
  })

  it('Y13 in a page of the feed is garbage to the client when it is beyond all bounds', () => {
    const summary = new Uint8Array(64 * 1024 - 100)
    const entry = { document: 'd', number: 11, epoch: 'e', seq: 1, purged: false, summary }
    const page = { kind: 'feed', after: 10, upTo: 11, head: 11, reset: 0, entries: [entry] } as const
    expect(ClientEnd.open().frame(page).effects).toMatchObject([{ kind: 'feed' }])
    const bytes = encodeRelayFrame({ ...page, entries: [{ ...entry, summary: new Uint8Array(64 * 1024 + 1) }] })
    const end = ClientEnd.open()
    const half = bytes.length / 2
    for (const [from, to] of [
      [0, Math.floor(half)],
      [Math.floor(half), bytes.length],
    ] as const) {
      end.frame({ kind: 'piece', channel: 0, offset: from, total: bytes.length, bytes: bytes.subarray(from, to) })
    }
    leaves(end, 'a summary over 65536 bytes')
  })
})

describe('too much before the welcome', () => {
  const TOO_MANY = (frames: number) =>
    `more than ${frames} messages before the welcome: wait for it, then send the rest`

  it.each([
    [16, {}],
    [3, { beforeWelcome: { ...BEFORE_WELCOME, frames: 3 } }],
  ])('Y3 more than %i messages, the hello among them, close the connection', (most, config) => {
    const end = new RelayEnd(config).frame(HELLO)
    for (let i = 1; i < most; i++) {
      end.frame({ kind: 'ping', id: i })
      expect(end.effects).toEqual([])
    }
    closes(end.frame({ kind: 'ping', id: most }), CLOSE.TOO_EARLY, TOO_MANY(most))
  })

  it('Y3 as many messages as are taken are done in order when the token is good, and later ones are not counted', () => {
    const end = new RelayEnd().frame(HELLO)
    for (let channel = 1; channel < 16; channel++) {
      end.frame({
        kind: 'open',
        channel,
        document: `d${channel}`,
        epoch: '',
        seq: 0,
        mode: 'watch',
        stateVector: VECTOR,
      })
    }
    end.handle({ kind: 'verified', role: 'write', expiresIn: 0, incarnation: 'inc', head: 10 })
    const opens = end.effects.filter((effect) => effect.kind === 'open')
    expect(opens.map(({ open }) => open.channel)).toEqual(Array.from({ length: 15 }, (_, i) => i + 1))
    // A token that is renewed on an open connection is looked at too, and nothing waits for that.
    end.frame({ kind: 'renew', token: 'u' })
    for (let i = 1; i < 100; i++) end.frame({ kind: 'ping', id: i })
    expect(end.connection.state.kind).toBe('open')
  })

  it('Y3 by bytes closes the connection', () => {
    const bytes = new RelayEnd().frame(HELLO)
    for (let i = 0; i < 2; i++)
      bytes.bytes(encodeClientFrame({ kind: 'message', channel: 1, bytes: new Uint8Array(40_000) }))
    const reason = 'more than 65536 bytes before the welcome: wait for it, then send the rest'
    closes(bytes, CLOSE.TOO_EARLY, reason)
  })

  it('Y3 is never sent by a client', () => {
    const end = new ClientEnd()
    let opened = 0
    const big = new Uint8Array(3_000)
    while (end.client.open({ document: `d${opened}`, epoch: '', seq: 0, mode: 'watch', stateVector: big }) !== null)
      opened += 1
    expect(opened).toBe(10)
    const few = new ClientEnd()
    while (few.client.open({ document: 'd', epoch: '', seq: 0, mode: 'watch', stateVector: VECTOR }) !== null)
      opened += 1
    expect(few.sent()).toHaveLength(16)
    expect(few.client.summary('d', 'e', VECTOR)).toBe('not-connected')
  })

  it('Y3 is never sent by a client, whatever is opened, closed and renewed while it waits; all of it is done after', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed)
      const end = new ClientEnd()
      const openings: number[] = []
      const early: ClientFrame[] = []
      const closed = new Set<number>()
      for (let step = 0; step < 60; step++) {
        const what = random.int(8)
        const wish = { document: `d${step}`, epoch: '', seq: 0, mode: 'watch', stateVector: VECTOR } as const
        if (what === 0) end.handle({ kind: 'token', token: `t${step}` })
        else if (what < 4 && openings.length > 0) {
          const opening = random.pick(openings)
          closed.add(opening)
          end.handle({ kind: 'channel', opening, event: { kind: 'close' } })
        } else {
          const opening = end.client.open(wish)
          if (opening !== null) openings.push(opening)
        }
        if (random.int(3) === 0) early.push(...end.sent())
      }
      early.push(...end.sent())
      expect(early[0]?.kind, `seed ${seed}`).toBe('hello')
      expect(early.length, `seed ${seed}`).toBe(16)
      expect(early.slice(1).every(({ kind }) => kind === 'open')).toBe(true)
      end.frame(WELCOME)
      const later = end.sent().map(({ kind }) => kind)
      expect(later.filter((kind) => kind === 'close').length, `seed ${seed}`).toBe(closed.size)
      const again = end.client.open({ document: 'x', epoch: '', seq: 0, mode: 'watch', stateVector: VECTOR })
      expect(again).not.toBeNull()
    }
  })

  it('Y3 a client that was closed for it comes with its hello alone, and opens after the welcome', () => {
    const wish = { document: 'd', epoch: '', seq: 0, mode: 'watch', stateVector: VECTOR } as const
    const end = new ClientEnd()
    expect(end.client.open(wish)).not.toBeNull()
    end.handle({ kind: 'channel', opening: 1, event: { kind: 'close' } })
    end.handle({ kind: 'socket-closed', code: CLOSE.TOO_EARLY, reason: TOO_MANY(1) })
    expect(end.client.state).toMatchObject({ kind: 'waiting', code: CLOSE.TOO_EARLY })
    end.handle({ kind: 'timer', timer: 'retry' }).handle({ kind: 'socket-open' })
    expect(end.client.open(wish)).toBeNull()
    expect(end.sent().map(({ kind }) => kind)).toEqual(['hello'])
    end.frame(WELCOME)
    expect(end.sent()).toEqual([])
    expect(end.client.open(wish)).not.toBeNull()
    expect(end.sent().map(({ kind }) => kind)).toEqual(['open'])
  })
})
