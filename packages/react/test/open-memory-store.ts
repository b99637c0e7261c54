import { memoryPersistence, openStore, type Store } from '@holdfast/store'

/** A store that keeps everything in memory and knows no other tabs. */
export function openMemoryStore(): Promise<Store> {
  return openStore({ space: 'default', persistence: memoryPersistence(), channel: null, locks: null, persist: null })
}
