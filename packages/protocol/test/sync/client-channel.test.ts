import { describe, expect, it } from 'vitest'
import {
  type ClientChannelEffect,
  type ClientChannelEvent,
  type ClientChannelState,
  encodeAwarenessFrame,
  encodeStep1,
  encodeStep2,
  encodeUpdate,
  REFUSAL,
  type RelayFrame,
  type SyncRole,
  stepClientChannel,
} from '../../src/index.ts'

const CH = 3
const UPDATE = Uint8Array.of(1, 2, 3)
const VECTOR = Uint8Array.of(0)

class Opening {
  state: ClientChannelState
  effects: readonly ClientChannelEffect[] = []

  constructor({ epoch = 'e', seq = 4, mode = 'watch' as 'watch' | 'exchange', trusted = true } = {}) {
    this.state = { kind: 'opening', asked: { epoch, seq, mode, trusted } }
  }

  step(event: ClientChannelEvent): this {
    const { state, effects } = stepClientChannel(CH, this.state, event)
    this.state = state
    this.effects = effects
    return this
  }

  frame(frame: RelayFrame): this {
    return this.step({ kind: 'frame', frame } as ClientChannelEvent)
  }

  opened(seq = 6, role: SyncRole = 'write', epoch = 'e'): this {
    return this.frame({ kind: 'opened', channel: CH, epoch, seq, role, stateVector: VECTOR })
  }

  ack(upTo: number, seq = 0, refused: { n: number; code: number }[] = []): this {
    return this.frame({ kind: 'ack', channel: CH, upTo, seq, refused })
  }

  sent(count: number): this {
    for (let i = 0; i < count; i++) this.step({ kind: 'update', update: UPDATE })
    return this
  }
}

const message = (bytes: Uint8Array) => ({ kind: 'send', frame: { kind: 'message', channel: CH, bytes } })
const brokenBy = (reason: string) => [{ kind: 'broken', reason }]

describe('opening', () => {
  it.each([
    ['a log that went on', 'e', 4, 6, true, true],
    ['a log that is where it was', 'e', 4, 4, true, true],
    ['W11 a log that is shorter than it was', 'e', 4, 3, true, false],
    ['W11 another history', 'e', 4, 6, false, false],
    ['a document that was never synced', '', 0, 6, true, false],
  ])('Y12 %s: earlier acks hold or not', (_name, epoch, seq, now, told, trusted) => {
    const opening = new Opening({ epoch, seq, trusted: told }).opened(now)
    expect(opening.effects).toEqual([
      { kind: 'opened', epoch: 'e', seq: now, role: 'write', stateVector: VECTOR, trusted },
    ])
    expect(opening.state).toMatchObject({ seq: trusted ? seq : 0 })
  })

  it('Y12 W11 a document that goes on under another epoch is offered whole', () => {
    const opening = new Opening().opened(6, 'write', 'f')
    expect(opening.effects).toMatchObject([{ kind: 'opened', epoch: 'f', trusted: false }])
    expect(opening.state).toMatchObject({ epoch: 'f', seq: 0 })
  })

  it.each([REFUSAL.EPOCH_OTHER, REFUSAL.EPOCH_PURGED])('W9 what is refused for its epoch (%i) is set aside', (code) => {
    const opening = new Opening().frame({ kind: 'refused', channel: CH, code, epoch: 'f', text: 'x' })
    expect(opening.effects).toEqual([
      { kind: 'set-aside', code, epoch: 'f', text: 'x' },
      { kind: 'refused', code, text: 'x' },
    ])
    expect(opening.state.kind).toBe('closed')
  })

  it('W9 a purge while it is open sets aside and closes', () => {
    const opening = new Opening().opened().frame({ kind: 'closed', channel: CH, code: REFUSAL.EPOCH_PURGED, text: 'x' })
    expect(opening.effects).toEqual([
      { kind: 'set-aside', code: REFUSAL.EPOCH_PURGED, epoch: 'e', text: 'x' },
      { kind: 'closed', code: REFUSAL.EPOCH_PURGED, text: 'x' },
    ])
  })

  it('Y7 other refusals are told', () => {
    const opening = new Opening().frame({ kind: 'refused', channel: CH, code: REFUSAL.DAMAGED, epoch: '', text: 'x' })
    expect(opening.effects).toEqual([{ kind: 'refused', code: REFUSAL.DAMAGED, text: 'x' }])
  })

  it('Y7 nothing is sent before it is open, or by a reader', () => {
    const early = new Opening().step({ kind: 'update', update: UPDATE })
    expect(early.effects).toEqual([{ kind: 'not-sent', reason: 'not-open' }])
    const reader = new Opening().opened(6, 'read').step({ kind: 'update', update: UPDATE })
    expect(reader.effects).toEqual([{ kind: 'not-sent', reason: 'read-only' }])
    expect(reader.state).toMatchObject({ sent: 0 })
  })
})

