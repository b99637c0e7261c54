import { encodeSummary, initConversation, readConversation, summarize } from '@holdfast/conversation'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { SpaceConnection, SpaceEvents } from '../src/connection/sync/port.ts'
import { databaseName, indexedDbPersistence } from '../src/persistence/indexeddb.ts'
import { createSignal } from '../src/signal.ts'
import { openStore } from '../src/store.ts'
import type { Store } from '../src/types.ts'
import { deleteDatabase } from './indexeddb-faults.ts'
import { until } from './world.ts'

const space = 'feed'
const stores: Store[] = []
beforeEach(() => deleteDatabase(databaseName(space)))
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  await deleteDatabase(databaseName(space))
})

/** A connection that is there, has no channel to give, and tells of the feed what a test says. */
function feedOnly() {
  let events: SpaceEvents | null = null
  const started = createSignal(false)
  const opened = createSignal(0)
  const never = (): Promise<never> => new Promise(() => undefined)
  const connection: SpaceConnection = {
    kind: 'sync',
    client: 'me',
    state: createSignal({ kind: 'connected', mayWrite: true }),
    start: (_memory, told) => {
      events = told
      told.welcomed('inc')
      started.set(true)
    },
    told: () => ({ incarnation: 'inc', reach: 0 }),
    past: () => [],
    version: () => 2,
    incarnation: () => 'inc',
    follows: (name) => name === 'inc',
    open: () => {
      opened.set(opened.get() + 1)
      return null
    },
    onRoom: () => () => undefined,
    summary: never,
    purge: never,
    renew: () => undefined,
    startOver: () => undefined,
    token: () => '',
    retry: () => undefined,
    close: () => undefined,
  }
  return {
    connection,
    started,
    opened,
    events: (): SpaceEvents => {
      if (!events) throw new Error('not started')
      return events
    },
  }
}

const summaryOf = (title: string, at: number): Uint8Array => {
  const doc = new Y.Doc()
  initConversation(doc, { id: 'x', title, createdAt: at })
  return encodeSummary(summarize(readConversation(doc)))
}

test('B12 ten thousand summaries of the feed are the list of a new device, and of its next session', async () => {
  const { connection, events, started } = feedOnly()
  const open = async (): Promise<Store> => {
    const store = await openStore({
      space,
      persistence: indexedDbPersistence({ space }),
      relay: { url: 'http://nowhere', token: 'any' },
      connect: () => connection,
    })
    stores.push(store)
    return store
  }
  const store = await open()
  await until(store.status, (status) => status.relay === 'connected')
  await until(started, (value) => value)
  const pages = Array.from({ length: 10 }, (_, page) =>
    Array.from({ length: 1_000 }, (_, i) => {
      const number = page * 1_000 + i + 1
      const summary = summaryOf(`Conversation ${number}`, 1e12 + number)
      return { document: `doc-${number}`, number, epoch: 'e', seq: 3, purged: false, summary }
    }),
  )
  const began = performance.now()
  for (const page of pages) {
    events().feed(page, page.at(-1)!.number, page.at(-1)!.number)
    await new Promise((go) => setTimeout(go, 0))
  }
  const items = await until(store.list, (all) => all.length === 10_000)
  const listed = performance.now() - began
  expect(items[0]?.summary.title).toBe('Conversation 10000')
  expect(items.every((item) => item.behind)).toBe(true)
  // A second on a machine of its own (design); this bound only catches what grows with the square.
  expect(listed).toBeLessThan(8_000)
  await store.saved()
  await stores.splice(0)[0]?.close()
  const again = await openStore({ space, persistence: indexedDbPersistence({ space }) })
  stores.push(again)
  expect(again.list.get()).toHaveLength(10_000)
})

test('C16 nothing is fetched while much of the list is still to come', async () => {
  const { connection, events, started, opened } = feedOnly()
  const persistence = indexedDbPersistence({ space })
  const store = await openStore({
    space,
    persistence,
    relay: { url: 'http://nowhere', token: 'any' },
    connect: () => connection,
  })
  stores.push(store)
  await until(started, (value) => value)
  const entry = (number: number) => {
    const summary = summaryOf(`Conversation ${number}`, 1e12 + number)
    return { document: `doc-${number}`, number, epoch: 'e', seq: 3, purged: false, summary }
  }
  events().feed([entry(1), entry(2)], 2, 1_000)
  await until(store.list, (all) => all.length === 2)
  await store.saved()
  expect(opened.get()).toBe(0)
  events().feed([entry(1_000)], 1_000, 1_000)
  await until(opened, (count) => count >= 3)
  expect(store.list.get()).toHaveLength(3)
})
