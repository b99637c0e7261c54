import type { LogStats } from './types.ts'

/** Below this a document is not worth the write. */
const FEW_UPDATES = 32
const FEW_BYTES = 16 * 1024

/**
 * Whether compacting is worth it now that the document is idle: when many updates have gathered, or when what gathered is
 * large against the snapshot. A small addition to a large snapshot waits, so that a long life of small edits rewrites the whole
 * only once per doubling (or per 32 updates of a small one).
 */
export function shouldCompact(stats: LogStats): boolean {
  const { snapshotBytes, tailUpdates, tailBytes } = stats
  if (tailUpdates === 0) return false
  if (tailUpdates >= 1_000) return true
  const large = tailBytes >= FEW_BYTES || tailUpdates >= FEW_UPDATES
  return large && tailBytes * 2 >= snapshotBytes
}
