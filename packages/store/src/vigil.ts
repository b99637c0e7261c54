import type { Clock, Locks } from './environment.ts'
import { campaign } from './leadership.ts'
import { createLockEnds } from './lock-ends.ts'

/** Without Web Locks (a page that is not served securely) nobody is told that a tab died: the device is looked at this often, in milliseconds. */
const UNLOCKED_LOOK_MS = 60_000

export interface VigilOptions {
  readonly space: string
  /** The random name of this tab. */
  readonly self: string
  readonly locks: Locks | null
  readonly clock: Clock
  /** There are other tabs that could be heard of. */
  readonly hasOthers: boolean
  /** Tells the others that this tab is there, and can be watched. */
  readonly announce: () => void
  /** Reads what the device holds that nobody told of, and tells the other tabs. Rejects when the storage cannot be read. */
  readonly look: () => Promise<void>
}

/**
 * Notices when a tab of this browser has ended or died. What it committed in its last moment is on the device, and it may not have told:
 * so the device is looked at then.
 */
export interface Vigil {
  /** Settles when this tab's own end will be noticed. */
  readonly kept: Promise<void>
  /** Another tab is there. */
  met(name: string): void
  /** The storage can be read, perhaps again. */
  poke(): void
  /** Somebody looks at this tab again, which is when it should be right. */
  wake(): void
  close(): void
}

/**
 * Every tab holds a lock of its own name for as long as it lives. One tab waits for those of all others, so that N tabs are 2N requests
 * and not N²; when it goes, the next in line asks who is there, waits for those, and looks once for all that happened in between.
 */
export function keepVigil(options: VigilOptions): Vigil {
  const { space, self, locks, clock } = options
  const prefix = `holdfast:${space}:tab:`
  const abort = new AbortController()
  let wanted = false
  let looking = false
  let cancel: (() => void) | null = null

  const look = async (): Promise<void> => {
    if (looking) return
    looking = true
    while (wanted && !abort.signal.aborted) {
      wanted = false
      try {
        await options.look()
      } catch {
        // The journal says so; when the storage can be read again it pokes.
        wanted = true
        break
      }
    }
    looking = false
  }
  const lookNow = (): void => {
    wanted = true
    void look()
  }

  /** Closed while it waited. Anything else is a bug and must be seen. */
  const unlessClosed = (error: unknown): void => {
    if (!abort.signal.aborted) throw error
  }

  const begin = async (all: Locks): Promise<void> => {
    for (const lock of await all.held()) if (lock.startsWith(prefix)) watch(lock)
    // Who died before it was asked who is there.
    lookNow()
  }

  const again = (): void => {
    cancel = clock.after(UNLOCKED_LOOK_MS, () => {
      lookNow()
      again()
    })
  }

  if (!locks) {
    if (options.hasOthers) again()
    return {
      kept: Promise.resolve(),
      met: () => undefined,
      poke: () => void look(),
      wake: () => {
        if (options.hasOthers) lookNow()
      },
      close: () => {
        abort.abort()
        cancel?.()
      },
    }
  }

  const ends = createLockEnds(locks)
  const watch = (lock: string): void => {
    if (lock !== prefix + self) ends.watch(lock, lookNow)
  }
  const leadership = campaign(
    locks,
    `holdfast:${space}:vigil`,
    () => true,
    () => void begin(locks),
  )
  const kept = new Promise<void>((resolve) => {
    locks
      .request(prefix + self, { signal: abort.signal }, () => {
        resolve()
        options.announce()
        return new Promise((end) => abort.signal.addEventListener('abort', () => end(), { once: true }))
      })
      .catch(unlessClosed)
      .finally(resolve)
  })
  leadership.check()

  return {
    kept,
    met: (name) => {
      if (leadership.leads()) watch(prefix + name)
    },
    poke: () => void look(),
    wake: () => undefined,
    close: () => {
      abort.abort()
      ends.close()
      leadership.close()
    },
  }
}
