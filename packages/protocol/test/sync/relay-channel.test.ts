import { describe, expect, it } from 'vitest'
import {
  type Decision,
  encodeAwarenessFrame,
  encodeStep1,
  encodeStep2,
  encodeUpdate,
  openRelayChannel,
  REFUSAL,
  type RelayChannelEffect,
  type RelayChannelEvent,
  type RelayChannelState,
  type RelayFrame,
  type SyncRole,
  stepRelayChannel,
} from '../../src/index.ts'

const CH = 4
const UPDATE = Uint8Array.of(1, 2, 3)
const GOOD = Uint8Array.of(1)
const VECTOR = Uint8Array.of(0)

const STORE: Decision = { kind: 'store', update: UPDATE }
const NOTHING: Decision = { kind: 'nothing-new' }
const GAP: Decision = { kind: 'gap', good: GOOD, missing: [] }
const BAD_GAP: Decision = { kind: 'gap', good: null, missing: [] }
const GARBAGE: Decision = { kind: 'garbage', reason: 'no' }

/** Steps the machine and answers `judge` with the decisions given in turn. */
class Opening {
  state: RelayChannelState
  effects: RelayChannelEffect[] = []
  decisions: Decision[] = []

  constructor(mode: 'watch' | 'exchange' = 'watch', seq = 0) {
    this.state = openRelayChannel({
      kind: 'open',
      channel: CH,
      document: 'doc',
      epoch: '',
      seq,
      mode,
      stateVector: VECTOR,
    })
  }

  step(event: RelayChannelEvent): this {
    const { state, effects } = stepRelayChannel(CH, this.state, event)
    this.state = state
    for (const effect of effects) {
      this.effects.push(effect)
      if (effect.kind !== 'judge') continue
      const decision = this.decisions.shift()
      if (decision === undefined) throw new Error('a judgement that was not expected')
      this.step({ kind: 'judged', source: effect.source, decision })
    }
    return this
  }

  opened(role: SyncRole = 'write', seq = 5): this {
    return this.step({ kind: 'loaded', epoch: 'e', seq, role, stateVector: VECTOR })
      .step({ kind: 'caught-up', seq, updates: [] })
      .clear()
  }

  update(decision: Decision, kind: 'step2' | 'update' = 'update'): this {
    this.decisions.push(decision)
    const bytes = kind === 'step2' ? encodeStep2(UPDATE) : encodeUpdate(UPDATE)
    return this.step({ kind: 'frame', frame: { kind: 'message', channel: CH, bytes } })
  }

  answer(decision: Decision): this {
    return this.step({ kind: 'frame', frame: { kind: 'answer', channel: CH } }).update(decision, 'step2')
  }

  clear(): this {
    this.effects = []
    return this
  }

  kinds(): string[] {
    return this.effects.map((effect) => (effect.kind === 'send' ? effect.frame.kind : effect.kind))
  }

  frames(): RelayFrame[] {
    return this.effects.flatMap((effect) => (effect.kind === 'send' ? [effect.frame] : []))
  }

  /** The acks of a flush. */
  acks(): RelayFrame[] {
    this.clear().step({ kind: 'flush' })
    const frames = this.frames()
    this.clear()
    return frames
  }
}

const ack = (upTo: number, seq: number, refused: { n: number; code: number }[] = []): RelayFrame => ({
  kind: 'ack',
  channel: CH,
  upTo,
  seq,
  refused,
})

