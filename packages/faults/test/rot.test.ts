import { expect, test } from 'vitest'
import { rot } from '../src/rot/rot.ts'

const SEED = 3

test('U4 U12 U20 W11 each kind of file is harmed once: never a wrong document, no silent loss, clients make it whole', {
  timeout: 180_000,
}, async () => {
  const report = await rot({ harms: 10, seed: SEED })
  expect(report.faults, `seed ${SEED}`).toEqual([])
  expect(report.harms).toBe(10)
})
