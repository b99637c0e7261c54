import { finishMessage } from '@holdfast/conversation'
import type { LeasedFrame } from '@holdfast/protocol'
import type { Clock, Locks } from './environment.ts'
import type { Live } from './live-port.ts'
import { leaseName } from './recovery.ts'
import { holdRelayLease, type RelayLease } from './relay-lease.ts'
import { createListeners, type Listeners } from './signal.ts'
import type { Tabs } from './tabs.ts'
import type { Lease, LeaseInfo } from './types.ts'

/** Another window holds the lease: it is answering. Watch it, or ask it to stop. */
export class LeaseHeldError extends Error {
  override readonly name = 'LeaseHeldError'
  readonly code = 'LEASE_HELD'
}

/** Why the signal of a lease or a writer was aborted. */
export class LeaseEndedError extends Error {
  override readonly name = 'LeaseEndedError'
  /** `LEASE_LOST`: another window has it now. `STOP_REQUESTED`: somebody asks this window to stop. */
  readonly code: 'LEASE_LOST' | 'STOP_REQUESTED'
  constructor(code: LeaseEndedError['code'], message: string) {
    super(message)
    this.code = code
  }
}

export interface LeaseDeskOptions {
  readonly space: string
  readonly tabs: Tabs
  readonly locks: Locks | null
  readonly clock: Clock
  /** This window's name among the holders; '' without `/sync`. */
  readonly self: () => string
  /** Messages that this store is writing. */
  readonly mine: ReadonlySet<string>
  /** The relay has told something of a conversation's leases. */
  readonly onChange: (conversation: string) => void
}

/** Who answers which turn (W12): through the relay when there is one, between the windows of a browser otherwise. */
export interface LeaseDesk {
  acquire(live: Live, key: string): Promise<Lease>
  /** Shares the relay's lease on a key, for as long as a message is written. */
  hold(live: Live, key: string, onEnd: (error: LeaseEndedError | LeaseHeldError) => void): { release(): void }
  requestStop(live: Live, key: string): Promise<void>
  /** What the relay tells of a conversation's leases. */
  of(conversation: string): readonly LeaseInfo[]
  changes(conversation: string): Listeners
  onLeased(conversation: string, leased: LeasedFrame): void
  onStopRequested(conversation: string, key: string, by: string): void
  /** The connection has gone, and with it what was known. */
  forget(conversation: string): void
  close(): void
}

/** How long a request to stop waits for somebody to hold what it names. In ms. */
const STOP_WAITS_MS = 10_000

interface Shared {
  readonly lease: RelayLease
  readonly listeners: Set<(error: LeaseEndedError | LeaseHeldError) => void>
}