describe('opening', () => {
  it('W3 says nothing before the document has loaded', () => {
    const opening = new Opening('watch', 3)
    opening.step({ kind: 'broadcast', seq: 1, update: UPDATE }).step({ kind: 'flush' }).step({ kind: 'drained' })
    expect(opening.effects).toEqual([])
    opening.step({ kind: 'loaded', epoch: 'e', seq: 7, role: 'read', stateVector: VECTOR })
    expect(opening.effects).toEqual([
      { kind: 'send', frame: { kind: 'opened', channel: CH, epoch: 'e', seq: 7, role: 'read', stateVector: VECTOR } },
      { kind: 'catch-up', seq: 3, stateVector: VECTOR },
      { kind: 'introduce' },
    ])
  })

  it('W11 does not count from a position that the log has not reached', () => {
    const opening = new Opening('watch', 9).step({
      kind: 'loaded',
      epoch: 'e',
      seq: 7,
      role: 'write',
      stateVector: VECTOR,
    })
    expect(opening.effects).toContainEqual({ kind: 'catch-up', seq: 0, stateVector: VECTOR })
  })

  it('W3 refuses what cannot be opened, by its code', () => {
    const opening = new Opening()
    opening.step({ kind: 'unopenable', code: REFUSAL.EPOCH_PURGED, epoch: 'old', text: 'purged' })
    expect(opening.frames()).toEqual([
      { kind: 'refused', channel: CH, code: REFUSAL.EPOCH_PURGED, epoch: 'old', text: 'purged' },
    ])
    expect(opening.state.kind).toBe('ended')
  })

  it('Y7 takes nothing but close before it is opened', () => {
    const early = new Opening().step({
      kind: 'frame',
      frame: { kind: 'message', channel: CH, bytes: encodeUpdate(UPDATE) },
    })
    expect(early.effects).toEqual([{ kind: 'broken', reason: 'channel 4: message before it was opened' }])
    const closed = new Opening().step({ kind: 'frame', frame: { kind: 'close', channel: CH } })
    expect(closed.kinds()).toEqual(['closed', 'ended'])
  })

  it('Y11 sends what came while the client was brought level after it, each once', () => {
    const opening = new Opening()
      .step({ kind: 'loaded', epoch: 'e', seq: 5, role: 'write', stateVector: VECTOR })
      .clear()
    for (const seq of [5, 6, 7]) opening.step({ kind: 'broadcast', seq, update: UPDATE })
    expect(opening.effects).toEqual([])
    opening.step({ kind: 'caught-up', seq: 6, updates: [{ seq: 6, update: GOOD }] })
    expect(opening.frames()).toEqual([
      { kind: 'update', channel: CH, seq: 6, update: GOOD },
      { kind: 'at', channel: CH, seq: 6 },
      { kind: 'update', channel: CH, seq: 7, update: UPDATE },
    ])
  })

  it('Y7 an exchange has updates, and neither awareness nor leases', () => {
    const opening = new Opening('exchange').opened().step({ kind: 'awareness', awareness: VECTOR })
    opening.step({ kind: 'leased', leased: { request: 0, key: 'turn', holder: 'w', fencing: 9, ttl: 5 } })
    opening.step({
      kind: 'frame',
      frame: { kind: 'message', channel: CH, bytes: encodeAwarenessFrame(VECTOR) },
    })
    expect(opening.effects).toEqual([])
    opening.step({ kind: 'broadcast', seq: 6, update: UPDATE })
    expect(opening.frames()).toEqual([{ kind: 'update', channel: CH, seq: 6, update: UPDATE }])
  })
})

