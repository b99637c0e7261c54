import { judged, type Part } from '../part.ts'
import { crowd } from './crowd.ts'

/** Seconds, and MB; on a machine with nothing else to do it is a tenth of the time. */
const SECONDS = 30
const RESIDENT = 400

export const crowdPart: Part = {
  name: 'crowd',
  unit: 'clients, five to a room, over a restart',
  usual: 1_000,
  async run({ count, seed }) {
    const clients = Math.max(10, 10 * Math.round(count / 10))
    const report = await crowd({ clients, rooms: clients / 5, seed, patience: 120_000 })
    const { synced, resident } = report
    const faults = [...report.faults]
    if (synced > SECONDS) faults.push(`it took ${synced.toFixed(1)} s, more than ${SECONDS}`)
    if (resident !== null && resident > RESIDENT)
      faults.push(`it took ${resident.toFixed(0)} MB, more than ${RESIDENT}`)
    return [
      judged(
        `W8 W11 ${clients} clients over ${clients / 5} rooms and a restart: all synced in ${SECONDS} s or less, with full jitter`,
        faults,
        `seed ${seed}, ${synced.toFixed(2)} s from listening again, relay at most ${resident?.toFixed(0) ?? '?'} MB resident`,
      ),
    ]
  },
}
