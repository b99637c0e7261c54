import { expect, test } from 'vitest'
import { playSeeds } from './play.ts'

// The other half is in the other file, so that two workers share them.
test('150 seeds x 200 operations x 5 peers keep every promise (first seed 1)', async () => {
  const { edits, synced } = await playSeeds(1, 150)
  // The dice really did bring about what this is about.
  expect(edits).toBeGreaterThan(4_000)
  expect(synced).toBeGreaterThan(1_500)
}, 300_000)
