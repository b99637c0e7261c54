import { expect, test } from 'vitest'
import { kills } from '../src/kill/kills.ts'

const SEED = 11

test('U2 W1 W2 W9 U12 B13 killed 6 times under load, all that was acknowledged or seen is there, and what was purged or revoked is not', {
  timeout: 180_000,
}, async () => {
  const report = await kills({ kills: 6, seed: SEED })
  expect(report.faults, `seed ${SEED}, ${report.folder}`).toEqual([])
  expect(report.kills).toBe(6)
  // They really wrote, and were shown what others wrote.
  expect(report.acknowledged).toBeGreaterThan(100)
  expect(report.seen).toBeGreaterThan(100)
  const { purges, blobs, tokens } = report.errands
  expect(purges + blobs + tokens).toBeGreaterThan(0)
})
