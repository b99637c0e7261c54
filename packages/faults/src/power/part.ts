import { judged, type Part, skipped } from '../part.ts'
import { cuts } from './cuts.ts'
import { canTrace } from './record.ts'

const TITLE = 'U2 U12 W1 the power is cut: all that was acknowledged is there, and the folder opens'

export const powerPart: Part = {
  name: 'power',
  unit: 'times the power is cut',
  usual: 200,
  async run({ count, seed, say, isEnough }) {
    if (!canTrace())
      return [skipped(TITLE, 'there is no strace here, or it may not trace (Debian: apt-get install strace)')]
    const report = await cuts({
      cuts: count,
      seed,
      isEnough,
      onCut: (done) => {
        if (done % 100 === 0) say(`${done} of ${count} cuts`)
      },
    })
    const renewed = [...report.renewed].map(([reason, times]) => `${times} ${reason}`).join(', ')
    return [
      judged(
        TITLE,
        report.faults,
        `seed ${seed}, ${report.cuts} cuts of ${report.recordings} recordings, ${report.promises} acknowledged updates and blobs looked for, ` +
          `${report.seconds.toFixed(1)} s; history renewed: ${renewed || 'never'}; the command started on ${report.started} of them`,
      ),
    ]
  },
}
