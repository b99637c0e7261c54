import { decodeSummary } from '@holdfast/conversation'
import { IndexeddbPersistence } from 'y-indexeddb'
import * as Y from 'yjs'
import { longConversation, manyConversations, type Shape } from '../corpus/conversations.ts'

/* The reference: the same data in one document kept by y-indexeddb. The data alone; nothing is drawn. */

/** Resolves when all that is being written to this database of y-indexeddb is in it. */
async function settled(name: string): Promise<void> {
  const request = indexedDB.open(name)
  await new Promise((resolve, reject) => {
    request.onsuccess = resolve
    request.onerror = () => reject(request.error)
  })
  // A transaction that writes to the same store begins when those before it have ended.
  const transaction = request.result.transaction('updates', 'readwrite')
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve
    transaction.onabort = () => reject(transaction.error)
  })
  request.result.close()
}

async function fill(name: string, write: (doc: Y.Doc) => void): Promise<void> {
  const doc = new Y.Doc()
  const persistence = new IndexeddbPersistence(name, doc)
  await persistence.whenSynced
  write(doc)
  await settled(name)
  await persistence.destroy()
}

async function timeToOpen(name: string, use: (doc: Y.Doc) => boolean): Promise<number> {
  const start = performance.now()
  const doc = new Y.Doc()
  const persistence = new IndexeddbPersistence(name, doc)
  await persistence.whenSynced
  const right = use(doc)
  const ms = performance.now() - start
  await persistence.destroy()
  if (!right) throw new Error(`what y-indexeddb opened as ${name} is not what was put there`)
  return ms
}

export function seedList(name: string, count: number, now: number): Promise<void> {
  return fill(name, (doc) => {
    doc.transact(() => {
      const map = doc.getMap('summaries')
      for (const { id, summary } of manyConversations(count, now)) map.set(id, decodeSummary(summary))
    })
  })
}

/** From nothing to every summary at hand as a plain object, newest first. In ms. */
export function openList(name: string, count: number): Promise<number> {
  return timeToOpen(name, (doc) => {
    const all = [...doc.getMap<{ updatedAt: number }>('summaries').values()]
    all.sort((a, b) => b.updatedAt - a.updatedAt)
    return all.length === count
  })
}

export function seedConversation(name: string, shape: Shape): Promise<void> {
  return fill(name, (doc) => {
    for (const row of longConversation(shape).rows) Y.applyUpdate(doc, row)
  })
}

/** From nothing to the last message of the conversation being known. In ms. */
export function openConversation(name: string, messages: number): Promise<number> {
  return timeToOpen(name, (doc) => doc.getMap('messages').size === messages)
}
