import { addMessage } from '@holdfast/conversation'
import { channelHub, lockManager } from '@holdfast/testkit'
import type { UpdateLog } from '@holdfast/update-log'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { systemClock } from '../src/environment.ts'
import { type MemoryPersistence, memoryPersistence } from '../src/persistence/memory.ts'
import { statusText } from '../src/status-text.ts'
import { openStore } from '../src/store.ts'
import type { OpenConversation, OpenStoreOptions, Store } from '../src/types.ts'
import { type RelayHarness, startRelay, TOKEN, WebSocketOfNode } from './relay-harness.ts'
import { until } from './world.ts'

let relay: RelayHarness
const stores = new Set<Store>()
beforeEach(async () => {
  relay = await startRelay()
})
afterEach(async () => {
  for (const store of stores) await store.close()
  stores.clear()
  await relay.close()
})

interface Device {
  readonly persistence: MemoryPersistence
  open(options?: Partial<OpenStoreOptions>): Promise<Store>
}

/** One browser on one machine. Its stores are its tabs. */
function device(): Device {
  const persistence = memoryPersistence()
  const hub = channelHub()
  const locksOf = lockManager()
  return {
    persistence,
    open: async (options = {}) => {
      const store = await openStore({
        space: 'default',
        persistence,
        relay: relay.address,
        WebSocket: WebSocketOfNode,
        channel: (name) => hub(name),
        locks: locksOf(),
        // Retries at once: how long they wait is backoff's own test.
        random: { next: () => 0.01, bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
        clock: systemClock,
        ...options,
      })
      stores.add(store)
      return store
    },
  }
}

async function closeStore(store: Store): Promise<void> {
  stores.delete(store)
  await store.close()
}

let count = 0
function say(conversation: OpenConversation, text: string): void {
  conversation.edit((doc) =>
    addMessage(doc, { id: `m${count++}`, role: 'user', createdAt: Date.now(), parts: [{ type: 'text', text }] }),
  )
}

function textsOf(conversation: OpenConversation): string[] {
  return conversation
    .get()
    .messages.map((message) => message.parts.map((part) => (part.type === 'text' ? part.text : '')).join(''))
}

const texts = (conversation: OpenConversation) => ({
  get: () => textsOf(conversation),
  subscribe: conversation.subscribe,
})

const relayOf = (conversation: OpenConversation): string => {
  const status = conversation.status.get()
  return status.kind === 'saved' ? status.relay : status.kind
}

/** What the relay has on its disk. */
async function onRelay(log: UpdateLog, id: string): Promise<Y.Doc> {
  const doc = new Y.Doc()
  const loaded = await log.load({ space: 'default', document: id })
  for (const update of [...(loaded?.snapshot ? [loaded.snapshot] : []), ...(loaded?.updates ?? [])]) {
    Y.applyUpdate(doc, update)
  }
  return doc
}

describe('with a relay', () => {
  test('C1 two devices on one conversation see each other, and both are told that the relay has it', async () => {
    const [here, there] = [await device().open(), await device().open()]
    const mine = await here.create({ title: 'Together' })
    say(mine, 'hello')
    await mine.sent()
    expect(statusText(mine.status.get())).toBe('Saved on this device · Synced')
    expect((await onRelay(relay.log, mine.id)).getMap('messages').size).toBe(1)
    const [item] = await until(there.list, (items) => items.length === 1)
    expect(item?.summary).toMatchObject({ title: 'Together', messages: 1 })
    const yours = await there.open(mine.id)
    say(yours, 'hello back')
    await until(texts(mine), (all) => all.length === 2)
    await yours.sent()
    expect(textsOf(yours)).toEqual(textsOf(mine))
    expect(here.status.get()).toMatchObject({ relay: 'connected', waiting: 0 })
  })

  test('C2 sent is said only when the relay has it on its disk', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await relay.stop()
    const inner = relay.log
    let asked: () => void = () => undefined
    const wasAsked = new Promise<void>((resolve) => {
      asked = resolve
    })
    const append: UpdateLog['append'] = async (...args) => {
      asked()
      await held
      return inner.append(...args)
    }
    relay.log = new Proxy(inner, {
      get: (target, key) => {
        if (key === 'append') return append
        const value = Reflect.get(target, key, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    await relay.start()
    const store = await device().open()
    const conversation = await store.create()
    await wasAsked
    await conversation.saved()
    expect(relayOf(conversation)).toBe('sending')
    release()
    await conversation.sent()
    expect((await onRelay(inner, conversation.id)).getMap('meta').get('id')).toBe(conversation.id)
  })

  test('C3 both write while the relay is away; when it is back both have both, in the same order', async () => {
    const [here, there] = [await device().open(), await device().open()]
    const mine = await here.create()
    await mine.sent()
    await until(there.list, (items) => items.length === 1)
    const yours = await there.open(mine.id)
    await relay.stop()
    await until(mine.status, () => relayOf(mine) === 'offline')
    expect(statusText(mine.status.get())).toBe('Saved on this device · Offline')
    say(mine, 'written here')
    say(yours, 'written there')
    await relay.start()
    await until(texts(mine), (all) => all.length === 2)
    await until(texts(yours), (all) => all.length === 2)
    await Promise.all([mine.sent(), yours.sent()])
    expect(textsOf(mine)).toEqual(textsOf(yours))
  })

  test('C4 what was written offline and closed arrives without anybody opening it, even from another session', async () => {
    const laptop = device()
    const offline = await laptop.open({ relay: null })
    const ids: string[] = []
    for (let i = 0; i < 10; i++) {
      const conversation = await offline.create({ title: `Note ${i}` })
      say(conversation, `written offline ${i}`)
      await conversation.saved()
      ids.push(conversation.id)
      conversation.close()
    }
    expect(offline.status.get().waiting).toBe(10)
    await closeStore(offline)
    const online = await laptop.open()
    await until(online.status, ({ waiting }) => waiting === 0)
    for (const id of ids) expect((await onRelay(relay.log, id)).getMap('messages').size).toBe(1)
  })

  test('C5 a new device gets every conversation, listed and readable without the relay afterwards', async () => {
    const old = await device().open()
    for (let i = 0; i < 25; i++) {
      const conversation = await old.create({ title: `Conversation ${i}` })
      say(conversation, `text ${i}`)
      conversation.close()
    }
    await until(old.status, ({ waiting }) => waiting === 0)
    const fresh = device()
    const store = await fresh.open()
    const items = await until(store.list, (all) => all.length === 25)
    await until(store.status, ({ behind }) => behind === 0)
    await closeStore(store)
    const offline = await fresh.open({ relay: null })
    expect(offline.list.get()).toHaveLength(25)
    const one = await offline.open(items[3]!.id)
    expect(textsOf(one)).toEqual([`text ${items[3]!.summary.title.slice('Conversation '.length)}`])
  })

  test('C6 a wrong token is refused in words, nothing is lost, and the right one sends it', async () => {
    const store = await device().open({ relay: { ...relay.address, token: 'wrong' } })
    await until(store.status, (status) => status.relay === 'refused')
    expect(store.status.get().reason).toMatchObject({ code: 'TOKEN_REFUSED' })
    const conversation = await store.create()
    say(conversation, 'kept')
    await conversation.saved()
    expect(statusText(conversation.status.get())).toMatch(/^Saved on this device · Relay refused: /)
    store.setRelay({ ...relay.address, token: TOKEN })
    await conversation.sent()
    expect(store.status.get().relay).toBe('connected')
  })

  test('C7 an unknown space is refused, and a relay that is not there is offline', async () => {
    const lost = await device().open({ space: 'nowhere' })
    await until(lost.status, (status) => status.relay === 'refused')
    expect(lost.status.get().reason).toMatchObject({ code: 'UNKNOWN_SPACE' })
    await relay.stop()
    const alone = await device().open()
    await until(alone.status, (status) => status.relay === 'offline')
    expect(alone.status.get().reason).toMatchObject({ code: 'UNREACHABLE' })
  })

  test('C8 a relay that lost everything is whole again from what its clients have', async () => {
    const laptop = device()
    const store = await laptop.open()
    const ids: string[] = []
    for (let i = 0; i < 5; i++) {
      const conversation = await store.create({ title: `Kept ${i}` })
      say(conversation, 'text')
      await conversation.sent()
      ids.push(conversation.id)
      conversation.close()
    }
    // The feed is followed once, so that the incarnation is known.
    const handle = await laptop.persistence.open()
    while (!(await handle.cursor())) await new Promise((resolve) => setImmediate(resolve))
    await relay.stop()
    await until(store.status, (status) => status.relay === 'offline')
    relay.log = createMemoryLog()
    const committed = new Set<string>()
    relay.log.onCommit(({ changes }) => {
      for (const { document } of changes) committed.add(document)
    })
    await relay.start()
    const changed = (listener: () => void) => relay.log.onCommit(listener)
    await until({ get: () => 0, subscribe: changed }, () => ids.every((id) => committed.has(id)))
    await until(store.status, (status) => status.waiting === 0)
    for (const id of ids) expect((await onRelay(relay.log, id)).getMap('messages').size).toBe(1)
  })

  test('C9 a tab without a connection reaches the relay through one that has it', async () => {
    const laptop = device()
    const [connected, alone] = [await laptop.open(), await laptop.open({ relay: null })]
    const here = await alone.create({ title: 'By way of the other' })
    say(here, 'one')
    await here.saved()
    await until(connected.status, ({ waiting }) => waiting === 0)
    await until(alone.status, ({ waiting }) => waiting === 0)
    const there = await connected.open(here.id)
    say(here, 'two')
    await until(texts(there), (all) => all.length === 2)
    await there.sent()
    expect((await onRelay(relay.log, here.id)).getMap('messages').size).toBe(2)
  })

  test('C10 rows that a dead tab wrote and told nobody of are sent before they are marked so', async () => {
    const laptop = device()
    const store = await laptop.open()
    const conversation = await store.create()
    await conversation.sent()
    // A tab that dies between its commit and its word to the others.
    const mute = await laptop.open({ relay: null, channel: null })
    const unheard = await mute.open(conversation.id)
    say(unheard, 'unheard')
    await unheard.saved()
    say(conversation, 'heard')
    await conversation.sent()
    await until(texts(conversation), (all) => all.length === 2)
    await conversation.sent()
    expect((await onRelay(relay.log, conversation.id)).getMap('messages').size).toBe(2)
  })

  test('C11 an unmodified y-websocket provider reads and writes the same conversation', async () => {
    const store = await device().open()
    const conversation = await store.create({ title: 'Stock' })
    say(conversation, 'from the store')
    await conversation.sent()
    const doc = new Y.Doc()
    const url = `${relay.address.url.replace('http', 'ws')}/yjs`
    const provider = new WebsocketProvider(url, `default/${conversation.id}`, doc, {
      params: { token: TOKEN },
      WebSocketPolyfill: WebSocketOfNode,
      disableBc: true,
    })
    await new Promise<void>((resolve) => {
      provider.on('sync', (synced) => synced && resolve())
    })
    expect(doc.getMap('messages').size).toBe(1)
    addMessage(doc, {
      id: 'stock',
      role: 'user',
      createdAt: Date.now(),
      parts: [{ type: 'text', text: 'from a stock provider' }],
    })
    await until(texts(conversation), (all) => all.includes('from a stock provider'))
    provider.destroy()
  })

  test('C12 devices see who is there through the relay, and that they left', async () => {
    const [here, there] = [await device().open(), await device().open()]
    const mine = await here.create()
    await mine.sent()
    mine.presence.setLocal({ user: { name: 'Ada' } })
    const yours = await there.open(mine.id)
    await until(yours.presence, (peers) => peers.some((peer) => peer.name === 'Ada'))
    mine.close()
    await until(yours.presence, (peers) => !peers.some((peer) => peer.name === 'Ada'))
  })

  test('C13 a reader sees everything, and is told that what it edits stays on its device', async () => {
    const [writer, reader] = [await device().open(), device()]
    const mine = await writer.create({ title: 'Read me' })
    await mine.sent()
    const store = await reader.open({ relay: { ...relay.address, token: await relay.token('read') } })
    await until(store.list, (items) => items.length === 1)
    const yours = await store.open(mine.id)
    say(mine, 'for you')
    await until(texts(yours), (all) => all.length === 1)
    say(yours, 'not for the relay')
    const status = await until(yours.status, () => relayOf(yours) === 'refused')
    expect(status).toMatchObject({ reason: { code: 'READ_ONLY' } })
    expect(store.status.get().waiting).toBe(1)
    expect((await onRelay(relay.log, mine.id)).getMap('messages').size).toBe(1)
    // With a token that may write, it goes.
    store.setRelay(relay.address)
    await yours.sent()
    expect((await onRelay(relay.log, mine.id)).getMap('messages').size).toBe(2)
  })

  test('C14 a token that expires while connected is refused for the whole space', async () => {
    const expires = Date.now() + 1_500
    const store = await device().open({ relay: { ...relay.address, token: await relay.token('write', expires) } })
    const conversation = await store.create()
    await conversation.sent()
    await until(store.status, (status) => status.relay === 'refused')
    expect(store.status.get().reason).toMatchObject({ code: 'TOKEN_REFUSED' })
  })

  test('C15 a tab that is refused does not keep a connected one from emptying the common outbox', async () => {
    const laptop = device()
    const refused = await laptop.open({ relay: { ...relay.address, token: 'wrong' } })
    await until(refused.status, (status) => status.relay === 'refused')
    const conversation = await refused.create()
    say(conversation, 'by way of the other')
    await conversation.saved()
    conversation.close()
    const connected = await laptop.open()
    await until(connected.status, ({ waiting }) => waiting === 0)
    await until(refused.status, ({ waiting }) => waiting === 0)
    expect((await onRelay(relay.log, conversation.id)).getMap('messages').size).toBe(1)
  })
})
