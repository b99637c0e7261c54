import type { Handle } from './handle.ts'
import { BOOKKEEPING_RANGES, type KeyRange, recordRange } from './keys.ts'
import type { Writer } from './writer.ts'

export interface Reclaimer {
  /** A document's records were replaced by smaller ones. */
  freed(number: number, bytes: number): void
  /** Gives back what was freed, if it has become much. */
  ifMuch(): Promise<void>
  /** Gives back whatever was freed. */
  all(): Promise<void>
  /** Gives back all of one document, its summary too, now. */
  document(number: number): Promise<void>
}

/** So much is given back without waiting for the next quiet moment. */
const MUCH_BYTES = 4 << 20
/** In a small database less is much: half of what its tables hold, but not less than this. */
const LEAST_BYTES = 128 << 10

/**
 * Deleted is not gone: LevelDB keeps old bytes until it rewrites the tables they are in. It is asked to for the ranges of documents that were
 * compacted, which touches the few tables they are in, never the whole database.
 *
 * It rewrites a table only into one below it, and what it writes out of memory still holds what was replaced there. So each range is done twice,
 * with a deletion of nothing between that lies above the table.
 *
 * It also ends LevelDB's log, which holds everything since the last time once more and unpacked: up to 4 MB, whatever the rest is.
 *
 * @param tableBytes how much the tables hold
 */
export function createReclaimer(handle: () => Handle, writer: Writer, tableBytes: () => Promise<number>): Reclaimer {
  const numbers = new Set<number>()
  let bytes = 0
  let running: Promise<void> | null = null

  async function reclaim(ranges: readonly KeyRange[]): Promise<void> {
    for (const range of ranges) await handle().reclaim(range)
    await touch(ranges)
    for (const range of ranges) await handle().reclaim(range)
  }

  function touch(ranges: readonly KeyRange[]): Promise<void> {
    return new Promise((resolve, reject) => {
      writer.submit({
        ref: null,
        bytes: 0,
        reject,
        plan(transaction) {
          // Nothing is kept under the first key of a range (keys.ts).
          for (const { gte } of ranges) transaction.touch(gte)
          return resolve
        },
      })
    })
  }

  async function all(): Promise<void> {
    if (numbers.size === 0) return
    const ranges = [...numbers].sort((a, b) => a - b).map(recordRange)
    numbers.clear()
    bytes = 0
    await reclaim([...ranges, ...BOOKKEEPING_RANGES])
  }

  function allOnce(): Promise<void> {
    running ??= all().finally(() => {
      running = null
    })
    return running
  }

  return {
    freed(number, freedBytes) {
      numbers.add(number)
      bytes += freedBytes
    },
    async ifMuch() {
      if (bytes < LEAST_BYTES) return
      const much = bytes >= MUCH_BYTES ? MUCH_BYTES : Math.max(LEAST_BYTES, (await tableBytes()) / 2)
      if (bytes >= much) await allOnce()
    },
    all: allOnce,
    document: (number) => reclaim([recordRange(number), ...BOOKKEEPING_RANGES]),
  }
}
