import { expect, test } from 'vitest'
import { crowd } from '../src/crowd/crowd.ts'

const SEED = 2

test('W8 W11 100 clients over 20 rooms and a restart, with full jitter: all have everything, memory is bounded', {
  timeout: 180_000,
}, async () => {
  const report = await crowd({ clients: 100, rooms: 20, seed: SEED, patience: 50_000 })
  expect(report.faults, `seed ${SEED}`).toEqual([])
  expect(report.resident ?? 0).toBeLessThan(400)
})
