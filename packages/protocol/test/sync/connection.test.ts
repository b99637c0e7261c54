import { describe, expect, it } from 'vitest'
import { REFUSAL } from '../../src/index.ts'
import { ClientEnd, RelayEnd, WELCOME } from './ends.ts'

const UPDATE = Uint8Array.of(1, 2)
const big = (length: number) => new Uint8Array(length).fill(7)

describe('the client over bytes', () => {
  it('Y3 reconnects to a space with nothing new in one round trip and under 1 KB', () => {
    const end = new ClientEnd()
    const up = end.client.next(1e9).reduce((sum, bytes) => sum + bytes.length, 0)
    end.frame(WELCOME)
    expect(end.client.next(1e9)).toEqual([])
    expect(up).toBeLessThan(100)
  })

  it('Y7 what is meant for a channel that has ended does not reach the next of its number', () => {
    const end = ClientEnd.open()
    const first = end.channel('a')
    end.frame({ kind: 'closed', channel: 1, code: REFUSAL.DAMAGED, text: '' })
    const second = end.channel('b')
    end.handle({ kind: 'channel', opening: first, event: { kind: 'update', update: UPDATE } })
    expect(end.effects).toMatchObject([{ kind: 'channel', opening: first, effect: { kind: 'not-sent' } }])
    expect(end.sent()).toEqual([])
    expect(second).not.toBe(first)
  })

  it('Y4 does not send an update that no relay takes', () => {
    const end = ClientEnd.open(10, { limits: { ...WELCOME.limits, message: 1_000 } })
    const opening = end.channel()
    end.handle({ kind: 'channel', opening, event: { kind: 'update', update: big(1_000) } })
    expect(end.effects).toMatchObject([{ effect: { kind: 'not-sent', reason: 'too-large' } }])
    expect(end.client.opening(opening)).toMatchObject({ sent: 0 })
  })

  it('W8 loses its channels with the connection, and nothing that waited is sent on the next', () => {
    const end = ClientEnd.open()
    const opening = end.channel()
    end.handle({ kind: 'channel', opening, event: { kind: 'update', update: UPDATE } })
    expect(end.client.waitingOf(opening)).toBeGreaterThan(0)
    end.handle({ kind: 'socket-closed', code: 1006, reason: '' })
    expect(end.effects).toMatchObject([
      ...new Array(6).fill({ kind: 'clear-timer' }),
      { kind: 'channel', opening, document: 'doc', effect: { kind: 'lost' } },
      { kind: 'lost' },
      { kind: 'set-timer', timer: 'retry' },
    ])
    expect(end.client.waiting).toBe(0)
    expect(end.client.freeChannels).toBe(0)
    end.handle({ kind: 'timer', timer: 'retry' }).handle({ kind: 'socket-open' })
    expect(end.sent().map(({ kind }) => kind)).toEqual(['hello'])
  })

  it('W11 a channel opened with the hello is not trusted when the welcome brings another history', () => {
    const end = new ClientEnd()
    const opening = end.client.open({ document: 'd', epoch: 'e', seq: 3, mode: 'watch', stateVector: UPDATE })
    end.frame({ ...WELCOME, incarnation: 'other' })
    expect(end.effects.map(({ kind }) => kind)).toContain('history')
    end.frame({ kind: 'opened', channel: 1, epoch: 'e', seq: 9, role: 'write', stateVector: UPDATE })
    expect(end.effects).toMatchObject([{ opening, effect: { kind: 'opened', trusted: false } }])
  })

  it('Y7 takes no more channels than the relay', () => {
    const end = ClientEnd.open(10, { limits: { ...WELCOME.limits, channels: 2 } })
    const wish = { document: 'd', epoch: '', seq: 0, mode: 'exchange', stateVector: UPDATE } as const
    expect([1, 2, 3].map(() => end.client.open(wish) !== null)).toEqual([true, true, false])
  })
})

