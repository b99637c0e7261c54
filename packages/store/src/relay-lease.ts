import { RefusedError } from './connection/sync/port.ts'
import type { Clock } from './environment.ts'
import { LEASE_MS } from './holder.ts'
import type { Live } from './live-port.ts'

/** Milliseconds that a lease is asked for; it is renewed three times in that. */
const TTL_MS = LEASE_MS
const RENEW_MS = TTL_MS / 3
/** Without a channel it is looked for this often. */
const LOOK_MS = 500

export interface RelayLeaseOptions {
  readonly live: Live
  readonly key: string
  readonly clock: Clock
  /** Another window has it. `held`: it had it before this one asked first. */
  readonly onLost: (held: boolean) => void
}

/** The relay's lease on one key, kept for as long as it is wanted. Without a relay it is not there, and nobody minds (W12). */
export interface RelayLease {
  /** Resolves when the relay was asked for the first time, or there is none to ask. */
  readonly settled: Promise<void>
  /** 0 while the relay has not given it. */
  fencing(): number
  /** The relay tells who has it. */
  onTold(mine: boolean, fencing: number): void
  release(): void
}

export function holdRelayLease({ live, key, clock, onLost }: RelayLeaseOptions): RelayLease {
  let fencing = 0
  let asked = false
  let over = false
  let cancel: () => void = () => undefined

  const lose = (): void => {
    if (over) return
    over = true
    cancel()
    onLost(!asked)
  }

  const ask = async (): Promise<void> => {
    const channel = live.channel()
    if (over || !channel) return
    try {
      const leased = await channel.lease(key, fencing > 0 ? 'renew' : 'acquire', TTL_MS, fencing)
      fencing = leased.fencing
      asked = true
      // A release that does not arrive is a lease that runs out by itself.
      if (over) void channel.lease(key, 'release', 0, fencing).catch(() => null)
    } catch (error) {
      const code = error instanceof RefusedError ? error.code : ''
      if (code === 'LEASE_HELD') lose()
      else if (code === 'LEASE_LOST' && fencing > 0) {
        // It ran out while there was no way to renew it: if nobody has taken it, it is ours again.
        fencing = 0
        await ask()
      }
      // Offline, or a reader: as without a relay.
    }
  }

  const keep = (): void => {
    if (over) return
    cancel = clock.after(fencing > 0 ? RENEW_MS : LOOK_MS, () => void ask().finally(keep))
  }

  const settled = ask().finally(keep)

  return {
    settled,
    fencing: () => fencing,
    onTold: (mine, number) => {
      if (!mine && fencing > 0 && number > fencing) lose()
    },
    release: () => {
      if (over) return
      over = true
      cancel()
      // As above.
      if (fencing > 0)
        void live
          .channel()
          ?.lease(key, 'release', 0, fencing)
          .catch(() => null)
    },
  }
}
