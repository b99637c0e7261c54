import { expect, onTestFinished, test } from 'vitest'
import { fullDisk, smallDisk } from '../src/full/full.ts'

const SEED = 1

test('U3 W1 the disk fills up and is freed: refused with a reason, reads go on, recovery by itself', {
  timeout: 180_000,
}, async (context) => {
  const disk = await smallDisk(24)
  if (disk === null) {
    context.skip('no small disk may be mounted here')
    return
  }
  onTestFinished(() => disk.remove())
  const report = await fullDisk(disk, 2, SEED)
  expect(report.faults, `seed ${SEED}`).toEqual([])
  expect(report.refused).toBeGreaterThan(10)
})