describe('acks', () => {
  it('W1 acknowledges when it is durable, several at once', () => {
    const opening = new Opening().opened()
    opening.update(STORE).update(STORE).update(STORE)
    expect(opening.kinds()).toEqual(['judge', 'store', 'judge', 'store', 'judge', 'store'])
    expect(opening.acks()).toEqual([])
    opening.step({ kind: 'durable', n: 1, seq: 6 }).step({ kind: 'durable', n: 2, seq: 7 })
    expect(opening.kinds()).toEqual(['ack-soon', 'ack-soon'])
    expect(opening.acks()).toEqual([ack(2, 7)])
    expect(opening.acks()).toEqual([])
    expect(opening.step({ kind: 'durable', n: 3, seq: 8 }).acks()).toEqual([ack(3, 8)])
  })

  it('W1 what is known already waits for what may hold it', () => {
    const opening = new Opening().opened().update(NOTHING)
    expect(opening.kinds()).toEqual(['judge', 'wait'])
    expect(opening.acks()).toEqual([])
    expect(opening.step({ kind: 'durable', n: 1, seq: 0 }).acks()).toEqual([ack(1, 5)])
  })

  it('W1 an ack never passes what is under way, whatever was refused after it', () => {
    const opening = new Opening().opened().update(STORE).update(GARBAGE)
    expect(opening.acks()).toEqual([])
    opening.step({ kind: 'durable', n: 1, seq: 6 })
    expect(opening.acks()).toEqual([ack(2, 6, [{ n: 2, code: REFUSAL.BAD_UPDATE }])])
  })

  it('Y8 an ack never goes back, whatever comes between it and its turn (pairing seed 453)', () => {
    const opening = new Opening().opened().update(STORE).step({ kind: 'durable', n: 1, seq: 6 }).update(GARBAGE)
    expect(opening.acks()).toEqual([ack(2, 6, [{ n: 2, code: REFUSAL.BAD_UPDATE }])])
    expect(opening.update(STORE).acks()).toEqual([])
    opening.update(GARBAGE).step({ kind: 'durable', n: 3, seq: 7 }).update(STORE)
    expect(opening.acks()).toEqual([ack(4, 7, [{ n: 4, code: REFUSAL.BAD_UPDATE }])])
  })

  it('W6 garbage in a frame that is none is refused by number and harms nothing else', () => {
    const opening = new Opening().opened().update(GARBAGE)
    expect(opening.acks()).toEqual([ack(1, 5, [{ n: 1, code: REFUSAL.BAD_UPDATE }])])
    expect(opening.state.kind).toBe('open')
  })

  it('W4 what a reader writes is refused by number, what it knows already is not', () => {
    const opening = new Opening().opened('read')
    opening.update(STORE).update(NOTHING, 'step2').update(GAP, 'step2')
    expect(opening.effects.filter((effect) => effect.kind === 'judge').every((effect) => !effect.take)).toBe(true)
    expect(opening.kinds()).not.toContain('store')
    opening.step({ kind: 'durable', n: 2, seq: 0 })
    const refused = [1, 3].map((n) => ({ n, code: REFUSAL.READ_ONLY }))
    expect(opening.acks()).toEqual([ack(3, 5, refused)])
  })

  it('W2 an update that could not be written ends the channel without an ack', () => {
    const opening = new Opening().opened().update(STORE).clear()
    opening.step({ kind: 'append-failed', code: REFUSAL.STORAGE_FULL })
    expect(opening.kinds()).toEqual(['closed', 'ended'])
    expect(opening.frames()[0]).toMatchObject({ code: REFUSAL.STORAGE_FULL })
  })

  it('Y8 tells many refusals in several acks', () => {
    const opening = new Opening().opened().update(STORE)
    for (let i = 0; i < 2_500; i++) opening.update(GARBAGE)
    opening.step({ kind: 'durable', n: 1, seq: 6 })
    const acks = opening.acks()
    expect(acks.map((frame) => (frame.kind === 'ack' ? [frame.upTo, frame.refused.length] : frame))).toEqual([
      [1025, 1024],
      [2049, 1024],
      [2501, 452],
    ])
  })

  it('Y8 gives up a client that sends nothing but garbage behind an update under way', () => {
    const opening = new Opening().opened().update(STORE)
    for (let i = 0; i <= 16 * 1024; i++) opening.update(GARBAGE)
    expect(opening.effects.at(-1)).toEqual({ kind: 'broken', reason: 'too many updates that are refused' })
  })

  it('Y11 vouches for its own positions among those of others', () => {
    const opening = new Opening('exchange').opened().update(STORE).update(STORE)
    opening.step({ kind: 'durable', n: 1, seq: 6 }).step({ kind: 'broadcast', seq: 7, update: UPDATE })
    expect(opening.acks()).toEqual([ack(1, 7)])
    opening.step({ kind: 'durable', n: 2, seq: 7 })
    expect(opening.acks()).toEqual([ack(2, 7)])
  })
})

