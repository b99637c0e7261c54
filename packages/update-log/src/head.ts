import { UpdateLogError } from './errors.ts'
import { requireName } from './names.ts'
import type { DocumentRef, DocumentStat, LogStats } from './types.ts'

/**
 * What both logs know of a document without its content, and the rules about epochs and feed numbers as functions of it, so
 * that memory and LevelDB cannot differ in them.
 */
export type Head = LiveHead | PurgedHead

export interface LiveHead {
  readonly kind: 'live'
  readonly epoch: string
  /** The number of the last update. */
  readonly seq: number
  readonly feed: number
  readonly stats: LogStats
  /** Epochs of this name that were purged, oldest first: refused for ever (W9). */
  readonly refused: readonly string[]
}

export interface PurgedHead {
  readonly kind: 'purged'
  readonly feed: number
  /** Not empty: the last one is what lived last. */
  readonly refused: readonly string[]
}

const NO_STATS: LogStats = { snapshotBytes: 0, tailUpdates: 0, tailBytes: 0 }

/** The head that an append of `bytes` bytes leads to, or the error that it deserves (U6, U7). `feed` is decided by the caller. */
export function afterAppend(
  ref: DocumentRef,
  head: Head | null,
  epoch: string | undefined,
  bytes: number,
  freshEpoch: () => string,
): LiveHead {
  if (epoch !== undefined) {
    requireName('epoch', epoch)
    if (head?.refused.includes(epoch)) throw purged(ref)
  }
  if (head?.kind === 'live') {
    if (epoch !== undefined && epoch !== head.epoch) throw otherEpoch(ref)
    const { stats } = head
    return {
      ...head,
      seq: head.seq + 1,
      stats: { ...stats, tailUpdates: stats.tailUpdates + 1, tailBytes: stats.tailBytes + bytes },
    }
  }
  if (head?.kind === 'purged' && epoch === undefined) throw purged(ref)
  return {
    kind: 'live',
    epoch: epoch ?? freshEpoch(),
    seq: 1,
    feed: head?.feed ?? 0,
    stats: { ...NO_STATS, tailUpdates: 1, tailBytes: bytes },
    refused: head?.refused ?? [],
  }
}

/** The living head, or the error: for operations that need one. */
export function requireLive(ref: DocumentRef, head: Head | null, epoch?: string): LiveHead {
  if (head === null) throw notFound(ref)
  if (epoch !== undefined && head.refused.includes(epoch)) throw purged(ref)
  if (head.kind === 'purged') throw purged(ref)
  if (epoch !== undefined && epoch !== head.epoch) throw otherEpoch(ref)
  return head
}

/**
 * @returns the head after a purge, and the epoch that is refused from then on; null when it was before. An epoch of a purged document that never
 * lived here is of a history that was lost: whoever still has it would begin it anew (U7).
 */
export function afterPurge(
  ref: DocumentRef,
  head: Head | null,
  epoch?: string,
): { head: PurgedHead; epoch: string } | null {
  if (epoch !== undefined) requireName('epoch', epoch)
  if (head === null) throw notFound(ref)
  if (epoch !== undefined && head.refused.includes(epoch)) return null
  if (head.kind === 'purged') {
    if (epoch === undefined) return null
    // Before the last, which is the one that everybody is told of.
    return { head: { ...head, refused: [...head.refused.slice(0, -1), epoch, ...head.refused.slice(-1)] }, epoch }
  }
  if (epoch !== undefined && epoch !== head.epoch) throw otherEpoch(ref)
  return { head: { kind: 'purged', feed: head.feed, refused: [...head.refused, head.epoch] }, epoch: head.epoch }
}

/** The numbers of one space's feed. */
export interface FeedCounter {
  /** The highest number given. */
  readonly head: number
  /** The highest number that a reader may have seen. */
  readonly observed: number
}

/**
 * Where a changed document stands in the feed. It keeps its number while no reader has come that far: whoever reads later finds
 * it there with its newest state anyway, and a stream of thousands of updates does not move it thousands of times (U9).
 */
export function feedNumber(current: number, counter: FeedCounter): number {
  return current > counter.observed ? current : counter.head + 1
}

export function statOf(document: string, head: Head): DocumentStat {
  const { feed, refused } = head
  if (head.kind === 'purged') return { kind: 'purged', document, epoch: refused.at(-1) ?? '', feed, refused }
  return { kind: 'live', document, epoch: head.epoch, seq: head.seq, feed, stats: head.stats, refused }
}

export function requireSummary(summary: Uint8Array, limit: number): void {
  if (summary.byteLength <= limit) return
  throw new UpdateLogError(
    'SUMMARY_TOO_LARGE',
    `A summary has at most ${limit} bytes; this one has ${summary.byteLength}.`,
  )
}

function notFound(ref: DocumentRef): UpdateLogError {
  return new UpdateLogError('NOT_FOUND', `There is no document ${ref.space}/${ref.document}.`)
}

function purged(ref: DocumentRef): UpdateLogError {
  return new UpdateLogError('PURGED', `${ref.space}/${ref.document} was purged.`)
}

function otherEpoch(ref: DocumentRef): UpdateLogError {
  return new UpdateLogError('EPOCH_MISMATCH', `${ref.space}/${ref.document} lives under another epoch.`)
}
