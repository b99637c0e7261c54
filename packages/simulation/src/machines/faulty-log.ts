import type { Process } from '@holdfast/testkit'
import type { UpdateLog } from '@holdfast/update-log'
import type { Clocks } from '../check/clocks.ts'
import type { SlowDisk } from './slow-disk.ts'

export interface FaultyLogOptions {
  readonly log: UpdateLog
  readonly process: Process
  readonly disk: SlowDisk
  /** Told of what is durable, at that moment. */
  readonly clocks: Clocks
}

/** An update log on a disk that takes its time and fails. */
export function faultyLog({ log, process, disk: { through, answers }, clocks }: FaultyLogOptions): UpdateLog {
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
