import type { Lane, Process, Random, Schedule } from '@holdfast/testkit'
import { type UpdateLog, UpdateLogError, type UpdateLogErrorCode } from '@holdfast/update-log'
import type { Clocks } from '../check/clocks.ts'

/** What the disk under a relay does wrong. The world sets it, the log looks. */
export interface DiskFaults {
  /** So many of the next calls fail. */
  failing: number
}

export interface FaultyLogOptions {
  readonly log: UpdateLog
  readonly process: Process
  readonly schedule: Schedule
  readonly faults: DiskFaults
  readonly random: Random
  /** Told of what is durable, at that moment. */
  readonly clocks: Clocks
  /** So many calls had been made, and were not done, when the process died. */
  readonly onLost: (calls: number) => void
}

const CODES: readonly UpdateLogErrorCode[] = ['STORAGE_FULL', 'STORAGE_FAILED']

/**
 * An update log on a disk that takes its time. A write is durable at one event and told of at a later one; what was handed over and has not come to its
 * event is in memory only, and gone when the process dies or the power fails. Writes that gather become durable in order.
 */
export function faultyLog({ log, process, schedule, faults, random, clocks, onLost }: FaultyLogOptions): UpdateLog {
  const disk = schedule.lane()
  process.onDeath(() => onLost(disk.clear()))
  const answers = schedule.lane()

  const through = <T>(run: () => Promise<T>, isWrite: boolean): Promise<T> =>
    new Promise((resolve, reject) => {
      if (!process.touch()) return
      disk.push(process, () => {
        if (!process.touch()) {
          onLost(1)
          return
        }
        const isFailing = faults.failing > 0
        if (isFailing) faults.failing--
        const code = random.pick(CODES)
        const broken = isFailing ? new UpdateLogError(code, 'the dice broke the disk') : null
        // What failed may be found later all the same: nobody can tell whether a write whose fsync failed is there.
        const outcome = broken && !(isWrite && random.chance(0.3)) ? Promise.reject(broken) : run()
        answer(answers, process, outcome, broken, resolve, reject)
      })
    })

  return {
    get incarnation() {
      return log.incarnation
    },
    get history() {
      return log.history
    },
    get openings() {
      return log.openings
    },
    get commits() {
      return log.commits
    },
    opened: log.opened,
    follows: log.follows,
    sharedUntil: log.sharedUntil,
    append: (ref, update, options) =>
      through(async () => {
        const appended = await log.append(ref, update, options)
        clocks.stored(ref.document, update)
        return appended
      }, true),
    setSummary: (...args) => through(() => log.setSummary(...args), true),
    purge: (ref, options) =>
      through(async () => {
        const purged = await log.purge(ref, options)
        clocks.gone(ref.document)
        return purged
      }, true),
    load: (...args) => through(() => log.load(...args), false),
    stat: (...args) => through(() => log.stat(...args), false),
    documents: (...args) => through(() => log.documents(...args), false),
    spaces: () => through(() => log.spaces(), false),
    compact: (...args) => through(() => log.compact(...args), true),
    feed: (...args) => through(() => log.feed(...args), false),
    setAside: (...args) => through(() => log.setAside(...args), true),
    quarantine: () => log.quarantine(),
    renewIncarnation: () => through(() => log.renewIncarnation(), true),
    onCommit: (listener) => log.onCommit((event) => answers.push(process, () => listener(event))),
    close: () => log.close(),
  }
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