describe('gaps', () => {
  it('W5 asks once, and acknowledges what waited when the answer is durable', () => {
    const opening = new Opening().opened().update(STORE).update(GAP).update(GAP).update(STORE)
    expect(opening.kinds()).toEqual(['judge', 'store', 'judge', 'ask', 'note-gap', 'judge', 'judge', 'store'])
    opening.step({ kind: 'durable', n: 1, seq: 6 }).step({ kind: 'durable', n: 4, seq: 7 })
    expect(opening.acks()).toEqual([ack(1, 7)])
    opening.step({ kind: 'resync', stateVector: VECTOR })
    expect(opening.frames()).toEqual([{ kind: 'resync', channel: CH, stateVector: VECTOR }])
    opening.answer(STORE)
    expect(opening.acks()).toEqual([])
    opening.step({ kind: 'durable', n: 5, seq: 8 })
    expect(opening.acks()).toEqual([ack(5, 8)])
  })

  it('W5 a step 2 that was under way is no answer', () => {
    const opening = new Opening().opened().update(GAP).update(STORE, 'step2')
    opening.step({ kind: 'durable', n: 2, seq: 6 })
    expect(opening.acks()).toEqual([])
    opening.answer(NOTHING).step({ kind: 'durable', n: 3, seq: 0 })
    expect(opening.acks()).toEqual([ack(3, 6)])
  })

  it('W5 keeps the good part of an answer with a gap, refuses the rest, and does not ask again', () => {
    const opening = new Opening().opened().update(GAP).clear().answer(GAP)
    expect(opening.kinds()).toEqual(['judge', 'store-good', 'note-gap'])
    opening.step({ kind: 'durable', n: 2, seq: 6 })
    expect(opening.acks()).toEqual([
      ack(
        2,
        6,
        [1, 2].map((n) => ({ n, code: REFUSAL.GAP })),
      ),
    ])
  })

  it('W5 an answer with nothing good is refused whole', () => {
    const opening = new Opening().opened().update(GAP).clear().answer(BAD_GAP)
    expect(opening.kinds()).toEqual(['judge', 'note-gap', 'ack-soon'])
    expect(opening.acks()).toEqual([
      ack(
        2,
        5,
        [1, 2].map((n) => ({ n, code: REFUSAL.GAP })),
      ),
    ])
  })

  it('W5 an answer that is garbage leaves what waited refused', () => {
    const opening = new Opening().opened().update(GAP).answer(GARBAGE)
    const refused = [
      { n: 1, code: REFUSAL.GAP },
      { n: 2, code: REFUSAL.BAD_UPDATE },
    ]
    expect(opening.acks()).toEqual([ack(2, 5, refused)])
  })

  it('W5 asks again about a gap after an answer, and keeps the two apart', () => {
    const opening = new Opening().opened().update(GAP).answer(STORE).clear().update(GAP)
    expect(opening.kinds()).toEqual(['judge', 'ask', 'note-gap'])
    opening.step({ kind: 'durable', n: 2, seq: 6 })
    expect(opening.acks()).toEqual([ack(2, 6)])
    opening.answer(STORE).step({ kind: 'durable', n: 4, seq: 7 })
    expect(opening.acks()).toEqual([ack(4, 7)])
  })
})

describe('pace', () => {
  it('W7 tells nothing new to whoever does not keep up, and then all of it at once', () => {
    const opening = new Opening().opened().step({ kind: 'broadcast', seq: 6, update: UPDATE }).clear()
    opening.step({ kind: 'clogged' }).step({ kind: 'broadcast', seq: 7, update: UPDATE })
    opening.step({ kind: 'awareness', awareness: VECTOR })
    expect(opening.effects).toEqual([])
    opening.step({ kind: 'drained' })
    expect(opening.effects).toEqual([{ kind: 'catch-up', seq: 6, stateVector: null }, { kind: 'introduce' }])
  })

  it('Y11 vouches for no position that it has not sent', () => {
    const opening = new Opening().opened().step({ kind: 'clogged' }).update(STORE)
    opening.step({ kind: 'broadcast', seq: 6, update: UPDATE }).step({ kind: 'durable', n: 1, seq: 7 })
    expect(opening.acks()).toEqual([ack(1, 5)])
  })

  it('Y7 answers a step 1 with what is lacking, unless that is under way', () => {
    const frame = { kind: 'message', channel: CH, bytes: encodeStep1(VECTOR) } as const
    const opening = new Opening().opened().step({ kind: 'frame', frame }).step({ kind: 'frame', frame })
    expect(opening.effects).toEqual([{ kind: 'catch-up', seq: 0, stateVector: VECTOR }])
  })
})

