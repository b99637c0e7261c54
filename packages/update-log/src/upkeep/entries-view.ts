import type { Entry, View } from '../level/database.ts'

/** A few entries as a view, to read a document from a backup as it is read from the log. */
export function viewOfEntries(entries: readonly Entry[]): View {
  const sorted = entries.toSorted((a, b) => Buffer.compare(a.key, b.key))
  const find = (key: Uint8Array): Uint8Array | undefined =>
    sorted.find((entry) => Buffer.compare(entry.key, key) === 0)?.value
  return {
    get: async (key) => find(key),
    getMany: async (keys) => keys.map(find),
    async range({ gte, lt }, { limit = -1, reverse = false } = {}) {
      const found = sorted.filter(({ key }) => Buffer.compare(key, gte) >= 0 && Buffer.compare(key, lt) < 0)
      if (reverse) found.reverse()
      return limit < 0 ? found : found.slice(0, limit)
    },
    close: async () => undefined,
  }
}
