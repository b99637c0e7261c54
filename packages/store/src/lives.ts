import type { Live } from './live-port.ts'

export interface Lives {
  get(id: string): Live | undefined
  all(): Iterable<Live>
  /** Shares the document that is in memory, or puts it there. Each is given back once. */
  acquire(id: string, visible: boolean): Live
  release(live: Live): void
  /** Lets go of whatever nobody has open and is safe on the device. Called when something became safe. */
  sweep(): void
  /** Somebody has it open, and it keeps itself level with the relay. */
  isOpen(id: string): boolean
  destroy(): void
}

interface Entry {
  readonly live: Live
  openings: number
  leaving: boolean
}

/**
 * The documents in memory, counted by who has them open. One that is closed leaves only when the device has all of
 * it: until then memory is where its text is.
 */
export function createLives(
  make: (id: string, visible: boolean) => Live,
  isSaved: (id: string) => boolean,
  onClosed: (id: string) => void,
): Lives {
  const entries = new Map<string, Entry>()
  /** Somebody still looks at what was purged, and the conversation lives again. */
  const past = new Set<Entry>()

  const letGo = async (entry: Entry): Promise<void> => {
    if (entry.leaving) return
    entry.leaving = true
    await entry.live.compact()
    entry.leaving = false
    // Somebody may have opened it again, or written, meanwhile.
    if (entry.openings > 0 || !isSaved(entry.live.id) || entries.get(entry.live.id) !== entry) return
    entries.delete(entry.live.id)
    entry.live.destroy()
  }

  const consider = (entry: Entry): void => {
    if (entry.openings === 0 && isSaved(entry.live.id)) void letGo(entry)
  }

  return {
    get: (id) => entries.get(id)?.live,
    all: () => Array.from(entries.values(), (entry) => entry.live),
    acquire: (id, visible) => {
      let entry = entries.get(id)
      if (entry?.live.isPast()) {
        if (entry.openings > 0) past.add(entry)
        else entry.live.destroy()
        entry = undefined
      }
      if (!entry) {
        entry = { live: make(id, visible), openings: 0, leaving: false }
        entries.set(id, entry)
      } else if (visible) entry.live.show()
      entry.openings++
      return entry.live
    },
    release: (live) => {
      const entry = [entries.get(live.id), ...past].find((each) => each?.live === live)
      if (!entry) return
      entry.openings--
      if (past.has(entry)) {
        if (entry.openings > 0) return
        past.delete(entry)
        live.destroy()
        return
      }
      consider(entry)
      if (entry.openings === 0) onClosed(live.id)
    },
    sweep: () => {
      for (const entry of [...entries.values()]) consider(entry)
    },
    isOpen: (id) => {
      const entry = entries.get(id)
      return entry !== undefined && entry.openings > 0 && !entry.live.isOver()
    },
    destroy: () => {
      for (const { live } of [...entries.values(), ...past]) live.destroy()
      entries.clear()
      past.clear()
    },
  }
}
