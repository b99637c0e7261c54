import * as Y from 'yjs'

export const NOTE = { conversation: 'a', message: 'm', startedAt: 5 }

/** Updates of one document, each building on the one before. */
export function updatesOf(texts: readonly string[]): Uint8Array[] {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  for (const text of texts) doc.getText('t').insert(doc.getText('t').length, text)
  return updates
}

/** An update of a document of its own that names a blob. */
export function updateNaming(sha256: string): Uint8Array {
  const doc = new Y.Doc()
  doc.getMap('t').set('blob', { sha256, size: 1 })
  return Y.encodeStateAsUpdate(doc)
}

export function textOf(updates: readonly Uint8Array[]): string {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc.getText('t').toString()
}
