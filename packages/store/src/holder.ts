/** What a store can know of who writes the answer that a summary says is streaming. Times are milliseconds of one clock. */
export interface HolderEvidence {
  /** A window of this browser is answering in the conversation. */
  readonly here: boolean
  /** This browser was, and left its note without an end; and nobody else can have gone on since. */
  readonly died: boolean
  /** When something of it came last: an edit, its summary, word of its lease. */
  readonly newsAt: number
  /** Until when the word counts that somebody holds a lease in it. */
  readonly heldUntil: number
  /** When the relay said last that nobody does. */
  readonly freeAt: number
  /** The relay can be asked now. */
  readonly reachable: boolean
}

/**
 * - `live` somebody writes it; to be looked at again at `until` (null: whoever looks is told)
 * - `ask` only the relay can say
 * - `interrupted` it streams without a live holder (W12)
 */
export type HolderVerdict =
  | { readonly kind: 'live'; readonly until: number | null }
  | { readonly kind: 'ask' }
  | { readonly kind: 'interrupted' }

/**
 * In milliseconds. What was heard of this lately counts as live: an answer's first words come before its lease does, and the
 * end of a lease comes before the end of the answer. So one that flows costs no question at all.
 */
export const PATIENCE_MS = 2_500
/** Milliseconds that a lease lasts without being renewed: without a relay to ask, no news for so long is no holder. */
export const LEASE_MS = 15_000

export function judgeHolder(evidence: HolderEvidence, now: number): HolderVerdict {
  const { here, died, newsAt, heldUntil, freeAt, reachable } = evidence
  if (here) return { kind: 'live', until: null }
  const until = Math.max(newsAt + PATIENCE_MS, heldUntil)
  if (now < until) return { kind: 'live', until }
  if (died || freeAt >= until) return { kind: 'interrupted' }
  if (reachable) return { kind: 'ask' }
  return now < newsAt + LEASE_MS ? { kind: 'live', until: newsAt + LEASE_MS } : { kind: 'interrupted' }
}
