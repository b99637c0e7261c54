import { isFinalRefusal, REFUSAL } from '@holdfast/protocol'
import { OfflineError } from './connection/port.ts'
import { RefusedError, type SpaceConnection } from './connection/sync/port.ts'
import type { Clock } from './environment.ts'
import type { Journal } from './journal-port.ts'
import type { List } from './list.ts'
import type { DocumentRecord } from './persistence/port.ts'
import { isOver, isWaiting } from './persistence/records.ts'
import { LATER_MS } from './space-exchange.ts'

export interface UpkeepOptions {
  readonly connection: Pick<SpaceConnection, 'summary' | 'purge' | 'told'>
  readonly journal: Pick<Journal, 'mark'>
  readonly list: Pick<List, 'untold' | 'purged' | 'record'>
  /** This tab works for all, and there is a way to the relay. */
  readonly mayWork: () => boolean
  readonly mayWrite: () => boolean
  readonly isRefused: (id: string) => boolean
  /** W9: an epoch is refused for good. */
  readonly retire: (id: string, code: number, text: string) => Promise<void>
  readonly clock: Clock
  /**
   * Runs this when so many milliseconds have passed, and looks again then whether there is something to do; not at all if the connection breaks
   * before.
   */
  readonly later: (ms: number, run: () => void) => void
}

/** What a space asks of its relay beside documents: to keep summaries, and to purge. */
export interface Upkeep {
  tellSummaries(): void
  endPurged(): void
  /** What was refused may be asked again. */
  forget(): void
}

/** A summary that changes with every edit is told this often: each is a write of the relay, and of every device of the space. In milliseconds. */
const RETELL_MS = 250
/** Looked for what may be told again no more often than this. In milliseconds. */
const LOOK_MS = 50

export function createUpkeep(options: UpkeepOptions): Upkeep {
  const { connection, journal, list, mayWork, mayWrite } = options
  const telling = new Set<string>()
  /** When the summaries were told that may not be told again yet, the earliest first. */
  const toldAt = new Map<string, number>()
  /** Epochs under which a summary was refused: its document may still be fetched, and told of under the next epoch. */
  const untellable = new Map<string, string>()
  const purging = new Set<string>()
  const unpurgeable = new Set<string>()
  /**
   * What is not there to be purged, and the record by which it was asked. A device that knows nothing of the purge may bring it yet: the feed says
   * so, and another history is offered it, which both change the record.
   */
  const absent = new Map<string, number>()

  /** What the relay says of a purge: `other` when it lives under another epoch. */
  const ask = async (id: string, epoch: string): Promise<'purged' | 'other' | 'absent'> => {
    try {
      await connection.purge(id, epoch)
      return 'purged'
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      switch (error.code) {
        case 'EPOCH_OTHER':
          return 'other'
        case 'NOT_FOUND':
          return 'absent'
        // By somebody else: all the same.
        case 'EPOCH_PURGED':
          return 'purged'
        default:
          throw error
      }
    }
  }

  const purge = async ({ id, heir, revision }: DocumentRecord, first: string): Promise<void> => {
    let epoch = first
    let answer = await ask(id, epoch)
    // It knows nothing of the purge of ours: somebody who did not know either brought back what lives there. When the feed has not told its
    // name yet, it will.
    if (answer === 'other' && heir !== null) {
      epoch = heir
      answer = await ask(id, epoch)
    }
    if (answer === 'absent') absent.set(id, revision)
    if (answer === 'purged') letGo(id, epoch)
  }
  /** Nothing is to be asked any more under this epoch. */
  const letGo = (id: string, epoch: string): void => {
    const remote = { epoch, seq: 0, purged: true, summary: null }
    journal.mark(id, connection.told(), { remote })
  }

  const told = (id: string): void => {
    const isWaited = toldAt.size > 0
    toldAt.set(id, options.clock.now())
    if (!isWaited) options.later(RETELL_MS, letRetell)
  }
  const letRetell = (): void => {
    const now = options.clock.now()
    for (const [id, at] of toldAt) {
      if (at + RETELL_MS > now) {
        options.later(Math.max(LOOK_MS, at + RETELL_MS - now), letRetell)
        return
      }
      toldAt.delete(id)
    }
  }

  const upkeep: Upkeep = {
    tellSummaries: () => {
      if (!mayWork() || !mayWrite()) return
      for (const id of list.untold()) {
        const record = list.record(id)
        if (!record?.summary || record.epoch === null || isWaiting(record)) continue
        const { summary, epoch } = record
        if (telling.has(id) || toldAt.has(id) || options.isRefused(id) || untellable.get(id) === epoch) continue
        telling.add(id)
        told(id)
        connection
          .summary(id, epoch, summary)
          .then(() => journal.mark(id, connection.told(), { told: summary }))
          .catch((error: unknown) =>
            passOver(error, () => {
              untellable.set(id, epoch)
              if (isPassing(error)) options.later(LATER_MS, () => untellable.delete(id))
            }),
          )
          .finally(() => telling.delete(id))
      }
    },
    endPurged: () => {
      if (!mayWork()) return
      for (const id of list.purged()) {
        const record = list.record(id)
        if (!record || purging.has(id)) continue
        // Who may only read cannot purge what others brought back or began anew, and is shown it.
        if (record.purged === 'asked' && record.heir !== null && record.epoch !== null && !mayWrite()) {
          letGo(id, record.epoch)
          continue
        }
        const mayAsk = record.purged === 'asked' && mayWrite() && !unpurgeable.has(id)
        const isAbsent = absent.get(id) === record.revision
        const work = isOver(record)
          ? options.retire(id, REFUSAL.EPOCH_PURGED, '')
          : mayAsk && !isAbsent && record.epoch !== null
            ? purge(record, record.epoch)
            : null
        if (!work) continue
        purging.add(id)
        work
          .catch((error: unknown) =>
            passOver(error, () => {
              unpurgeable.add(id)
              if (isPassing(error)) options.later(LATER_MS, () => unpurgeable.delete(id))
            }),
          )
          .finally(() => {
            purging.delete(id)
            // What the feed told meanwhile found it under way.
            if (list.record(id)?.revision !== record.revision) upkeep.endPurged()
          })
      }
    },
    forget: () => {
      untellable.clear()
      toldAt.clear()
      unpurgeable.clear()
    },
  }
  return upkeep
}

/** A refusal that says nothing of what was asked: the relay's disk failed, or it had too much to do. */
function isPassing(error: unknown): boolean {
  return error instanceof RefusedError && !isFinalRefusal(error.status)
}

/** Offline and a storage that fails are both retried by those whose work that is. A refusal stands until the next connection. */
export function passOver(error: unknown, onRefused: () => void): void {
  if (error instanceof OfflineError) return
  const name = error instanceof Error ? error.name : ''
  if (name === 'PersistenceError') return
  if (error instanceof RefusedError || name === 'BadUpdateError') {
    onRefused()
    return
  }
  throw error
}
