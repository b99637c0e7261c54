import { addMessage } from '@holdfast/conversation'
import { virtualClock } from '@holdfast/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { databaseName, indexedDbPersistence } from '../src/persistence/indexeddb.ts'
import { STORES } from '../src/persistence/indexeddb-open.ts'
import { openStore } from '../src/store.ts'
import { deleteDatabase } from './indexeddb-faults.ts'
import { updateNaming } from './persistence-contract/samples.ts'

const space = 'blobs'
const clock = virtualClock()

beforeEach(() => deleteDatabase(databaseName(space)))
afterEach(() => deleteDatabase(databaseName(space)))

/** A database as version 3 left it. */
async function makeOld(fill: (transaction: IDBTransaction) => void): Promise<void> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(databaseName(space), 3)
    request.onupgradeneeded = () => {
      for (const name of STORES) {
        if (!['references', 'referrers', 'untold'].includes(name)) request.result.createObjectStore(name)
      }
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const transaction = database.transaction(['updates', 'large', 'blobs'], 'readwrite')
  fill(transaction)
  await new Promise((resolve) => {
    transaction.oncomplete = resolve
  })
  database.close()
}

test('P32 a database of version 3 learns what its conversations name, large rows too', async () => {
  const [one, two] = ['a'.repeat(64), 'b'.repeat(64)]
  await makeOld((transaction) => {
    transaction.objectStore('updates').put(updateNaming(one), ['first', 1])
    transaction.objectStore('updates').put({ large: 'x' }, ['second', 1])
    transaction.objectStore('large').put(updateNaming(two), 'x')
    transaction.objectStore('blobs').put({ bytes: Uint8Array.of(1), type: 'image/png' }, one)
  })
  const handle = await indexedDbPersistence({ space, clock }).open()
  expect(await handle.references.untold(10)).toEqual([
    { conversation: 'first', sha256: one },
    { conversation: 'second', sha256: two },
  ])
  expect(await handle.references.owners(two)).toEqual(['second'])
  await handle.close()
})

test('C51 a picture goes from IndexedDB with the last conversation that names it, and what it took is counted', async () => {
  const store = await openStore({ space, persistence: indexedDbPersistence({ space }) })
  const before = await store.usage()
  const picture = crypto.getRandomValues(new Uint8Array(60_000))
  const bytes = new Uint8Array(3_000_000).map((_, i) => picture[i % 60_000]! ^ (i >> 12))
  const { sha256, mediaType } = await store.blobs.put(bytes, 'image/png')
  const named = ['one', 'two'].map(async (title) => {
    const conversation = await store.create({ title })
    const parts = [{ type: 'file' as const, mediaType, blob: { sha256 } }]
    conversation.edit((doc) => addMessage(doc, { id: 'm', role: 'user', createdAt: 1, parts }))
    await conversation.saved()
    conversation.close()
    return conversation.id
  })
  const [one, two] = await Promise.all(named)
  expect((await store.usage())!.used - before!.used).toBeGreaterThan(2_000_000)
  await store.purge(one!)
  expect((await store.blobs.get(sha256)).bytes.length).toBe(bytes.length)
  await store.purge(two!)
  await expect(store.blobs.get(sha256)).rejects.toMatchObject({ code: 'NOT_HERE' })
  await store.close()
})
