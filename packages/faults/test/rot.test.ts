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

test('U12 what LevelDB cannot open is repaired by the command, which says so; all that can be read is served', {
  timeout: 180_000,
}, async () => {
  const report = await rot({ harms: 8, seed: SEED, kinds: ['list of files', 'CURRENT'] })
  expect(report.faults, `seed ${SEED}`).toEqual([])
  const repaired = [...report.outcomes.values()].map((outcomes) => outcomes.get('repaired, all read') ?? 0)
  expect(repaired.reduce((sum, times) => sum + times, 0)).toBeGreaterThan(2)
})
