import type { LogStats } from './types.ts'

/** Below this a document is not worth the write. */
const FEW_UPDATES = 32
const FEW_BYTES = 16 * 1024

/** Records that are opened one by one, however small. */
const MANY_UPDATES = 1_000
/** Of the snapshot's bytes, which are packed to a fifth or less: so much in records is the thirtieth part of what they say together, and costs as long to open. */
const SHARE = 1 / 8

/**
 * Whether compacting is worth it now that the document is idle: when many updates have gathered, or when what gathered is
 * large against the snapshot. A small addition to a large snapshot waits, so that a long life of small edits rewrites the whole
 * only so often.
 */
export function shouldCompact(stats: LogStats): boolean {
  const { snapshotBytes, tailUpdates, tailBytes } = stats
  if (tailUpdates === 0) return false
  if (tailUpdates >= MANY_UPDATES) return true
  const large = tailBytes >= FEW_BYTES || tailUpdates >= FEW_UPDATES
  return large && tailBytes >= snapshotBytes * SHARE
}

/** A document that stays open is looked at each time so many records have gathered: whoever opens it after a crash reads them one by one. */
const LOOK_EVERY = 500
const AT_LATEST = 2_000

/** The same while it is in use, asked after each record. A large one waits longer, because compacting costs what the whole is. */
export function shouldCompactOpen(stats: LogStats): boolean {
  const { snapshotBytes, tailUpdates, tailBytes } = stats
  if (tailUpdates === 0 || tailUpdates % LOOK_EVERY !== 0) return false
  return tailUpdates % AT_LATEST === 0 || tailBytes >= snapshotBytes * SHARE
}
