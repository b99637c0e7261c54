import type { Chance, Clock } from './environment.ts'

export interface BackoffLimits {
  /** Milliseconds: the longest first wait. */
  readonly base: number
  /** Milliseconds: no wait is longer. */
  readonly cap: number
}

/** Waits between attempts, doubling and with full jitter, so that many who failed together do not return together. */
export interface Backoff {
  /** Calls `attempt` after the next wait. An earlier one that has not run is replaced. */
  schedule(attempt: () => void): void
  /** Forgets the failures so far. */
  reset(): void
  cancel(): void
}

export function createBackoff(clock: Clock, random: Chance, limits: BackoffLimits): Backoff {
  let failures = 0
  let cancel: (() => void) | null = null
  const stop = (): void => {
    cancel?.()
    cancel = null
  }
  return {
    schedule: (attempt) => {
      stop()
      const longest = Math.min(limits.cap, limits.base * 2 ** Math.min(failures, 30))
      failures++
      cancel = clock.after(random.next() * longest, () => {
        cancel = null
        attempt()
      })
    },
    reset: () => {
      failures = 0
    },
    cancel: stop,
  }
}
