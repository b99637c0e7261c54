/**
 * What the world gives the store: time, chance, network, storage and other tabs. Everything else in this package takes
 * these as arguments; `browserEnvironment` is the one place that reaches for globals.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `callback` once after `ms`; returns what cancels it. */
  after(ms: number, callback: () => void): () => void
}

export interface Chance {
  /** A float in [0, 1). */
  next(): number
  bytes(length: number): Uint8Array
}

/** The part of BroadcastChannel that tabs need. */
export interface Channel {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  close(): void
}

/** Advisory leases within one browser (Web Locks). */
export interface Locks {
  /**
   * Asks for a lock. `held` runs when it is granted, and the lock is held until the returned promise settles.
   * With `ifAvailable`, `held` gets false at once when somebody else holds it.
   */
  request(name: string, options: LockRequest, held: (granted: boolean) => Promise<void>): Promise<void>
  /** Names held in this browser now. */
  held(): Promise<ReadonlySet<string>>
}

export interface LockRequest {
  readonly ifAvailable?: boolean
  readonly signal?: AbortSignal
}

/** In bytes, as the browser estimates it. */
export interface DeviceUsage {
  readonly used: number
  readonly available: number
}

export interface Environment {
  readonly clock: Clock
  readonly random: Chance
  readonly fetch: typeof fetch
  readonly WebSocket: typeof WebSocket
  /** Opens a channel to the other tabs of this browser, or null where there are none. */
  readonly channel: ((name: string) => Channel) | null
  /** Null where there is only one window per persistence. */
  readonly locks: Locks | null
  /** Asks the browser not to evict what we keep. Null where nobody evicts. */
  readonly persist: (() => Promise<boolean>) | null
  /** What this origin has taken of what the browser gives it, in bytes, files included. Null where nobody counts. */
  readonly estimate: (() => Promise<DeviceUsage>) | null
  /** Tells when the network is back or a person looks again, so that nothing waits out its backoff then. */
  readonly onWake: ((listener: () => void) => () => void) | null
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

export const systemRandom: Chance = {
  next: () => Math.random(),
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
}

/** The defaults: what a browser has, and of that what Node has too. Tabs and locks exist in browsers only. */
export function browserEnvironment(): Environment {
  const isBrowser = typeof window !== 'undefined' || typeof WorkerGlobalScope !== 'undefined'
  return {
    clock: systemClock,
    random: systemRandom,
    fetch: (input, init) => globalThis.fetch(input, init),
    WebSocket: globalThis.WebSocket,
    channel: isBrowser && typeof BroadcastChannel !== 'undefined' ? openBroadcastChannel : null,
    locks: isBrowser && 'locks' in navigator ? webLocks(navigator.locks) : null,
    persist: isBrowser && navigator.storage?.persist ? () => navigator.storage.persist() : null,
    estimate: isBrowser && 'storage' in navigator ? estimate : null,
    onWake: typeof window === 'undefined' ? null : onWake,
  }
}

async function estimate(): Promise<DeviceUsage> {
  const { usage = 0, quota = 0 } = await navigator.storage.estimate()
  return { used: usage, available: Math.max(0, quota - usage) }
}

declare const WorkerGlobalScope: unknown

function onWake(listener: () => void): () => void {
  const onVisible = (): void => {
    if (document.visibilityState === 'visible') listener()
  }
  window.addEventListener('online', listener)
  document.addEventListener('visibilitychange', onVisible)
  return () => {
    window.removeEventListener('online', listener)
    document.removeEventListener('visibilitychange', onVisible)
  }
}

function openBroadcastChannel(name: string): Channel {
  const channel = new BroadcastChannel(name)
  return {
    post: (message) => channel.postMessage(message),
    onMessage: (listener) => {
      channel.onmessage = (event) => listener(event.data)
    },
    close: () => channel.close(),
  }
}

function webLocks(locks: LockManager): Locks {
  return {
    request: (name, { ifAvailable, signal }, held) =>
      locks.request(name, { ...(ifAvailable ? { ifAvailable } : {}), ...(signal ? { signal } : {}) }, (lock) =>
        held(lock !== null),
      ),
    held: async () => new Set((await locks.query()).held?.map((lock) => lock.name ?? '') ?? []),
  }
}
