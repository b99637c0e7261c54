import { describe, expect, it } from 'vitest'
import { HeldLog, house, STEP1, writerDoc } from '../fakes.ts'

const QUERY = Uint8Array.of(3)

describe('one that asks and does not take the answers', () => {
  it('W7 is read no further than eight of them, and goes on when it has taken them', async () => {
    const held = new HeldLog()
    const { connect } = house({}, held)
    const writer = connect()
    const { doc, frames } = writerDoc()
    doc.getText('text').insert(0, 'x'.repeat(200_000))
    for (const frame of frames) writer.peer.message(frame)
    writer.peer.message(STEP1)
    await writer.wire.answered()
    const { peer, wire } = connect()
    await wire.until(() => wire.sent.length > 0)
    wire.stick(64 * 1024)
    for (let i = 0; i < 1_000; i++) peer.message(STEP1)
    // The answers that were asked for before it was held are made, and no more.
    await settled(() => wire.paused)
    expect(wire.waiting).toBeLessThan(10 * 210_000)
    expect(wire.step2s().length).toBe(0)
    wire.stuck = false
    while (wire.step2s().length < 1_000) {
      wire.take(wire.waiting)
      peer.drained()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(wire.paused).toBe(false)
  })

  it('W10 others’ presence waits while too much does, and is told at once when there is room', async () => {
    const { connect } = house()
    const [slow, busy] = [connect(), connect()]
    await settled(() => slow.wire.sent.length > 0 && busy.wire.sent.length > 0)
    slow.wire.stick(64 * 1024)
    const before = slow.wire.waiting
    for (let clock = 1; clock <= 5_000; clock++) busy.peer.message(presence(7, clock))
    slow.wire.stuck = false
    slow.wire.take(before)
    slow.peer.drained()
    const told = slow.wire.of(1)
    expect(told.length).toBeLessThan(100)
    expect(Buffer.from(told.at(-1)!).toString()).toContain('"n":5000')
    busy.peer.message(QUERY)
  })
})

function presence(client: number, clock: number): Uint8Array {
  const state = Buffer.from(JSON.stringify({ n: clock }))
  const number = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...number(value >> 7)])
  const update = [1, client, ...number(clock), ...number(state.length), ...state]
  return Uint8Array.from([1, ...number(update.length), ...update])
}

/** Lets the event loop turn until the condition holds. */
async function settled(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}
