import { isFinalRefusal, joinUpdates, REFUSAL } from '@holdfast/protocol'
import { exchange } from './connection/sync/exchange.ts'
import type { SpaceConnection } from './connection/sync/port.ts'
import { refusalReason } from './connection/sync/refusals.ts'
import type { Clock } from './environment.ts'
import type { Journal } from './journal-port.ts'
import type { List } from './list.ts'
import type { Lives } from './lives.ts'
import type { DocumentRecord, StoredDocument } from './persistence/port.ts'
import { isBehind, isWaiting } from './persistence/records.ts'
import { createSummaryDoubts } from './summary-doubts.ts'
import type { Reason } from './types.ts'

/** What nobody opens has nobody to compact it but us, from this many rows on. */
const COMPACT_ROWS = 64
/** A document that changes all the time is fetched this often, in milliseconds. */
const REFETCH_MS = 1_500
/** Of this many documents it is remembered when they were fetched. */
const REMEMBERED = 2_000
/** What was written while a document was being sent is sent after this. */
const RESEND_MS = 200
/** What the relay could not do now is tried again after this. */
export const LATER_MS = 3_000
/** When the relay has no room: somebody has to make some first. */
const FULL_MS = 60_000

export interface SpaceExchangeOptions {
  readonly connection: SpaceConnection
  readonly journal: Journal
  readonly list: List
  readonly lives: Lives
  readonly clock: Clock
  readonly leads: () => boolean
  /** Exchanges it again, not before so many milliseconds have passed. */
  readonly later: (id: string, ms: number) => void
  /** Not again in this connection. */
  readonly refuse: (id: string) => void
  /** W9: an epoch is refused for good. */
  readonly retire: (id: string, code: number, text: string) => Promise<void>
  /** Why it did not take edits, for now or for good. */
  readonly notTaken: (id: string, reason: Reason) => void
  /** Updates that the relay will not take. */
  readonly onRefusedUpdates: (id: string, code: number) => void
}

/** Brings closed documents level, one at a time each, and writes down what came of it. */
export interface SpaceExchange {
  run(id: string): Promise<void>
  /** Bytes in memory for all that are under way. */
  inFlight(): number
  close(): void
}

export function createSpaceExchange(options: SpaceExchangeOptions): SpaceExchange {
  const { connection, journal, list, lives, clock, later, refuse } = options
  /** When something of a document was fetched last. */
  const fetchedAt = new Map<string, number>()
  let inFlight = 0

  const run = async (id: string): Promise<void> => {
    const record = list.record(id)
    const stored = record && record.rows > 0 ? await journal.read((handle) => handle.load(id)) : null
    if (stored && stored.record.purged !== 'no') {
      // Purged since, here or in another tab, which will tell: what is left of it is not sent, and builds on what is gone.
      later(id, RESEND_MS)
      return
    }
    const counted = countBytes(stored?.updates.reduce((sum, row) => sum + row.length, 0) ?? 0)
    try {
      await exchangeOne(id, record, stored, counted)
    } finally {
      counted.release()
    }
  }

  /** Bytes in memory for one exchange. */
  const countBytes = (first: number) => {
    let bytes = first
    inFlight += first
    return {
      add: (more: number): void => {
        bytes += more
        inFlight += more
      },
      release: (): void => {
        inFlight -= bytes
      },
    }
  }

  const exchangeOne = async (
    id: string,
    record: DocumentRecord | undefined,
    stored: StoredDocument | null,
    counted: { add(bytes: number): void },
  ): Promise<void> => {
    const fetched: Uint8Array[] = []
    /** One row of all that was fetched, in the same write as its mark. */
    const keep = async (): Promise<void> => {
      if (fetched.length === 0) return
      const update = joinUpdates(fetched)
      await journal.stage(update)
      journal.appendForeign(id, update)
    }
    const exchanging = exchange({
      connection,
      id,
      stored,
      epoch: stored?.record.epoch ?? record?.epoch ?? null,
      take: (update) => {
        fetched.push(update)
        counted.add(update.length)
      },
      adopt: (epoch) => journal.adopt(id, epoch),
    })
    const outcome = await exchanging.catch(async (error: unknown) => {
      // What came before the connection broke need not come again.
      await keep()
      throw error
    })
    const taken = fetched.length > 0
    const told = connection.told()
    if (outcome.kind !== 'set-aside') await keep()
    switch (outcome.kind) {
      case 'level': {
        const { sent, position } = outcome
        // The history may have become another while a large row was written ahead: then this is news of one that is over.
        if ((sent > 0 || position.seq > 0) && connection.follows(told.incarnation, told.reach)) {
          journal.mark(id, connection.told(), { sent, position })
        }
        await journal.settled()
        // Two devices' edits met here and no document was built: the summary is looked at by one. Without any, its writer died
        // before it told one, and nobody would ever see it in a list.
        const known = list.record(id)
        if ((taken && (record?.edited ?? 0) > 0) || (known && known.rows > 0 && !known.summary)) await look(id)
        else if (taken) doubts.fetched(id)
        const now = list.record(id)
        if (now && now.rows >= COMPACT_ROWS && !lives.isOpen(id)) await journal.compact(id, joinUpdates)
        const again = taken && clock.now() - (fetchedAt.get(id) ?? 0) < REFETCH_MS
        if (taken) {
          if (fetchedAt.size > REMEMBERED) fetchedAt.clear()
          fetchedAt.set(id, clock.now())
        }
        if (outcome.role === 'read' && now && isWaiting(now)) refuse(id)
        else if (again || (now && isBehind(now))) later(id, REFETCH_MS)
        else if (now && isWaiting(now)) later(id, RESEND_MS)
        return
      }
      case 'refused-updates':
        options.notTaken(id, refusalReason(outcome.code))
        if (!isFinalRefusal(outcome.code)) {
          later(id, FULL_MS)
          return
        }
        refuse(id)
        if (outcome.code !== REFUSAL.READ_ONLY) options.onRefusedUpdates(id, outcome.code)
        return
      case 'set-aside':
        await options.retire(id, outcome.code, outcome.text)
        return
      case 'refused':
        if (outcome.later) later(id, LATER_MS)
        else refuse(id)
        return
      case 'no-channel':
        later(id, LATER_MS)
    }
  }

  /** Opens a document without showing it, which puts its stored summary right. */
  const look = async (id: string): Promise<void> => {
    const live = lives.acquire(id, false)
    try {
      await live.loaded
    } finally {
      lives.release(live)
    }
  }

  const doubts = createSummaryDoubts({
    clock,
    isDoubtful: (id) => {
      const record = list.record(id)
      const isLevel = record !== undefined && !isBehind(record) && !isWaiting(record)
      return isLevel && options.leads() && !lives.isOpen(id) && list.isDoubtful(id)
    },
    look,
  })

  return { run, inFlight: () => inFlight, close: doubts.close }
}
