import type { UpdateLog } from '@holdfast/update-log'
import type { Clock } from '../options.ts'

/** The log of a space is added up at most this often, in ms. */
const COUNTED_FOR = 10_000

export interface SpaceRoom {
  /** Bytes that the blobs of a space may come to now: its quota without what its log has. */
  forBlobs(space: string): Promise<number>
}

/** @param quota bytes of log and blobs together; 0: no limit */
export function createSpaceRoom(log: UpdateLog, clock: Clock, quota: number): SpaceRoom {
  const counted = new Map<string, { readonly at: number; readonly bytes: Promise<number> }>()

  async function count(space: string): Promise<number> {
    let bytes = 0
    for (const stat of await log.documents(space)) {
      if (stat.kind === 'live') bytes += stat.stats.snapshotBytes + stat.stats.tailBytes
    }
    return bytes
  }

  return {
    async forBlobs(space) {
      if (quota === 0) return Number.POSITIVE_INFINITY
      let known = counted.get(space)
      if (known === undefined || clock.monotonic() - known.at > COUNTED_FOR) {
        known = { at: clock.monotonic(), bytes: count(space) }
        counted.set(space, known)
        known.bytes.catch(() => counted.delete(space))
      }
      return Math.max(0, quota - (await known.bytes))
    },
  }
}
