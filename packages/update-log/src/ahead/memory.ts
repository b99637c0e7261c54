import { type Ahead, MOST_BYTES, MOST_UPDATE_BYTES, type Shown } from './port.ts'

/** What is left when a process ends, as the file is of a real one: also what was released and not yet written over. One has it at a time. */
export interface MemoryAheadFolder {
  shown: readonly Shown[]
}

/** Keeps what is written in a folder that outlives it, for tests. Passes the same contract suite as the one over a file. */
export function createMemoryAhead(folder: MemoryAheadFolder = { shown: [] }): Ahead {
  const left = folder.shown
  let waiting = left.length
  let isOpen = true
  /** Nobody needs what there is: the next is written over it. */
  let isFree = false
  let wipes = true

  function rewind(): void {
    if (waiting > 0 || !isOpen) return
    isFree = true
    if (wipes) folder.shown = []
    wipes = false
  }

  rewind()
  return {
    left,
    write(shown) {
      const before = isFree ? [] : folder.shown
      const bytes = before.reduce((sum, { update }) => sum + update.length, shown.update.length)
      if (!isOpen || shown.update.length > MOST_UPDATE_BYTES || bytes > MOST_BYTES) return false
      isFree = false
      folder.shown = [...before, { ...shown, update: shown.update.slice() }]
      waiting += 1
      return true
    },
    release(count) {
      waiting -= count
      rewind()
    },
    wipe() {
      wipes = true
      rewind()
    },
    async close() {
      isOpen = false
      if (waiting === 0) folder.shown = []
    },
  }
}
