import type { Entry, View } from './database.ts'
import type { KeyRange } from './keys.ts'

/** The entries of a range in order, some at a time. */
export async function* scan(view: View, range: KeyRange, chunk = 500): AsyncGenerator<Entry> {
  let from = range.gte
  for (;;) {
    const entries = await view.range({ gte: from, lt: range.lt }, { limit: chunk })
    yield* entries
    const last = entries.at(-1)
    if (last === undefined || entries.length < chunk) return
    from = after(last.key)
  }
}

/** The first key behind this one. */
function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}
