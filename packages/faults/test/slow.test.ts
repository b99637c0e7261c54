import { expect, test } from 'vitest'
import { slowReaders } from '../src/slow/slow.ts'

// The stock endpoint has its turn in `npm run test:faults`: this one takes a while.
test('W7 (sync) who stops reading is cut, costs no memory and catches up; who is slow and drains is not cut', async () => {
  const report = await slowReaders({ endpoint: 'sync', megabytes: 28, stallAfter: 2 })
  expect(report.faults).toEqual([])
})
