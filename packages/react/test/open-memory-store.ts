import { memoryPersistence, type OpenStoreOptions, openStore, type Store } from '@holdfast/store'

/** A store that keeps everything in memory and knows no other tabs, unless told to. */
export function openMemoryStore(more: Partial<OpenStoreOptions> = {}): Promise<Store> {
  return openStore({
    space: 'default',
    persistence: memoryPersistence(),
    channel: null,
    locks: null,
    persist: null,
    ...more,
  })
}