export function createLeaseDesk({ space, tabs, locks, clock, self, mine, onChange }: LeaseDeskOptions): LeaseDesk {
  const shared = new Map<string, Shared>()
  const known = new Map<string, Map<string, LeaseInfo>>()
  const listeners = new Map<string, Listeners>()
  /** Asked to stop while the relay knew of no holder: who is told to be one is asked at once. */
  const wanted = new Map<string, Live>()
  /** Gives back the lock of a turn that this window has. */
  const turns = new Set<() => void>()
  const nameOf = (conversation: string, key: string): string => `${conversation}\n${key}`

  const changes = (conversation: string): Listeners => {
    const of = listeners.get(conversation) ?? createListeners()
    listeners.set(conversation, of)
    return of
  }

  const share = (live: Live, key: string): Shared => {
    const name = nameOf(live.id, key)
    const found = shared.get(name)
    if (found) return found
    const told = new Set<(error: LeaseEndedError | LeaseHeldError) => void>()
    const lease = holdRelayLease({
      live,
      key,
      clock,
      onLost: (held) => {
        const error = held
          ? new LeaseHeldError('another window is answering this')
          : new LeaseEndedError('LEASE_LOST', 'another window answers this now')
        for (const tell of [...told]) tell(error)
      },
    })
    const entry = { lease, listeners: told }
    shared.set(name, entry)
    return entry
  }

  const hold: LeaseDesk['hold'] = (live, key, onEnd) => {
    const entry = share(live, key)
    entry.listeners.add(onEnd)
    return {
      release: () => {
        if (!entry.listeners.delete(onEnd) || entry.listeners.size > 0) return
        shared.delete(nameOf(live.id, key))
        entry.lease.release()
      },
    }
  }

  /** Takes the lock of a turn if nobody in this browser has it. Null when somebody has. */
  const lockTurn = (conversation: string, key: string): Promise<(() => void) | null> =>
    new Promise((resolve, reject) => {
      if (!locks) {
        resolve(() => undefined)
        return
      }
      const held = (granted: boolean): Promise<void> => {
        if (!granted) {
          resolve(null)
          return Promise.resolve()
        }
        return new Promise((end) => {
          const release = (): void => {
            turns.delete(release)
            end()
          }
          turns.add(release)
          resolve(release)
        })
      }
      locks.request(`${leaseName(space, conversation, key)}:turn`, { ifAvailable: true }, held).catch(reject)
    })

  return {
    hold,
    acquire: async (live, key) => {
      const unlock = await lockTurn(live.id, key)
      if (!unlock) throw new LeaseHeldError('another window of this browser is answering this')
      const ended = new AbortController()
      const release = (): void => {
        part.release()
        unlock()
      }
      const part = hold(live, key, (error) => {
        ended.abort(error)
        // Whoever is asked to stop has it until they did; one that another window has is over, also for the other windows of this browser.
        if (error.code !== 'STOP_REQUESTED') release()
      })
      const { lease } = share(live, key)
      await lease.settled
      if (ended.signal.aborted) {
        release()
        throw ended.signal.reason
      }
      const message = live.reader.message(key)
      // W12: streaming without a live holder is interrupted, and who holds it next writes it so.
      if (message?.status === 'streaming' && !mine.has(key) && live.reader.read().writable) {
        live.edit((doc) => finishMessage(doc, key, { status: 'interrupted', completedAt: clock.now() }))
      }
      return {
        key,
        get fencing() {
          return lease.fencing()
        },
        signal: ended.signal,
        release,
      }
    },
    requestStop: async (live, key) => {
      tabs.post({ type: 'stop', id: live.id, key })
      for (const tell of shared.get(nameOf(live.id, key))?.listeners ?? []) {
        tell(new LeaseEndedError('STOP_REQUESTED', 'it was asked to stop'))
      }
      const asked = await live
        .channel()
        ?.stop(key)
        .then(
          () => true,
          () => false,
        )
      if (asked) return
      // Nobody has it yet, or there is no way to ask. What is in this browser was asked above; a window elsewhere that has
      // only just begun may hold it in a moment.
      const name = nameOf(live.id, key)
      wanted.set(name, live)
      clock.after(STOP_WAITS_MS, () => wanted.delete(name))
    },
    of: (conversation) => [...(known.get(conversation)?.values() ?? [])],
    changes,
    onLeased: (conversation, { key, holder, fencing }) => {
      const of = known.get(conversation) ?? new Map<string, LeaseInfo>()
      known.set(conversation, of)
      if (holder === '') of.delete(key)
      else of.set(key, { key, holder, mine: holder === self(), fencing })
      if (of.size === 0) known.delete(conversation)
      const name = nameOf(conversation, key)
      const asker = holder === '' || holder === self() ? undefined : wanted.get(name)
      // Refused now, it is somebody else's turn already, and not the one that was to stop.
      if (asker && wanted.delete(name))
        void asker
          .channel()
          ?.stop(key)
          .catch(() => null)
      shared.get(nameOf(conversation, key))?.lease.onTold(holder === '' || holder === self(), fencing)
      changes(conversation).tell()
      onChange(conversation)
    },
    onStopRequested: (conversation, key, by) => {
      const error = new LeaseEndedError('STOP_REQUESTED', by === '' ? 'it was asked to stop' : `${by} asks it to stop`)
      for (const tell of [...(shared.get(nameOf(conversation, key))?.listeners ?? [])]) tell(error)
    },
    forget: (conversation) => {
      if (known.delete(conversation)) changes(conversation).tell()
    },
    close: () => {
      for (const release of turns) release()
      for (const { lease } of shared.values()) lease.release()
      shared.clear()
    },
  }
}