describe('updates and acks', () => {
  it('Y9 numbers what is sent, updates and step 2 alike', () => {
    const opening = new Opening().opened().step({ kind: 'offer', update: UPDATE })
    expect(opening.effects).toEqual([message(encodeStep2(UPDATE))])
    opening.step({ kind: 'update', update: UPDATE })
    expect(opening.effects).toEqual([message(encodeUpdate(UPDATE))])
    opening.step({ kind: 'resync-answer', update: UPDATE })
    expect(opening.effects).toEqual([
      { kind: 'send', frame: { kind: 'answer', channel: CH } },
      message(encodeStep2(UPDATE)),
    ])
    expect(opening.state).toMatchObject({ sent: 3 })
  })

  it('Y9 tells what an ack decided', () => {
    const opening = new Opening()
      .opened()
      .sent(4)
      .ack(3, 9, [{ n: 2, code: REFUSAL.GAP }])
    expect(opening.effects).toEqual([{ kind: 'acked', upTo: 3, seq: 9, refused: [{ n: 2, code: REFUSAL.GAP }] }])
    expect(opening.ack(4, 0).effects).toEqual([{ kind: 'acked', upTo: 4, seq: 9, refused: [] }])
  })

  it.each<[string, number, { n: number; code: number }[], string]>([
    ['what was never sent', 3, [], 'acknowledges what was never sent'],
    ['less than before', 0, [], 'an ack that goes back'],
    ['a refusal beyond it', 1, [{ n: 2, code: 412 }], 'refuses what the ack does not cover'],
    ['a refusal of what was acknowledged', 2, [{ n: 1, code: 412 }], 'refuses what the ack does not cover'],
    ['a refusal of nothing', 2, [{ n: 0, code: 412 }], 'refuses what the ack does not cover'],
  ])('Y9 an ack of %s changes nothing and ends the connection', (_name, upTo, refused, reason) => {
    const opening = new Opening().opened().sent(2).ack(1)
    const before = opening.state
    opening.ack(upTo, 99, refused)
    expect(opening.effects).toEqual(brokenBy(reason))
    expect(opening.state).toBe(before)
  })

  it('Y9 acks still count after close, positions do not', () => {
    const opening = new Opening().opened().sent(2).step({ kind: 'close' })
    expect(opening.effects).toEqual([{ kind: 'send', frame: { kind: 'close', channel: CH } }])
    expect(opening.ack(2, 50).effects).toEqual([{ kind: 'acked', upTo: 2, seq: 0, refused: [] }])
    expect(opening.frame({ kind: 'update', channel: CH, seq: 51, update: UPDATE }).effects).toEqual([])
    opening.frame({ kind: 'closed', channel: CH, code: REFUSAL.ENDED, text: '' })
    expect(opening.effects).toEqual([{ kind: 'closed', code: REFUSAL.ENDED, text: '' }])
  })

  it('Y11 positions only grow', () => {
    const opening = new Opening().opened()
    expect(opening.frame({ kind: 'update', channel: CH, seq: 7, update: UPDATE }).effects).toEqual([
      { kind: 'deliver', update: UPDATE, seq: 7 },
    ])
    expect(opening.frame({ kind: 'at', channel: CH, seq: 6 }).effects).toEqual([{ kind: 'level', seq: 7 }])
  })

  it('W5 asks the owner for the answer to a resync', () => {
    const opening = new Opening().opened().frame({ kind: 'resync', channel: CH, stateVector: VECTOR })
    expect(opening.effects).toEqual([{ kind: 'resync', stateVector: VECTOR }])
  })
})

