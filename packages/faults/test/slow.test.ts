import { expect, test } from 'vitest'
import { slowReaders } from '../src/slow/slow.ts'

// One who is slow and drains, and the stock endpoint, have their turn in `npm run test:faults`: that takes a while, and a machine of one's own.
test('W7 (sync) who stops reading is cut, costs no memory and catches up', { timeout: 180_000 }, async () => {
  const report = await slowReaders({ endpoint: 'sync', megabytes: 24, stallAfter: 2, isSlowTried: false })
  expect(report.faults).toEqual([])
})
