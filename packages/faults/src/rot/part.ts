import { judged, type Part, type Result } from '../part.ts'
import { rot } from './rot.ts'
import { DAMAGES, storesMakeWhole } from './stores.ts'

export const rotPart: Part = {
  name: 'rot',
  unit: 'times a file is harmed',
  usual: 110,
  async run({ count, seed, say, isEnough }) {
    const report = await rot({
      harms: count,
      seed,
      isEnough,
      onHarm: (done) => {
        if (done % 50 === 0) say(`${done} of ${count} harms`)
      },
    })
    const lines = [...report.outcomes].map(([kind, outcomes]) => {
      const each = [...outcomes].map(([noticed, times]) => `${times} ${noticed}`).join(', ')
      return `${kind}: ${each}`
    })
    const results: Result[] = []
    for (const [i, damage] of DAMAGES.entries()) {
      const faults = await storesMakeWhole(damage, seed + i)
      results.push(
        judged(
          `W11 U12 U20 ${damage}: the stores that were connected make it whole, and a new device reads all`,
          faults,
        ),
      )
    }
    return [
      ...results,
      judged(
        'U4 U12 U20 B6 W11 files rot: never a wrong document, no silent loss, and clients make it whole',
        report.faults,
        `seed ${seed}, ${report.harms} harms, ${report.seconds.toFixed(1)} s`,
        ...lines,
      ),
    ]
  },
}
