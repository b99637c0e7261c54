import { addMessage, setTitle } from '@holdfast/conversation'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PersistenceError } from '../src/persistence/port.ts'
import { statusText } from '../src/status-text.ts'
import type { OpenConversation } from '../src/types.ts'
import { createWorld, until, type World } from './world.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

let count = 0
export function say(conversation: OpenConversation, text: string): string {
  const id = `m${count++}`
  conversation.edit((doc) =>
    addMessage(doc, { id, role: 'user', createdAt: world.clock.now(), parts: [{ type: 'text', text }] }),
  )
  return id
}

export function textsOf(conversation: OpenConversation): string[] {
  return conversation
    .get()
    .messages.map((message) => message.parts.map((part) => (part.type === 'text' ? part.text : '')).join(''))
}

/** Writes wait until the returned function is called. */
function holdWrites(): () => void {
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  world.persistence.failWith((operation) => (operation === 'write' ? held : undefined))
  return () => {
    world.persistence.failWith(null)
    release()
  }
}

function breakStorage(code: PersistenceError['code'] = 'QUOTA'): void {
  world.persistence.failWith((operation) => {
    if (operation !== 'read') throw new PersistenceError(code, 'a test broke the storage')
  })
}

describe('saving', () => {
  test('S1 what saved() resolved for is there for the next store, in the list and opened', async () => {
    const first = await world.tab()
    const conversation = await first.store.create({ title: 'Plans' })
    say(conversation, 'hello')
    await conversation.saved()
    expect(conversation.status.get()).toEqual({ kind: 'saved', relay: 'none' })
    first.crash()
    const second = await world.tab()
    expect(second.store.list.get().map((item) => [item.id, item.summary.title, item.summary.messages])).toEqual([
      [conversation.id, 'Plans', 1],
    ])
    expect(textsOf(await second.store.open(conversation.id))).toEqual(['hello'])
  })

  test('S2 nothing waits for a timer, and what arrives during a write goes together in the next', async () => {
    const { store } = await world.tab()
    const conversation = await store.create()
    await conversation.saved()
    const [before] = await (await world.persistence.open()).documents()
    const release = holdWrites()
    say(conversation, 'one')
    await Promise.resolve()
    for (const text of ['two', 'three', 'four']) say(conversation, text)
    expect(conversation.status.get().kind).toBe('saving')
    release()
    await conversation.saved()
    const [after] = await (await world.persistence.open()).documents()
    expect(after!.last - before!.last).toBe(2)
    expect(world.clock.pending()).toBe(0)
  })

  test('S3 a failed write is said with its reason, saved() rejects, and the text is written when it works again', async () => {
    const { store } = await world.tab()
    const conversation = await store.create()
    await conversation.saved()
    breakStorage('QUOTA')
    say(conversation, 'keep me')
    await expect(conversation.saved()).rejects.toMatchObject({ name: 'PersistenceError', code: 'QUOTA' })
    const status = conversation.status.get()
    expect(status).toMatchObject({ kind: 'not-saved', reason: { code: 'QUOTA' } })
    expect(statusText(status)).toMatch(/^Not saved: /)
    expect(store.status.get().notSaved?.reason.code).toBe('QUOTA')
    say(conversation, 'and me')
    world.clock.advance(60_000)
    await expect(conversation.saved()).rejects.toMatchObject({ code: 'QUOTA' })
    world.persistence.failWith(null)
    world.clock.advance(60_000)
    await until(conversation.status, ({ kind }) => kind === 'saved')
    expect(store.status.get().notSaved).toBeUndefined()
    const other = await world.tab()
    expect(textsOf(await other.store.open(conversation.id))).toEqual(['keep me', 'and me'])
  })

  test('S4 storage deleted while open is said, and everything in memory is written again, the list too', async () => {
    const { store } = await world.tab()
    const conversation = await store.create({ title: 'Whole' })
    say(conversation, 'one')
    say(conversation, 'two')
    await conversation.saved()
    world.persistence.wipe()
    const status = await until(conversation.status, ({ kind }) => kind === 'not-saved')
    expect(status).toMatchObject({ reason: { code: 'DELETED' } })
    say(conversation, 'three')
    world.clock.advance(60_000)
    await until(conversation.status, ({ kind }) => kind === 'saved')
    const handle = await world.persistence.open()
    const [record] = await handle.documents()
    expect(record?.summary).not.toBeNull()
    const other = await world.tab()
    expect(other.store.list.get()[0]?.summary.title).toBe('Whole')
    expect(textsOf(await other.store.open(conversation.id))).toEqual(['one', 'two', 'three'])
  })

  test('S5 a storage that cannot be opened still lets one write, and what was there is read when it can', async () => {
    const first = await world.tab()
    const old = await first.store.create({ title: 'Old' })
    say(old, 'from before')
    await first.store.saved()
    first.crash()
    breakStorage('UNAVAILABLE')
    const { store } = await world.tab()
    expect(store.status.get().notSaved?.reason.code).toBe('UNAVAILABLE')
    const again = await store.open(old.id)
    expect(again.status.get()).toMatchObject({ kind: 'not-saved', reason: { code: 'UNAVAILABLE' } })
    say(again, 'written meanwhile')
    world.persistence.failWith(null)
    world.clock.advance(60_000)
    await until(again.status, ({ kind }) => kind === 'saved')
    await until({ get: () => textsOf(again), subscribe: again.subscribe }, (texts) => texts.length === 2)
    expect(textsOf(again).sort()).toEqual(['from before', 'written meanwhile'])
    const [item] = await until(store.list, (items) => items[0]?.summary.messages === 2)
    expect(item?.summary.title).toBe('Old')
  })

  test('S6 closing a conversation that is not saved yet keeps it until it is', async () => {
    const { store } = await world.tab()
    const conversation = await store.create()
    await conversation.saved()
    breakStorage()
    say(conversation, 'kept')
    conversation.close()
    conversation.close()
    await until(store.status, ({ notSaved }) => notSaved !== undefined)
    world.persistence.failWith(null)
    world.clock.advance(60_000)
    await until(store.status, ({ notSaved }) => !notSaved)
    expect(textsOf(await (await world.tab()).store.open(conversation.id))).toEqual(['kept'])
  })

  test('S6 closing what was saved keeps it in memory while the storage fails: it may be found deleted', async () => {
    const { store } = await world.tab()
    const [saved, other] = [await store.create(), await store.create()]
    say(saved, 'was saved')
    await store.saved()
    breakStorage()
    say(other, 'is not')
    await until(store.status, ({ notSaved }) => notSaved !== undefined)
    saved.close()
    world.persistence.wipe()
    world.persistence.failWith(null)
    world.clock.advance(60_000)
    await until(store.status, ({ notSaved }) => !notSaved)
    expect(textsOf(await (await world.tab()).store.open(saved.id))).toEqual(['was saved'])
  })

  test('S7 close writes what is on its way, and refuses nothing of it', async () => {
    const { store } = await world.tab()
    const conversation = await store.create()
    say(conversation, 'last words')
    await store.close()
    expect(textsOf(await (await world.tab()).store.open(conversation.id))).toEqual(['last words'])
  })

  test('S8 a conversation with many rows is compacted when it is closed, and reads the same', async () => {
    const { store } = await world.tab()
    const conversation = await store.create()
    const texts = Array.from({ length: 100 }, (_, i) => `message ${i}`)
    for (const text of texts) {
      world.clock.advance(1)
      say(conversation, text)
      await conversation.saved()
    }
    const handle = await world.persistence.open()
    expect((await handle.documents())[0]!.rows).toBeGreaterThan(100)
    conversation.close()
    const again = await until({ get: () => store.list.get(), subscribe: store.list.subscribe }, () => true)
    expect(again).toHaveLength(1)
    expect((await handle.documents())[0]!.rows).toBe(1)
    expect(textsOf(await store.open(conversation.id))).toEqual(texts)
  })

  test('S9 a draft is kept per conversation, and forgotten when it is empty', async () => {
    const { store } = await world.tab()
    const conversation = await store.create()
    await conversation.draft.set('half a')
    const other = await world.tab()
    expect(await (await other.store.open(conversation.id)).draft.load()).toBe('half a')
    await conversation.draft.set('')
    expect(await conversation.draft.load()).toBe('')
  })

  test('S10 a conversation that cannot be saved can be taken away as a file', async () => {
    const { store } = await world.tab()
    const conversation = await store.create({ title: 'Önly / here?' })
    breakStorage()
    say(conversation, 'take me')
    const exported = await store.exportConversation(conversation.id)
    expect(exported.name).toBe(`Önly-here-${conversation.id.slice(0, 8)}`)
    expect(JSON.parse(exported.json)).toMatchObject({ meta: { title: 'Önly / here?' } })
    expect(exported.update.length).toBeGreaterThan(50)
  })
})

