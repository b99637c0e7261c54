/** Which rows of the device a document in memory holds: all up to a number, and some beyond it. */
export interface Coverage {
  /** Every row numbered up to this is in the document. */
  upTo(): number
  /** This row is in the document. */
  add(row: number): void
  /** Every row up to this is. */
  addUpTo(row: number): void
  /** True when a row is missing below one that is there: somebody wrote it and has not told. */
  hasGap(): boolean
  reset(): void
}

export function createCoverage(): Coverage {
  let covered = 0
  const beyond = new Set<number>()
  const close = (): void => {
    while (beyond.delete(covered + 1)) covered++
  }
  return {
    upTo: () => covered,
    add: (row) => {
      if (row > covered) beyond.add(row)
      close()
    },
    addUpTo: (row) => {
      covered = Math.max(covered, row)
      for (const each of [...beyond]) if (each <= covered) beyond.delete(each)
      close()
    },
    hasGap: () => beyond.size > 0,
    reset: () => {
      covered = 0
      beyond.clear()
    },
  }
}
