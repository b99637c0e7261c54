import type { Membership, StockConnection } from './connection/port.ts'
import { OfflineError } from './connection/port.ts'
import type { Clock } from './environment.ts'
import type { Reason, RelayProgress } from './types.ts'

/**
 * A fence makes the relay look at the whole document. This often at most while edits keep coming, and no more than a
 * tenth of the time.
 */
const MIN_PAUSE_MS = 250
const PAUSE_FACTOR = 10

export const READ_ONLY: Reason = {
  code: 'READ_ONLY',
  message: 'the token only lets you read; your edits stay on this device',
}

/** What sending needs of the document it sends. */
export interface Sendable {
  /** Number of the last row with an edit of this device, and up to which row the relay has everything. */
  marks(): { readonly edited: number; readonly sent: number }
  /** Every row up to this is in the document in memory. */
  covered(): number
  /** Reads the rows that other tabs wrote and did not tell of. */
  catchUp(): Promise<void>
  /** The relay has every row up to this. */
  onSent(upTo: number): void
}

export interface Sending {
  progress(): { readonly relay: RelayProgress; readonly reason?: Reason }
  /** Something was written, joined or marked: see whether there is something to ask. */
  poke(): void
  close(): void
}

/**
 * Finds out when the relay has what this device edited. The provider sends edits by itself; this asks behind them
 * (`fence`) and marks the rows that were in the document when it asked.
 */
export function createSending(
  connection: StockConnection,
  membership: Membership,
  target: Sendable,
  clock: Clock,
): Sending {
  let running = false
  let closed = false
  let pausedUntil = 0
  let cancelPause: (() => void) | null = null

  /** A relay that lets us only read drops what we send and answers all the same: nothing is ever marked then. */
  const mayWrite = (): boolean => {
    const state = connection.state.get()
    return state.kind === 'connected' && state.mayWrite
  }

  const due = (): boolean => {
    const { edited, sent } = target.marks()
    return !closed && edited > sent && mayWrite() && membership.state.get().kind === 'joined'
  }

  const run = async (): Promise<void> => {
    if (running || !due()) return
    const pause = pausedUntil - clock.now()
    if (pause > 0) {
      cancelPause ??= clock.after(pause, () => {
        cancelPause = null
        void run()
      })
      return
    }
    running = true
    try {
      if (target.marks().edited > target.covered()) await target.catchUp()
      const upTo = target.covered()
      const asked = clock.now()
      await membership.fence()
      const took = clock.now() - asked
      pausedUntil = clock.now() + Math.max(MIN_PAUSE_MS, took * PAUSE_FACTOR)
      if (!closed) target.onSent(upTo)
    } catch (error) {
      // Offline: joining again pokes. Storage: opening again does.
      if (!(error instanceof OfflineError)) pausedUntil = clock.now() + MIN_PAUSE_MS
    } finally {
      running = false
    }
    void run()
  }

  return {
    progress: () => {
      const space = connection.state.get()
      if (space.kind === 'refused') return { relay: 'refused', reason: space.reason }
      const mine = membership.state.get()
      if (mine.kind === 'refused') return { relay: 'refused', reason: mine.reason }
      if (space.kind !== 'connected') return { relay: 'offline' }
      if (mine.kind === 'offline') return { relay: 'offline', ...(mine.reason ? { reason: mine.reason } : {}) }
      const { edited, sent } = target.marks()
      if (edited > sent && !space.mayWrite) return { relay: 'refused', reason: READ_ONLY }
      return { relay: mine.kind === 'joined' && edited <= sent ? 'sent' : 'sending' }
    },
    poke: () => void run(),
    close: () => {
      closed = true
      cancelPause?.()
    },
  }
}