describe('the rest', () => {
  it('W10 awareness goes both ways while it is watched, and not in an exchange', () => {
    const opening = new Opening().opened().step({ kind: 'awareness', awareness: UPDATE })
    expect(opening.effects).toEqual([message(encodeAwarenessFrame(UPDATE))])
    opening.frame({ kind: 'message', channel: CH, bytes: encodeAwarenessFrame(UPDATE) })
    expect(opening.effects).toEqual([{ kind: 'hear', awareness: UPDATE }])
    const exchange = new Opening({ mode: 'exchange' }).opened().step({ kind: 'awareness', awareness: UPDATE })
    expect(exchange.effects).toEqual([])
  })

  it('W12 leases and requests to stop', () => {
    const opening = new Opening().opened()
    opening.step({ kind: 'lease', request: 1, key: 'k', operation: 'renew', ttl: 5, fencing: 7 })
    expect(opening.effects).toEqual([
      {
        kind: 'send',
        frame: { kind: 'lease', channel: CH, request: 1, key: 'k', operation: 'renew', ttl: 5, fencing: 7 },
      },
    ])
    opening.step({ kind: 'stop', request: 2, key: 'k' })
    expect(opening.effects).toEqual([{ kind: 'send', frame: { kind: 'stop', channel: CH, request: 2, key: 'k' } }])
    opening.frame({ kind: 'stopRequested', channel: CH, key: 'k', by: 'w' })
    expect(opening.effects).toEqual([{ kind: 'stop-requested', key: 'k', by: 'w' }])
  })

  it.each<[string, RelayFrame, string]>([
    ['an ack', { kind: 'ack', channel: CH, upTo: 0, seq: 0, refused: [] }, 'ack before opened'],
    ['an update', { kind: 'update', channel: CH, seq: 1, update: UPDATE }, 'update before opened'],
  ])('Y7 %s before opened ends the connection', (_name, frame, reason) => {
    expect(new Opening().frame(frame).effects).toEqual(brokenBy(reason))
  })

  it('Y7 opening or refusing what is open, and messages that only clients send, end the connection', () => {
    expect(new Opening().opened().opened().effects).toEqual(brokenBy('opens what is open'))
    const refused = new Opening().opened().frame({ kind: 'refused', channel: CH, code: 500, epoch: '', text: '' })
    expect(refused.effects).toEqual(brokenBy('refuses what is open'))
    const step1 = new Opening().opened().frame({ kind: 'message', channel: CH, bytes: encodeStep1(VECTOR) })
    expect(step1.effects).toEqual(brokenBy('a step1 message from the relay'))
    const garbage = new Opening().opened().frame({ kind: 'message', channel: CH, bytes: Uint8Array.of(9) })
    expect(garbage.effects).toEqual(brokenBy('unknown message type 9'))
  })

  it('Y7 a channel closed before it was opened is over whatever the relay had begun', () => {
    const opening = new Opening().step({ kind: 'close' }).opened()
    expect(opening.effects).toEqual([])
    opening.frame({ kind: 'refused', channel: CH, code: REFUSAL.EPOCH_OTHER, epoch: 'x', text: '' })
    expect(opening.effects).toMatchObject([{ kind: 'closed', code: REFUSAL.ENDED }])
    expect(opening.step({ kind: 'update', update: UPDATE }).effects).toEqual([{ kind: 'not-sent', reason: 'not-open' }])
  })

  it('Y7 is lost with its connection, once', () => {
    const opening = new Opening().opened().step({ kind: 'lost' })
    expect(opening.effects).toEqual([{ kind: 'lost' }])
    expect(opening.step({ kind: 'lost' }).effects).toEqual([])
  })
})
