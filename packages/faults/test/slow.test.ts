import { expect, test } from 'vitest'
import { slowReaders } from '../src/slow/slow.ts'

for (const endpoint of ['stock', 'sync'] as const) {
  test(`W7 (${endpoint}) who stops reading is cut, costs no memory and catches up; who is slow and drains is not cut`, async () => {
    const report = await slowReaders({ endpoint, megabytes: 20, stallAfter: 1 })
    expect(report.faults).toEqual([])
  })
}
