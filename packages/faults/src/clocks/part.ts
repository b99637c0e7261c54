import { judged, type Part, type Result } from '../part.ts'
import { clocksOff } from './clocks.ts'

const DAY = 24 * 60 * 60 * 1_000

export const clockPart: Part = {
  name: 'clocks',
  unit: 'times each way the clocks are a day off',
  usual: 2,
  async run({ count }) {
    const results: Result[] = []
    for (const [off, way] of [
      [DAY, 'ahead'],
      [-DAY, 'behind'],
    ] as const) {
      const faults: string[] = []
      for (let n = 0; n < count; n += 1) faults.push(...(await clocksOff(off)))
      results.push(
        judged(
          `W8 W11 W12 the relay is a day ${way}, jumps two days while it runs, and its clients are a day off either way`,
          faults,
        ),
      )
    }
    return results
  },
}
