import { isUpdateLogError, type UpdateLog } from '@holdfast/update-log'
import type { Clock } from '../options.ts'

/** Of each space, those that changed last: who comes back after a start asks for them. */
const DOCUMENTS = 64
/** Stored bytes beyond which one is left out: it is for `readAgain` to read much, and memory is for what is asked for. */
const SMALL = 64 * 1024
const LOADS = 640
/** With many spaces, or on a slow disk, so much is done as can be by then. In ms. */
const MOST_MS = 150

/**
 * Loads what will most likely be asked for first, again and again. Nothing is kept and nothing is changed.
 * @param isWanted asked before each step; on false it ends
 * @returns how many were loaded
 */
export async function loadAgain(log: UpdateLog, isWanted: () => boolean, clock: Clock): Promise<number> {
  const until = clock.monotonic() + MOST_MS
  const goesOn = (): boolean => clock.monotonic() < until && isWanted()
  const left = []
  for (const space of await log.spaces()) {
    if (!goesOn()) return 0
    const { head } = await log.feed(space, { after: 0, limit: 1 })
    const { entries } = await log.feed(space, { after: Math.max(0, head - DOCUMENTS), limit: DOCUMENTS })
    for (const { document, purged } of entries) if (!purged) left.push({ space, document })
  }
  let loads = 0
  let at = 0
  while (left.length > 0 && loads < LOADS && goesOn()) {
    at %= left.length
    if (await loadSmall(log, left[at]!)) {
      loads += 1
      at += 1
    } else left.splice(at, 1)
  }
  return loads
}

/** @returns whether it was loaded */
async function loadSmall(log: UpdateLog, ref: { readonly space: string; readonly document: string }): Promise<boolean> {
  try {
    const stat = await log.stat(ref)
    if (stat?.kind !== 'live' || stat.stats.snapshotBytes + stat.stats.tailBytes > SMALL) return false
    await log.load(ref)
    return true
  } catch (error) {
    // Whoever opens it finds the same, and has it set aside.
    if (isUpdateLogError(error, 'DAMAGED')) return false
    throw error
  }
}
