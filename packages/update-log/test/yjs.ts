import { seededRandom } from '@holdfast/testkit'
import * as Y from 'yjs'

/** What a Yjs document becomes of these updates. */
export function docOf(...updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

export function textOf(...updates: readonly Uint8Array[]): string {
  return docOf(...updates)
    .getText('text')
    .toString()
}

/** `count` updates of one document: text typed in pieces, some of it deleted again. */
export function edits(seed: number, count: number): { updates: Uint8Array[]; doc: Y.Doc } {
  const random = seededRandom(seed)
  const doc = new Y.Doc({ gc: false })
  doc.clientID = 1 + random.int(1_000_000)
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const text = doc.getText('text')
  const map = doc.getMap<string>('map')
  while (updates.length < count) {
    if (text.length > 8 && random.chance(0.2)) text.delete(random.int(text.length - 4), 1 + random.int(4))
    else if (random.chance(0.2)) map.set(`key ${random.int(5)}`, `value ${random.int(1_000)}`)
    else text.insert(random.int(text.length + 1), `${random.int(10_000)} `)
  }
  return { updates, doc }
}
