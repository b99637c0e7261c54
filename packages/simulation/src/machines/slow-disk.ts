import type { Lane, Process, Random, Schedule } from '@holdfast/testkit'
import { UpdateLogError, type UpdateLogErrorCode } from '@holdfast/update-log'

/** What the disk under a relay does wrong. The world sets it, the stores on it look. */
export interface DiskFaults {
  /** So many of the next calls fail. */
  failing: number
  /** So many have failed. */
  failed: number
}

export interface SlowDiskOptions {
  readonly process: Process
  readonly schedule: Schedule
  readonly faults: DiskFaults
  readonly random: Random
  /** So many calls had been made, and were not done, when the process died. */
  readonly onLost: (calls: number) => void
}

/** One call to what is kept on it. */
export type Through = <T>(run: () => Promise<T>, isWrite: boolean) => Promise<T>

export interface SlowDisk {
  readonly through: Through
  /** On which results come back, in order. */
  readonly answers: Lane
}

const CODES: readonly UpdateLogErrorCode[] = ['STORAGE_FULL', 'STORAGE_FAILED']

/**
 * A disk that takes its time. A write is durable at one event and told of at a later one; what was handed over and has not come to its
 * event is in memory only, and gone when the process dies or the power fails. Writes that gather become durable in order.
 */
export function slowDisk({ process, schedule, faults, random, onLost }: SlowDiskOptions): SlowDisk {
  const disk = schedule.lane()
  const answers = schedule.lane()
  process.onDeath(() => onLost(disk.clear()))

  const through: Through = (run, isWrite) =>
    new Promise((resolve, reject) => {
      if (!process.touch()) return
      disk.push(process, () => {
        if (!process.touch()) {
          onLost(1)
          return
        }
        const isFailing = faults.failing > 0
        if (isFailing) {
          faults.failing--
          faults.failed++
        }
        const code = random.pick(CODES)
        const broken = isFailing ? new UpdateLogError(code, 'the dice broke the disk') : null
        // What failed may be found later all the same: nobody can tell whether a write whose fsync failed is there.
        const outcome = broken && !(isWrite && random.chance(0.3)) ? Promise.reject(broken) : run()
        answer(answers, process, outcome, broken, resolve, reject)
      })
    })

  return { through, answers }
}

/** Hands a result on as an event of its own, so that the process may die before it hears of it. */
function answer<T>(
  lane: Lane,
  process: Process,
  outcome: Promise<T>,
  instead: Error | null,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): void {
  outcome.then(
    (value) =>
      lane.push(process, () => {
        if (!process.touch()) return
        if (instead) reject(instead)
        else resolve(value)
      }),
    (error: unknown) => lane.push(process, () => process.touch() && reject(error)),
  )
}
