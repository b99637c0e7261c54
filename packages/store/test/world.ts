import { channelHub, createProcess, lockManager, type VirtualClock, virtualClock } from '@holdfast/testkit'
import type { Chance, Environment, Locks } from '../src/environment.ts'
import { memoryPersistence } from '../src/persistence/memory.ts'
import type { Persistence } from '../src/persistence/port.ts'
import { openStore } from '../src/store.ts'
import type { OpenStoreOptions, Store } from '../src/types.ts'

const system: Chance = {
  next: () => Math.random(),
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
}

export interface World {
  readonly clock: VirtualClock
  readonly persistence: ReturnType<typeof memoryPersistence>
  /** Opens the space in another tab of the same browser. */
  tab(options?: TabOptions): Promise<Tab>
  close(): Promise<void>
}

export interface TabOptions extends Partial<OpenStoreOptions> {
  /** Goes between the tab and its locks. */
  readonly wrapLocks?: (locks: Locks) => Locks
}

export interface Tab {
  readonly store: Store
  /** The process is gone: nothing more is said or written by it. */
  crash(): void
  /** It dies when its next write is on the device and it has not heard so. Resolves then. */
  crashUntold(): Promise<void>
}

/** One browser with one storage, as many tabs as a test opens, and a clock in the test's hand. */
export function createWorld(): World {
  const clock = virtualClock()
  const persistence = memoryPersistence()
  const hub = channelHub()
  const locksOf = lockManager()
  const stores: Store[] = []
  const crashed = new Set<Store>()
  return {
    clock,
    persistence,
    tab: async ({ wrapLocks = (locks: Locks) => locks, ...options } = {}) => {
      const process = createProcess('tab')
      let untold: (() => void) | null = null
      const crash = (): void => {
        crashed.add(store)
        process.kill()
      }
      const mine: Persistence = {
        ...(options.persistence ?? persistence),
        open: async () => {
          const handle = await (options.persistence ?? persistence).open()
          return {
            ...handle,
            write: async (batch) => {
              const written = process.isAlive ? await handle.write(batch) : null
              if (written && !untold) return written
              if (untold) crash()
              untold?.()
              return new Promise(() => undefined)
            },
          }
        },
      }
      const environment: Environment = {
        clock,
        random: system,
        fetch: () => Promise.reject(new Error('there is no network here')),
        WebSocket: globalThis.WebSocket,
        channel: (name) => hub(name, process),
        locks: wrapLocks(locksOf(process)),
        persist: null,
        onWake: null,
        estimate: null,
      }
      const store = await openStore({ ...environment, space: 'test', ...options, persistence: mine })
      stores.push(store)
      return {
        store,
        crash,
        crashUntold: () =>
          new Promise((resolve) => {
            untold = resolve
          }),
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
