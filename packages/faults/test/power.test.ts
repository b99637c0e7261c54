import { expect, test } from 'vitest'
import { cuts } from '../src/power/cuts.ts'
import { canTrace } from '../src/power/record.ts'

const SEED = 5

test.skipIf(!canTrace())(
  'U2 U12 W1 the power is cut 16 times (needs strace): all that was acknowledged is there',
  { timeout: 180_000 },
  async () => {
    const report = await cuts({ cuts: 16, seed: SEED, burst: 40, startEvery: 8 })
    expect(report.faults, `seed ${SEED}`).toEqual([])
    expect(report.cuts).toBe(16)
    expect(report.promises).toBeGreaterThan(1_000)
  },
)
