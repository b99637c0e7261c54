import { judged, type Part, skipped } from '../part.ts'
import { fullDisk, smallDisk } from './full.ts'

const TITLE = 'U3 W1 the disk fills up and is freed: refused with a reason, reads go on, recovery by itself'

export const fullPart: Part = {
  name: 'full',
  unit: 'times the disk is full',
  usual: 6,
  async run({ count, seed }) {
    const disk = await smallDisk(24)
    if (disk === null)
      return [skipped(TITLE, 'no small disk may be mounted here (it takes an administrator, and tmpfs)')]
    try {
      const { rounds, refused, acknowledged, recovery, faults } = await fullDisk(disk, count, seed)
      const figures = `seed ${seed}, ${rounds} times, ${acknowledged} acknowledged, ${refused} refused, first acknowledgement after at most ${recovery.toFixed(0)} ms`
      return [judged(TITLE, faults, figures)]
    } finally {
      await disk.remove()
    }
  },
}
