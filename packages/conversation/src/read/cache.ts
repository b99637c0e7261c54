import { share } from './share.ts'

interface Entry {
  value: unknown
  fresh: boolean
}

/**
 * What each shared type was last read as. A type that changed is read again, and what is equal in it keeps its identity.
 */
export class ReadCache {
  private readonly entries = new WeakMap<object, Entry>()

  read<T>(type: object, read: () => T): T {
    const entry = this.entries.get(type)
    if (entry?.fresh) return entry.value as T
    const value = share(entry?.value, read())
    this.entries.set(type, { value, fresh: true })
    return value
  }

  /** The type changed, or something in it did. */
  expire(type: object): void {
    const entry = this.entries.get(type)
    if (entry !== undefined) entry.fresh = false
  }
}
