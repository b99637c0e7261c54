import { expect, test } from 'vitest'
import { missing, playSeeds } from './play.ts'

// The other half is in the other file, so that two workers share them.
test('150 seeds x 200 operations x 5 peers keep every promise (first seed 1)', async () => {
  const sums = await playSeeds(1, 150)
  // The dice really did bring about what this is about.
  expect(missing(sums)).toEqual([])
  expect(sums.figures.edits).toBeGreaterThan(4_000)
  expect(sums.figures.synced).toBeGreaterThan(1_500)
}, 300_000)
