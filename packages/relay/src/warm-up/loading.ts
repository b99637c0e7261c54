import { isUpdateLogError, type UpdateLog } from '@holdfast/update-log'

/** Of each space, those that changed last: who comes back after a start asks for them. */
const DOCUMENTS = 64
const LOADS = 640
/** Long conversations take long to load; then fewer are. In ms. */
const MOST_MS = 150

/**
 * Loads what will most likely be asked for first, again and again. Nothing is kept and nothing is changed.
 * @param isWanted asked before each load; on false it ends
 * @returns how many were loaded
 */
export async function loadAgain(log: UpdateLog, isWanted: () => boolean): Promise<number> {
  const refs = []
  for (const space of await log.spaces()) {
    if (!isWanted()) return 0
    const { head } = await log.feed(space, { after: 0, limit: 1 })
    const { entries } = await log.feed(space, { after: Math.max(0, head - DOCUMENTS), limit: DOCUMENTS })
    for (const { document, purged } of entries) if (!purged) refs.push({ space, document })
  }
  let loads = 0
  const until = performance.now() + MOST_MS
  while (refs.length > 0 && loads < LOADS && performance.now() < until && isWanted()) {
    const ref = refs[loads % refs.length]!
    loads += 1
    try {
      await log.load(ref)
    } catch (error) {
      // Whoever opens it finds the same, and has it set aside.
      if (!isUpdateLogError(error, 'DAMAGED')) throw error
    }
  }
  return loads
}
