import type { Readable } from './types.ts'

/** A value that tells when it is replaced. */
export interface Signal<T> extends Readable<T> {
  /** Tells nobody when the value is the same, by identity or, if given, by `same`. */
  set(value: T): void
}

export function createSignal<T>(initial: T, same: (a: T, b: T) => boolean = Object.is): Signal<T> {
  let value = initial
  const listeners = createListeners()
  return {
    get: () => value,
    subscribe: listeners.add,
    set: (next) => {
      if (same(value, next)) return
      value = next
      listeners.tell()
    },
  }
}

export interface Listeners {
  add(listener: () => void): () => void
  tell(): void
}

export function createListeners(): Listeners {
  const listeners = new Set<() => void>()
  return {
    add: (listener) => {
      // Wrapped, so that the same function subscribed twice is two subscriptions.
      const entry = (): void => listener()
      listeners.add(entry)
      return () => {
        listeners.delete(entry)
      }
    },
    tell: () => {
      for (const listener of [...listeners]) if (listeners.has(listener)) listener()
    },
  }
}
