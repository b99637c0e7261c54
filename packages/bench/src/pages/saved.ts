import { addMessage, initConversation } from '@holdfast/conversation'
import { indexedDbPersistence, openStore } from '@holdfast/store'
import { seededRandom } from '@holdfast/testkit'
import { IndexeddbPersistence } from 'y-indexeddb'
import * as Y from 'yjs'
import { answer } from '../corpus/words.ts'

/* How long an edit takes until it is on this device: ours until `saved()`, y-indexeddb until its own transaction is complete. */

const AT = Date.UTC(2026, 0, 1)

/** One message after another, each of about 900 characters. */
function* messages(count: number): Generator<(doc: Y.Doc) => void> {
  const random = seededRandom(count)
  for (let i = 0; i < count; i++) {
    const text = answer(random)
    const parent = i === 0 ? null : `m${i - 1}`
    yield (doc) => {
      addMessage(doc, { id: `m${i}`, parent, role: 'user', createdAt: AT + i, parts: [{ type: 'text', text }] })
    }
  }
}

/** In ms, one for each edit. */
export async function saveWithStore(space: string, count: number): Promise<number[]> {
  const store = await openStore({ space, persistence: indexedDbPersistence({ space }), relay: null })
  const conversation = await store.create()
  await conversation.saved()
  const taken: number[] = []
  for (const edit of messages(count)) {
    const start = performance.now()
    conversation.edit(edit)
    await conversation.saved()
    taken.push(performance.now() - start)
  }
  conversation.close()
  await store.close()
  return taken
}

/** Sees the transactions that somebody else's code opens while `run` runs, and may make them strict. */
function transactionsOf(run: () => void, durability: IDBTransactionDurability): IDBTransaction[] {
  const open = IDBDatabase.prototype.transaction
  const opened: IDBTransaction[] = []
  IDBDatabase.prototype.transaction = function (stores, mode, options) {
    const transaction = open.call(this, stores, mode, { ...options, durability })
    opened.push(transaction)
    return transaction
  }
  try {
    run()
  } finally {
    IDBDatabase.prototype.transaction = open
  }
  return opened
}

/** The same through y-indexeddb. `default` is how it writes by itself: the browser then says complete before the disk does. */
export async function saveWithYIndexedDb(
  name: string,
  count: number,
  durability: IDBTransactionDurability,
): Promise<number[]> {
  const doc = new Y.Doc()
  const persistence = new IndexeddbPersistence(name, doc)
  await persistence.whenSynced
  initConversation(doc, { id: name, createdAt: AT })
  const taken: number[] = []
  for (const edit of messages(count)) {
    const start = performance.now()
    const [transaction] = transactionsOf(() => edit(doc), durability)
    if (!transaction) throw new Error('y-indexeddb did not write this edit when it was made')
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve
      transaction.onabort = () => reject(transaction.error)
    })
    taken.push(performance.now() - start)
  }
  await persistence.destroy()
  return taken
}
