import { judged, type Part } from '../part.ts'
import { rot } from './rot.ts'

export const rotPart: Part = {
  name: 'rot',
  unit: 'times a file is harmed',
  usual: 110,
  async run({ count, seed, say }) {
    const report = await rot({
      harms: count,
      seed,
      onHarm: (done) => {
        if (done % 50 === 0) say(`${done} of ${count} harms`)
      },
    })
    const lines = [...report.outcomes].map(([kind, outcomes]) => {
      const each = [...outcomes].map(([noticed, times]) => `${times} ${noticed}`).join(', ')
      return `${kind}: ${each}`
    })
    return [
      judged(
        'U4 U12 U20 B6 W11 files rot: never a wrong document, no silent loss, and clients make it whole',
        report.faults,
        `seed ${seed}, ${report.harms} harms, ${report.seconds.toFixed(1)} s`,
        ...lines,
      ),
    ]
  },
}
