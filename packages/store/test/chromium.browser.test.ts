import { addMessage, initConversation } from '@holdfast/conversation'
import { virtualClock } from '@holdfast/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { IndexeddbPersistence } from 'y-indexeddb'
import * as Y from 'yjs'
import { databaseName, indexedDbPersistence } from '../src/persistence/indexeddb.ts'
import { openDatabase, VERSION } from '../src/persistence/indexeddb-open.ts'
import { openStore } from '../src/store.ts'
import type { OpenConversation, Store } from '../src/types.ts'
import { importYIndexedDb } from '../src/y-indexeddb.ts'
import { deleteDatabase, failingPuts } from './indexeddb-faults.ts'
import { until } from './world.ts'

let space = ''
let count = 0
const faults = failingPuts()
const stores: Store[] = []

beforeEach(async () => {
  space = `chromium-${count++}`
  await deleteDatabase(databaseName(space))
})
afterEach(async () => {
  faults.set(null)
  for (const store of stores.splice(0)) await store.close()
  await deleteDatabase(databaseName(space))
})

/** A tab of this browser: real IndexedDB, BroadcastChannel and locks; only the time between retries is the test's. */
async function tab(clock = virtualClock()): Promise<{ store: Store; clock: ReturnType<typeof virtualClock> }> {
  const store = await openStore({ space, persistence: indexedDbPersistence({ space }), clock })
  stores.push(store)
  return { store, clock }
}

function say(conversation: OpenConversation, text: string): void {
  conversation.edit((doc) =>
    addMessage(doc, { id: text, role: 'user', createdAt: Date.now(), parts: [{ type: 'text', text }] }),
  )
}

const textsOf = (conversation: OpenConversation): string[] => conversation.get().messages.map((message) => message.id)
const texts = (conversation: OpenConversation) => ({
  get: () => textsOf(conversation),
  subscribe: conversation.subscribe,
})

/** Moves the clock on whenever the store waits, until it has saved. */
async function recover(store: Store, clock: ReturnType<typeof virtualClock>): Promise<void> {
  clock.advance(60_000)
  await until(store.status, ({ notSaved }) => !notSaved)
}