describe('ending', () => {
  it('Y7 closes when the last update is durable, and tells its ack before', () => {
    const opening = new Opening().opened().update(STORE).clear()
    opening.step({ kind: 'frame', frame: { kind: 'close', channel: CH } })
    expect(opening.kinds()).toEqual(['drop-queue'])
    opening.clear().step({ kind: 'broadcast', seq: 6, update: UPDATE }).step({ kind: 'durable', n: 1, seq: 7 })
    expect(opening.frames()).toEqual([ack(1, 0), { kind: 'closed', channel: CH, code: REFUSAL.ENDED, text: '' }])
  })

  it('W1 what waits for the answer of a client that closes is not acknowledged', () => {
    const opening = new Opening().opened().update(GAP).update(NOTHING).clear()
    opening.step({ kind: 'frame', frame: { kind: 'close', channel: CH } })
    opening.step({ kind: 'durable', n: 2, seq: 0 })
    expect(opening.frames().map(({ kind }) => kind)).toEqual(['closed'])
  })

  it('Y7 takes nothing after close', () => {
    const opening = new Opening().opened().update(STORE)
    opening.step({ kind: 'frame', frame: { kind: 'close', channel: CH } }).clear()
    opening.step({ kind: 'frame', frame: { kind: 'answer', channel: CH } })
    expect(opening.effects).toEqual([{ kind: 'broken', reason: 'channel 4: answer after close' }])
  })

  it('W9 a purge ends the channel with its code', () => {
    const opening = new Opening().opened().step({ kind: 'end', code: REFUSAL.EPOCH_PURGED, text: 'purged' })
    expect(opening.frames()).toEqual([{ kind: 'closed', channel: CH, code: REFUSAL.EPOCH_PURGED, text: 'purged' }])
    expect(opening.clear().step({ kind: 'durable', n: 1, seq: 1 }).effects).toEqual([])
  })

  it('Y7 is over with its connection', () => {
    expect(new Opening().opened().step({ kind: 'gone' }).kinds()).toEqual(['ended'])
  })
})

describe('leases', () => {
  const lease = (key: string) =>
    ({ kind: 'lease', channel: CH, request: 3, key, operation: 'acquire', ttl: 1, fencing: 0 }) as const

  it('W12 hands them on, and refuses a reader and a key that is no name', () => {
    const opening = new Opening().opened().step({ kind: 'frame', frame: lease('turn') })
    expect(opening.effects).toEqual([
      { kind: 'lease', request: 3, key: 'turn', operation: 'acquire', ttl: 1, fencing: 0 },
    ])
    const badName = new Opening().opened().step({ kind: 'frame', frame: lease('') })
    expect(badName.frames()).toMatchObject([{ kind: 'failed', request: 3, code: REFUSAL.BAD_NAME }])
    const reader = new Opening().opened('read').step({ kind: 'frame', frame: lease('turn') })
    expect(reader.frames()).toMatchObject([{ kind: 'failed', request: 3, code: REFUSAL.READ_ONLY }])
    const stop = new Opening().opened('read').step({
      kind: 'frame',
      frame: { kind: 'stop', channel: CH, request: 4, key: 'turn' },
    })
    expect(stop.frames()).toMatchObject([{ kind: 'failed', request: 4, code: REFUSAL.READ_ONLY }])
  })

  it('W12 tells watchers who has it, and the holder who asks it to stop', () => {
    const opening = new Opening().opened()
    opening.step({ kind: 'leased', leased: { request: 0, key: 'turn', holder: 'w', fencing: 9, ttl: 5 } })
    opening.step({ kind: 'stop-requested', key: 'turn', by: 'v' })
    opening.step({ kind: 'request-done', request: 8 })
    opening.step({ kind: 'request-refused', request: 9, code: REFUSAL.LEASE_LOST, text: 'lost' })
    expect(opening.frames()).toEqual([
      { kind: 'leased', channel: CH, request: 0, key: 'turn', holder: 'w', fencing: 9, ttl: 5 },
      { kind: 'stopRequested', channel: CH, key: 'turn', by: 'v' },
      { kind: 'done', request: 8, feed: 0 },
      { kind: 'failed', request: 9, code: REFUSAL.LEASE_LOST, text: 'lost' },
    ])
  })
})
