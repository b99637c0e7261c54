import { type Ahead, MOST_BYTES, MOST_UPDATE_BYTES, type Shown } from './port.ts'

/** What is left when a process ends, as the file is of a real one. One has it at a time. */
export interface MemoryAheadFolder {
  shown: readonly Shown[]
}

/** Keeps what is written in a folder that outlives it, for tests. Passes the same contract suite as the one over a file. */
export function createMemoryAhead(folder: MemoryAheadFolder = { shown: [] }): Ahead {
  const left = folder.shown
  let waiting = left.length
  let isOpen = true

  function empty(): void {
    if (waiting === 0) folder.shown = []
  }

  return {
    left,
    write(shown) {
      const bytes = folder.shown.reduce((sum, { update }) => sum + update.length, shown.update.length)
      if (!isOpen || shown.update.length > MOST_UPDATE_BYTES || bytes > MOST_BYTES) return false
      folder.shown = [...folder.shown, { ...shown, update: shown.update.slice() }]
      waiting += 1
      return true
    },
    release(count) {
      waiting -= count
      empty()
    },
    wipe: empty,
    async close() {
      isOpen = false
    },
  }
}
