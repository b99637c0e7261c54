import { judged, type Part, type Result } from '../part.ts'
import { slowReaders } from './slow.ts'

export const slowPart: Part = {
  name: 'slow',
  unit: 'MB written while somebody does not read',
  usual: 48,
  async run({ count }) {
    const results: Result[] = []
    for (const endpoint of ['stock', 'sync'] as const) {
      const report = await slowReaders({ endpoint, megabytes: count, stallAfter: 5, isSlowTried: true })
      const { reading, stopped, slow } = report
      const size = (megabytes: number | null): string => `${megabytes?.toFixed(0) ?? '?'} MB`
      results.push(
        judged(
          `W7 (${endpoint}) who stops reading is cut, costs no memory and catches up; who is slow and drains is not cut`,
          report.faults,
          `the relay at most ${size(reading)} resident with a reader that reads, ${size(stopped)} with one that does not; the slow one took ${slow?.toFixed(1)} s`,
        ),
      )
    }
    return results
  },
}