describe('tabs', () => {
  test('S20 what is saved in one tab is in the others at once, stored once', async () => {
    const [left, right] = [await world.tab(), await world.tab()]
    const here = await left.store.create({ title: 'Shared' })
    await here.saved()
    const there = await right.store.open(here.id)
    say(here, 'from the left')
    await until({ get: () => textsOf(there), subscribe: there.subscribe }, (texts) => texts.length === 1)
    say(there, 'from the right')
    await until({ get: () => textsOf(here), subscribe: here.subscribe }, (texts) => texts.length === 2)
    const [record] = await (await world.persistence.open()).documents()
    expect(record?.last).toBe(3)
    expect(textsOf(there)).toEqual(textsOf(here))
  })

  test('S21 a list line follows edits of other tabs, and lines that did not change are the same objects', async () => {
    const [left, right] = [await world.tab(), await world.tab()]
    const one = await left.store.create({ title: 'One' })
    world.clock.advance(1)
    const two = await left.store.create({ title: 'Two' })
    await left.store.saved()
    const before = await until(right.store.list, (items) => items.length === 2)
    expect(before.map((item) => item.summary.title)).toEqual(['Two', 'One'])
    world.clock.advance(1)
    one.edit((doc) => setTitle(doc, { title: 'Uno', by: 'user' }))
    say(one, 'newest now')
    const after = await until(right.store.list, (items) => items[0]?.summary.messages === 1)
    expect(after.map((item) => item.summary.title)).toEqual(['Uno', 'Two'])
    expect(after[1]).toBe(before[0])
    expect(two.id).toBe(after[1]?.id)
  })

  test('S22 what one tab cannot save, another that can does', async () => {
    const [left, right] = [await world.tab(), await world.tab({ persistence: world.persistence })]
    const here = await left.store.create()
    await here.saved()
    const there = await right.store.open(here.id)
    let broken = true
    world.persistence.failWith((operation) => {
      if (!broken || operation !== 'write') return
      broken = false
      throw new PersistenceError('QUOTA', 'only the first write fails')
    })
    say(here, 'rescued')
    await until({ get: () => textsOf(there), subscribe: there.subscribe }, (texts) => texts.length === 1)
    await there.saved()
    left.crash()
    expect(textsOf(await (await world.tab()).store.open(here.id))).toEqual(['rescued'])
  })

  test('S23 a tab that opens a conversation gets what another has and could not save', async () => {
    const left = await world.tab()
    const here = await left.store.create()
    await here.saved()
    breakStorage()
    say(here, 'nowhere but here')
    await here.saved().catch(() => null)
    const right = await world.tab()
    const there = await right.store.open(here.id)
    await until({ get: () => textsOf(there), subscribe: there.subscribe }, (texts) => texts.length === 1)
    expect(textsOf(there)).toEqual(['nowhere but here'])
  })

  test('S23 what came before the rows it builds on were read is kept by who was to keep it (2109)', async () => {
    const left = await world.tab()
    const right = await world.tab({ persistence: world.persistence })
    const here = await left.store.create()
    await here.saved()
    const reading = Promise.withResolvers<void>()
    let broken = true
    world.persistence.failWith((operation) => {
      if (operation === 'read') return reading.promise
      if (!broken || operation !== 'write') return
      broken = false
      throw new PersistenceError('QUOTA', 'only the first write fails')
    })
    const opening = right.store.open(here.id)
    say(here, 'rescued')
    await until(left.store.status, ({ notSaved }) => notSaved !== undefined)
    left.crash()
    reading.resolve()
    const there = await opening
    await until({ get: () => textsOf(there), subscribe: there.subscribe }, (texts) => texts.length === 1)
    await there.saved()
    right.crash()
    expect(textsOf(await (await world.tab()).store.open(here.id))).toEqual(['rescued'])
  })

  test('S22 a storage that is deleted during a write: others are told of that write, and of what builds on it (7006)', async () => {
    const [left, right] = [await world.tab(), await world.tab({ persistence: world.persistence })]
    const here = await left.store.create()
    await here.saved()
    const there = await right.store.open(here.id)
    holdWrites()
    say(here, 'one')
    await Promise.resolve()
    world.persistence.wipe()
    await until(here.status, ({ kind }) => kind === 'not-saved')
    say(here, 'two')
    await until({ get: () => textsOf(there), subscribe: there.subscribe }, (texts) => texts.length === 2)
    left.crash()
    world.persistence.failWith(null)
    world.clock.advance(60_000)
    await until(there.status, ({ kind }) => kind === 'saved')
    expect(textsOf(await (await world.tab()).store.open(here.id))).toEqual(['one', 'two'])
  })

  test('S24 tabs see who is there without a relay, and who left', async () => {
    const [left, right] = [await world.tab(), await world.tab()]
    const here = await left.store.create()
    await here.saved()
    const there = await right.store.open(here.id)
    here.presence.setLocal({ user: { name: 'Ada' } })
    const peers = await until(there.presence, (all) => all.some((peer) => peer.name === 'Ada'))
    expect(peers.filter((peer) => peer.self)).toHaveLength(1)
    here.close()
    await until(there.presence, (all) => !all.some((peer) => peer.name === 'Ada'))
  })

  test('S25 several openings in one tab are one document, and each is closed once', async () => {
    const { store } = await world.tab()
    const first = await store.create()
    await first.saved()
    const second = await store.open(first.id)
    expect(second.doc).toBe(first.doc)
    first.close()
    first.close()
    say(second, 'still open')
    await second.saved()
    expect(textsOf(second)).toEqual(['still open'])
  })
})