describe('faults in a real browser', () => {
  test('B1 the database is deleted under us: it is said, and everything in memory is written to a new one', async () => {
    const { store, clock } = await tab()
    const conversation = await store.create({ title: 'Survivor' })
    say(conversation, 'one')
    await conversation.saved()
    await deleteDatabase(databaseName(space))
    const status = await until(conversation.status, ({ kind }) => kind === 'not-saved')
    expect(status).toMatchObject({ reason: { code: 'DELETED' } })
    say(conversation, 'two')
    await recover(store, clock)
    await conversation.saved()
    const { store: again } = await tab()
    expect(again.list.get()[0]?.summary.title).toBe('Survivor')
    expect(textsOf(await again.open(conversation.id))).toEqual(['one', 'two'])
  })

  for (const [error, code] of [
    ['AbortError', 'ABORTED'],
    ['QuotaExceededError', 'QUOTA'],
    ['UnknownError', 'UNAVAILABLE'],
  ] as const) {
    test(`B2 a transaction that ends with ${error} is ${code}, saves nothing, and is done again`, async () => {
      const { store, clock } = await tab()
      const conversation = await store.create()
      await conversation.saved()
      faults.set({ after: 0, error })
      say(conversation, 'kept in memory')
      await expect(conversation.saved()).rejects.toMatchObject({ name: 'PersistenceError', code })
      expect(conversation.status.get()).toMatchObject({ kind: 'not-saved', reason: { code } })
      faults.set(null)
      await recover(store, clock)
      await conversation.saved()
      expect(conversation.status.get().kind).toBe('saved')
      const { store: again } = await tab()
      expect(textsOf(await again.open(conversation.id))).toEqual(['kept in memory'])
    })
  }

  test('B3 a database of a newer version is refused by name, and what is written stays in memory', async () => {
    const raw = await openDatabase(indexedDB, databaseName(space), virtualClock(), 99)
    raw.close()
    const { store } = await tab()
    expect(store.status.get().notSaved?.reason.code).toBe('NEWER_VERSION')
    const conversation = await store.create()
    say(conversation, 'here')
    await expect(conversation.saved()).rejects.toMatchObject({ code: 'NEWER_VERSION' })
    expect(textsOf(conversation)).toEqual(['here'])
  })

  test('B4 an upgrade that another tab blocks is BLOCKED, and works when that tab lets go', async () => {
    const old = await openDatabase(indexedDB, databaseName(space), virtualClock(), VERSION)
    await expect(openDatabase(indexedDB, databaseName(space), virtualClock(), VERSION + 1)).rejects.toMatchObject({
      code: 'BLOCKED',
    })
    old.close()
    const upgraded = await openDatabase(indexedDB, databaseName(space), virtualClock(), VERSION + 1)
    expect(upgraded.version).toBe(VERSION + 1)
    upgraded.close()
  })

  test('B5 a newer program that upgrades the database takes it from this one, which says so', async () => {
    const { store } = await tab()
    const upgraded = await openDatabase(indexedDB, databaseName(space), virtualClock(), VERSION + 1)
    await until(store.status, ({ notSaved }) => notSaved?.reason.code === 'NEWER_VERSION')
    upgraded.close()
  })

  test('B6 an IndexedDB that never answers is UNAVAILABLE after ten seconds', async () => {
    const clock = virtualClock()
    const silent = { open: () => ({}) as IDBOpenDBRequest } as unknown as IDBFactory
    const opening = indexedDbPersistence({ space, indexedDB: silent, clock }).open()
    clock.advance(10_000)
    await expect(opening).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('B7 two tabs over the real BroadcastChannel and Web Locks: words, list, presence, interruption', async () => {
    const [{ store: left }, { store: right }] = [await tab(), await tab()]
    const here = await left.create({ title: 'Two tabs' })
    await here.saved()
    await until(right.list, (items) => items.length === 1)
    const there = await right.open(here.id)
    say(here, 'from the left')
    await until(texts(there), (all) => all.length === 1)
    here.presence.setLocal({ user: { name: 'Ada' } })
    await until(there.presence, (peers) => peers.some((peer) => peer.name === 'Ada'))
    here.edit((doc) => addMessage(doc, { id: 'answer', role: 'assistant', createdAt: Date.now(), status: 'streaming' }))
    const writer = here.stream('answer')
    writer.text('half an ans')
    await writer.flush()
    const handle = await indexedDbPersistence({ space }).open()
    while ((await handle.writing()).length === 0) await handle.documents()
    await handle.close()
    stores.splice(stores.indexOf(left), 1)
    await left.close()
    await until(
      { get: () => there.getMessage('answer'), subscribe: there.subscribe },
      (message) => message?.status === 'interrupted',
    )
  })

  test('B8 the browser is asked to keep the storage, and its answer is in the status', async () => {
    const { store } = await tab()
    const status = await until(store.status, ({ storage }) => storage !== 'unknown')
    expect(['granted', 'denied']).toContain(status.storage)
  })

  test('B9 the database is found deleted after it had failed: what was saved and closed meanwhile is written anew', async () => {
    const { store, clock } = await tab()
    const [saved, other] = [await store.create({ title: 'Survivor' }), await store.create()]
    say(saved, 'was saved')
    await store.saved()
    faults.set({ after: 0, error: 'QuotaExceededError' })
    say(other, 'is not')
    await until(store.status, ({ notSaved }) => notSaved?.reason.code === 'QUOTA')
    saved.close()
    await deleteDatabase(databaseName(space))
    faults.set(null)
    await recover(store, clock)
    const { store: again } = await tab()
    expect(textsOf(await again.open(saved.id))).toEqual(['was saved'])
  })
})

describe('bringing a y-indexeddb database over', () => {
  const name = 'somebody-elses-notes'
  afterEach(() => deleteDatabase(name))

  test('B10 its conversation is here, saved and listed, and the original is as it was', async () => {
    const doc = new Y.Doc()
    const original = new IndexeddbPersistence(name, doc)
    await original.whenSynced
    initConversation(doc, { id: 'old-one', createdAt: 5, title: 'From before' })
    addMessage(doc, { id: 'm', role: 'user', createdAt: 6, parts: [{ type: 'text', text: 'hello' }] })
    await original.get('written')
    await original.destroy()
    const { store } = await tab()
    const imported = await importYIndexedDb({ name, into: store })
    expect(imported).toMatchObject({ id: 'old-one', title: 'From before', messages: 1, isConversation: true })
    expect(imported.updates).toBeGreaterThan(1)
    expect(store.list.get()[0]).toMatchObject({ id: 'old-one', summary: { title: 'From before', messages: 1 } })
    const again = await importYIndexedDb({ name, into: store })
    expect(again).toEqual(imported)
    expect(textsOf(await store.open('old-one'))).toEqual(['m'])
  })

  test('B11 what is not there, not y-indexeddb, empty or broken is refused by name and nothing is made', async () => {
    const { store } = await tab()
    const refused = (code: string) => expect.objectContaining({ name: 'ImportError', code })
    await expect(importYIndexedDb({ name, into: store })).rejects.toEqual(refused('NOT_FOUND'))
    expect((await indexedDB.databases()).some((database) => database.name === name)).toBe(false)
    await expect(importYIndexedDb({ name: databaseName(space), into: store })).rejects.toEqual(
      refused('NOT_Y_INDEXEDDB'),
    )
    const empty = new IndexeddbPersistence(name, new Y.Doc())
    await empty.whenSynced
    const { db } = empty
    await new Promise((resolve) => {
      const clear = db!.transaction('updates', 'readwrite')
      clear.objectStore('updates').clear()
      clear.oncomplete = resolve
    })
    await expect(importYIndexedDb({ name, into: store })).rejects.toEqual(refused('EMPTY'))
    await new Promise((resolve) => {
      const add = db!.transaction('updates', 'readwrite')
      add.objectStore('updates').add(Uint8Array.of(255, 1, 2, 3))
      add.oncomplete = resolve
    })
    await expect(importYIndexedDb({ name, into: store })).rejects.toEqual(refused('UNREADABLE'))
    await empty.destroy()
    expect(store.list.get()).toEqual([])
  })
})