describe('the relay over bytes', () => {
  it('Y7 what the room still does for an opening that has ended does not reach the next of its channel', () => {
    const end = RelayEnd.open()
    const first = end.channel()
    end.handle({ kind: 'channel', opening: first, event: { kind: 'end', code: REFUSAL.STORAGE_FAILED, text: '' } })
    end.sent()
    const second = end.channel()
    end.handle({ kind: 'channel', opening: first, event: { kind: 'durable', n: 1, seq: 6 } })
    end.handle({ kind: 'channel', opening: first, event: { kind: 'broadcast', seq: 6, update: UPDATE } })
    expect(end.effects).toEqual([])
    expect(end.sent()).toEqual([])
    expect(second).toBe(first + 1)
  })

  it('W7 a channel that falls behind is told the rest when it has drained', () => {
    const end = RelayEnd.open({ waitingBytes: 500 })
    const opening = end.channel()
    for (const seq of [6, 7, 8]) {
      end.handle({ kind: 'channel', opening, event: { kind: 'broadcast', seq, update: big(300) } })
    }
    expect(end.sent().map((frame) => (frame.kind === 'update' ? frame.seq : frame.kind))).toEqual([6, 7])
    expect(end.connection.sent()).toEqual([
      { kind: 'channel', opening, document: 'doc', effect: { kind: 'catch-up', seq: 7, stateVector: null } },
      { kind: 'channel', opening, document: 'doc', effect: { kind: 'introduce' } },
    ])
  })

  it('W7 reads the feed as fast as it is taken', () => {
    const end = RelayEnd.open()
    end.handle({ kind: 'committed', head: 12 })
    expect(end.effects).toEqual([{ kind: 'read-feed', after: 10, limit: 500 }])
    end.handle({ kind: 'feed-page', entries: [], upTo: 12, head: 12 }).handle({ kind: 'committed', head: 13 })
    expect(end.effects).toEqual([])
    expect(end.connection.sent()).toEqual([])
    end.sent()
    expect(end.connection.sent()).toEqual([{ kind: 'read-feed', after: 12, limit: 500 }])
  })

  it('Y4 gives up a long transfer when its channel closes, and tells the ack all the same', () => {
    const relay = RelayEnd.open()
    const client = ClientEnd.open()
    const opening = relay.channel()
    const here = client.channel()
    relay.handle({ kind: 'channel', opening, event: { kind: 'broadcast', seq: 6, update: big(1_000_000) } })
    client.handle({ kind: 'channel', opening: here, event: { kind: 'update', update: UPDATE } })
    client.handle({ kind: 'channel', opening: here, event: { kind: 'close' } })
    for (const bytes of relay.connection.next(1)) client.bytes(bytes)
    expect(client.client.oldestTransfer).toBe(0)
    const [update, close] = client.client.next(1e9)
    relay.bytes(update!)
    const decision = { kind: 'garbage', reason: 'x' } as const
    relay.handle({ kind: 'channel', opening, event: { kind: 'judged', source: 'update', decision } })
    relay.handle({ kind: 'channel', opening, event: { kind: 'flush' } })
    relay.bytes(close!)
    const rest = relay.connection.next(1e9)
    expect(rest.reduce((sum, bytes) => sum + bytes.length, 0)).toBeLessThan(50)
    const effects = rest.flatMap((bytes) => client.bytes(bytes).effects)
    const channel = { kind: 'channel', opening: here, document: 'doc' }
    expect(effects).toEqual([
      { ...channel, effect: { kind: 'acked', upTo: 1, seq: 0, refused: [{ n: 1, code: REFUSAL.BAD_UPDATE }] } },
      { ...channel, effect: { kind: 'closed', code: REFUSAL.ENDED, text: '' } },
    ])
    expect(client.client.oldestTransfer).toBeNull()
  })

  it('Y4 ends a channel whose document is over the limit of a message', () => {
    const limits = { message: 5_000, piece: 1_000, channels: 8, summary: 64 }
    const end = RelayEnd.open({ limits })
    const opening = end.channel()
    end.handle({ kind: 'channel', opening, event: { kind: 'broadcast', seq: 6, update: big(6_000) } })
    expect(end.sent()).toMatchObject([{ kind: 'closed', code: REFUSAL.TOO_LARGE }])
    expect(end.connection.opening(opening)).toBeNull()
  })
})
