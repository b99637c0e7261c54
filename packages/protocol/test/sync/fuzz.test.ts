import { type Random, seededRandom } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import {
  type ClientFrame,
  type Decision,
  encodeClientFrame,
  encodeRelayFrame,
  encodeStep2,
  encodeUpdate,
  type RelayFrame,
  type SyncConnectionEffect,
} from '../../src/index.ts'
import { ClientEnd, RelayEnd } from './ends.ts'
import { CLIENT_FRAMES, RELAY_FRAMES } from './sample-frames.ts'

const SEEDS = 1_500

function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  if (!random.chance(0.08)) return bytes
  const result = bytes.slice()
  result[random.int(result.length)] = random.int(256)
  return result
}

/** The frame in a channel that may be open, so that it gets beyond the door. */
function inChannel<F extends ClientFrame | RelayFrame>(frame: F, random: Random): F {
  return 'channel' in frame && frame.kind !== 'piece' ? { ...frame, channel: 1 + random.int(3) } : frame
}

const DECISIONS: readonly Decision[] = [
  { kind: 'store', update: Uint8Array.of(1) },
  { kind: 'nothing-new' },
  { kind: 'gap', good: Uint8Array.of(1), missing: [] },
  { kind: 'gap', good: null, missing: [] },
  { kind: 'garbage', reason: 'x' },
]

describe('Y1 whatever comes, neither end throws, and each says why it closes', () => {
  it('the relay', () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = seededRandom(seed)
      const end = RelayEnd.open({ waitingBytes: 50 })
      const underWay: { opening: number; n: number }[] = []
      const answer = (effects: readonly SyncConnectionEffect[]): void => {
        for (const effect of effects) {
          if (effect.kind === 'close') expect(effect.reason, `seed ${seed}`).not.toBe('')
          if (effect.kind === 'open' && random.chance(0.8)) {
            const { opening } = effect
            const stateVector = Uint8Array.of(0)
            answer(
              end.handle({
                kind: 'channel',
                opening,
                event: { kind: 'loaded', epoch: 'e', seq: 5, stateVector, role: random.pick(['read', 'write']) },
              }).effects,
            )
          }
          if (effect.kind !== 'channel') continue
          const { opening } = effect
          if (effect.effect.kind === 'judge') {
            const decision = random.pick(DECISIONS)
            const event = { kind: 'judged', source: effect.effect.source, decision } as const
            answer(end.handle({ kind: 'channel', opening, event }).effects)
          } else if (effect.effect.kind === 'catch-up') {
            const updates = [{ seq: 6, update: new Uint8Array(60) }]
            answer(end.handle({ kind: 'channel', opening, event: { kind: 'caught-up', seq: 6, updates } }).effects)
          } else if ('n' in effect.effect) {
            underWay.push({ opening, n: effect.effect.n })
          }
        }
      }
      for (let step = 0; step < 40; step++) {
        const sample: ClientFrame = random.chance(0.4)
          ? { kind: 'message', channel: 1, bytes: random.pick([encodeUpdate, encodeStep2])(random.bytes(3)) }
          : random.pick(CLIENT_FRAMES)[1]
        if (sample.kind === 'hello' || (sample.kind === 'piece' && random.chance(0.9))) continue
        answer(end.bytes(damaged(encodeClientFrame(inChannel(sample, random)), random)).effects)
        for (const { opening, n } of underWay.splice(0, random.int(3))) {
          answer(end.handle({ kind: 'channel', opening, event: { kind: 'durable', n, seq: 6 + n } }).effects)
          answer(end.handle({ kind: 'channel', opening, event: { kind: 'flush' } }).effects)
        }
        if (random.chance(0.5)) answer(end.connection.sent())
        if (random.chance(0.5)) end.sent()
      }
      if (end.connection.state.kind === 'closed') expect(end.frame({ kind: 'ping', id: 1 }).effects).toEqual([])
    }
  })

  it('the client', () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = seededRandom(seed)
      const end = ClientEnd.open()
      const openings = ['a', 'b'].map((document) => end.channel(document))
      for (let step = 0; step < 40; step++) {
        if (random.chance(0.4)) {
          const update = random.bytes(4)
          const event = random.pick([
            { kind: 'update', update },
            { kind: 'offer', update },
            { kind: 'resync-answer', update },
            { kind: 'awareness', awareness: update },
            { kind: 'stop', request: 1, key: 'k' },
            { kind: 'close' },
          ] as const)
          end.handle({ kind: 'channel', opening: random.pick(openings), event })
        }
        const sample = random.pick(RELAY_FRAMES)[1]
        if (sample.kind === 'welcome' || (sample.kind === 'piece' && random.chance(0.9))) continue
        end.bytes(damaged(encodeRelayFrame(inChannel(sample, random)), random))
        for (const effect of end.effects) {
          if (effect.kind === 'disconnect') expect(effect.reason, `seed ${seed}`).not.toBe('')
        }
        if (random.chance(0.3)) end.sent()
      }
      // Whatever was said, only whole pages of the feed move the cursor.
      if ('memory' in end.client.state) expect([0, 10]).toContain(end.client.state.memory.cursor)
    }
  })
})
