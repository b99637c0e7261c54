import type { TabMessage } from './tabs.ts'

/** Which documents other tabs say they keep level with the relay. A tab that died says nothing: what is said here is a hint. */
export function createWatchers() {
  const byId = new Map<string, Set<string>>()
  return {
    has: (id: string): boolean => byId.has(id),
    take: ({ from, id, on }: Extract<TabMessage, { type: 'watching' }>): void => {
      const tabs = byId.get(id) ?? new Set<string>()
      if (on) byId.set(id, tabs.add(from))
      else if (tabs.delete(from) && tabs.size === 0) byId.delete(id)
    },
  }
}
