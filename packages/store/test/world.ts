import type { Chance, Channel, Clock, Environment, Locks } from '../src/environment.ts'
import { memoryPersistence } from '../src/persistence/memory.ts'
import type { Persistence } from '../src/persistence/port.ts'
import { openStore } from '../src/store.ts'
import type { OpenStoreOptions, Store } from '../src/types.ts'

/** A clock that moves only when a test says so. */
export interface ManualClock extends Clock {
  /** Moves on, running what becomes due in order of time. */
  advance(ms: number): void
  /** Timers that wait. */
  pending(): number
}

export function manualClock(start = 1_800_000_000_000): ManualClock {
  let now = start
  let timers: { at: number; run: () => void }[] = []
  return {
    now: () => now,
    after: (ms, run) => {
      const timer = { at: now + ms, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((each) => each !== timer)
      }
    },
    advance: (ms) => {
      const until = now + ms
      for (;;) {
        const [next] = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)
        if (!next) break
        timers = timers.filter((timer) => timer !== next)
        now = Math.max(now, next.at)
        next.run()
      }
      now = until
    },
    pending: () => timers.length,
  }
}

/** Channels between tabs, delivered asynchronously and by copy as BroadcastChannel does. */
export function channelHub(): (name: string) => Channel {
  const members = new Map<string, Set<(message: unknown) => void>>()
  return (name) => {
    const group = members.get(name) ?? new Set()
    members.set(name, group)
    let receive: ((message: unknown) => void) | null = null
    const member = (message: unknown): void => receive?.(message)
    group.add(member)
    return {
      post: (message) => {
        const copy = structuredClone(message)
        for (const other of group) if (other !== member) queueMicrotask(() => group.has(other) && other(copy))
      },
      onMessage: (listener) => {
        receive = listener
      },
      close: () => {
        group.delete(member)
      },
    }
  }
}

/** Web Locks of one browser; each tab gets its own view, and what it holds goes when it dies. */
export interface LockManagerFake {
  tab(): { readonly locks: Locks; die(): void }
}

export function lockManager(): LockManagerFake {
  const queues = new Map<string, { tab: object; grant: () => void; release: () => void }[]>()
  const advance = (name: string): void => queues.get(name)?.[0]?.grant()
  return {
    tab: () => {
      const tab = {}
      let dead = false
      const locks: Locks = {
        request: (name, { ifAvailable, signal }, held) =>
          new Promise((resolve, reject) => {
            const queue = queues.get(name) ?? []
            queues.set(name, queue)
            if (ifAvailable && queue.length > 0) {
              resolve(held(false))
              return
            }
            let granted = false
            const leave = (): void => {
              const wasFirst = queue[0] === entry
              const at = queue.indexOf(entry)
              if (at >= 0) queue.splice(at, 1)
              if (wasFirst) queueMicrotask(() => advance(name))
            }
            const entry = {
              tab,
              release: leave,
              grant: () => {
                if (granted || dead) return
                granted = true
                held(true).then(
                  () => {
                    leave()
                    resolve()
                  },
                  (error: unknown) => {
                    leave()
                    reject(error)
                  },
                )
              },
            }
            queue.push(entry)
            signal?.addEventListener('abort', () => {
              if (granted) return
              leave()
              reject(new DOMException('aborted', 'AbortError'))
            })
            if (queue[0] === entry) queueMicrotask(entry.grant)
          }),
        held: async () => new Set([...queues].filter(([, queue]) => queue.length > 0).map(([name]) => name)),
      }
      return {
        locks,
        die: () => {
          dead = true
          for (const queue of queues.values()) for (const entry of [...queue]) if (entry.tab === tab) entry.release()
        },
      }
    },
  }
}

const system: Chance = {
  next: () => Math.random(),
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
}

export interface World {
  readonly clock: ManualClock
  readonly persistence: ReturnType<typeof memoryPersistence>
  /** Opens the space in another tab of the same browser. */
  tab(options?: Partial<OpenStoreOptions> & { persistence?: Persistence }): Promise<Tab>
  close(): Promise<void>
}

export interface Tab {
  readonly store: Store
  /** The process is gone: nothing more is said or written by it. */
  crash(): void
}

/** One browser with one storage, as many tabs as a test opens, and a clock in the test's hand. */
export function createWorld(): World {
  const clock = manualClock()
  const persistence = memoryPersistence()
  const hub = channelHub()
  const manager = lockManager()
  const stores: Store[] = []
  const crashed = new Set<Store>()
  return {
    clock,
    persistence,
    tab: async (options = {}) => {
      const { locks, die } = manager.tab()
      let dead = false
      const channel = (name: string): Channel => {
        const real = hub(name)
        return {
          post: (message) => {
            if (!dead) real.post(message)
          },
          onMessage: (listener) => real.onMessage((message) => dead || listener(message)),
          close: real.close,
        }
      }
      const mine: Persistence = {
        ...(options.persistence ?? persistence),
        open: async () => {
          const handle = await (options.persistence ?? persistence).open()
          return {
            ...handle,
            write: (batch) => (dead ? new Promise(() => undefined) : handle.write(batch)),
          }
        },
      }
      const environment: Environment = {
        clock,
        random: system,
        fetch: () => Promise.reject(new Error('there is no network here')),
        WebSocket: globalThis.WebSocket,
        channel,
        locks,
        persist: null,
        onWake: null,
      }
      const store = await openStore({ ...environment, space: 'test', ...options, persistence: mine })
      stores.push(store)
      return {
        store,
        crash: () => {
          dead = true
          crashed.add(store)
          die()
        },
      }
    },
    close: async () => {
      persistence.failWith(null)
      for (const store of stores) if (!crashed.has(store)) await store.close()
    },
  }
}

/** Resolves when what is read satisfies `reached`, now or after a change. */
export function until<T>(
  readable: { get(): T; subscribe(listener: () => void): () => void },
  reached: (value: T) => boolean,
): Promise<T> {
  return new Promise((resolve) => {
    let off: () => void = () => undefined
    const look = (): void => {
      const value = readable.get()
      if (!reached(value)) return
      off()
      resolve(value)
    }
    off = readable.subscribe(look)
    look()
  })
}
