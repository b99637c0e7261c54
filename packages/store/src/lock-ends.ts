import type { Locks } from './environment.ts'

/** Waits for the ends of what other windows hold: a lock goes when its window gives it back or dies, and both are news. */
export interface LockEnds {
  /** Calls when nobody before this window has the lock any more; asked for again meanwhile, that is still one request and one call. */
  watch(name: string, onEnd: () => void): void
  /** Waits for none of them any more. */
  close(): void
}

export function createLockEnds({ request }: Locks): LockEnds {
  /** A signal for each: on one for all, whoever aborts it would carry a listener for every lock, those that ended long ago too. */
  const watched = new Map<string, AbortController>()
  return {
    watch: (name, onEnd) => {
      if (watched.has(name)) return
      const abort = new AbortController()
      watched.set(name, abort)
      request(name, { signal: abort.signal }, async () => undefined).then(
        () => {
          watched.delete(name)
          if (!abort.signal.aborted) onEnd()
        },
        (error: unknown) => {
          // Closed while it waited. Anything else is a bug and must be seen.
          if (!abort.signal.aborted) throw error
        },
      )
    },
    close: () => {
      for (const abort of watched.values()) abort.abort()
    },
  }
}
