import { expect, test } from 'vitest'
import { clocksOff } from '../src/clocks/clocks.ts'

const DAY = 24 * 60 * 60 * 1_000

for (const [off, way] of [
  [DAY, 'ahead'],
  [-DAY, 'behind'],
] as const) {
  test(`W8 W11 W12 the relay is a day ${way}, jumps two days while it runs, and its clients are a day off either way`, {
    timeout: 180_000,
  }, async () => {
    expect(await clocksOff(off)).toEqual([])
  })
}
