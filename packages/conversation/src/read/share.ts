import { isRecord } from '../vocabulary.ts'

/**
 * Gives `next` with everything in it that equals its counterpart in `previous` replaced by that very object; `previous`
 * itself when all of it is equal. `next` must be fresh: it is written to. What is already identical costs one comparison.
 */
export function share<T>(previous: unknown, next: T): T {
  return shareValue(previous, next) as T
}

function shareValue(previous: unknown, next: unknown): unknown {
  if (Object.is(previous, next)) return previous
  if (Array.isArray(next)) {
    if (!Array.isArray(previous)) return next
    let same = previous.length === next.length
    for (let i = 0; i < next.length; i++) {
      next[i] = shareValue(previous[i], next[i])
      same = same && Object.is(previous[i], next[i])
    }
    return same ? previous : next
  }
  if (!isRecord(next) || !isRecord(previous)) return next
  const keys = Object.keys(next)
  let same = Object.keys(previous).length === keys.length
  for (const key of keys) {
    const before = Object.hasOwn(previous, key) ? previous[key] : undefined
    const shared = shareValue(before, next[key])
    if (shared !== next[key]) next[key] = shared
    same = same && Object.is(before, shared)
  }
  return same ? previous : next
}
