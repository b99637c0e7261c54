import { getEventListeners } from 'node:events'
import { addMessage } from '@holdfast/conversation'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Locks } from '../src/environment.ts'
import { PersistenceError } from '../src/persistence/port.ts'
import type { OpenConversation } from '../src/types.ts'
import { createWorld, type Tab, until, type World } from './world.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

const say = (conversation: OpenConversation, text: string): string =>
  conversation.edit((doc) =>
    addMessage(doc, { id: text, role: 'user', createdAt: world.clock.now(), parts: [{ type: 'text', text }] }),
  )

const messages = (conversation: OpenConversation) => ({
  get: () => conversation.get().messages.map(({ id }) => id),
  subscribe: conversation.subscribe,
})

/** Says something, and dies when that is on the device and nobody has been told. */
async function lastWord(tab: Tab, conversation: OpenConversation, text: string): Promise<void> {
  const died = tab.crashUntold()
  say(conversation, text)
  await died
}

describe('S26 what a tab committed and died before telling', () => {
  test('is in the lists of the others, in their open documents and in the outbox', async () => {
    const [first, second, third] = [await world.tab(), await world.tab(), await world.tab()]
    const theirs = await third.store.create({ title: 'Theirs' })
    await theirs.saved()
    const open = await second.store.open(theirs.id)
    await until(first.store.list, (items) => items.length === 1)
    await lastWord(third, theirs, 'the last word')
    await until(messages(open), (ids) => ids.includes('the last word'))
    for (const { store } of [first, second]) {
      const [item] = await until(store.list, (items) => items[0]?.summary.messages === 1)
      expect(item?.status).toBe('waiting')
    }
  })

  test('as well when it was the tab that watched the others', async () => {
    const [first, second] = [await world.tab(), await world.tab()]
    const died = first.crashUntold()
    void first.store.create({ title: 'Never told' })
    await died
    const items = await until(second.store.list, ({ length }) => length === 1)
    expect(items[0]?.summary.title).toBe('Never told')
  })

  test('as well when all but one die at once, and by a tab that came later', async () => {
    const [first, second] = [await world.tab(), await world.tab()]
    const both = [first.crashUntold(), second.crashUntold()]
    const third = await world.tab()
    void first.store.create({ title: 'One' })
    void second.store.create({ title: 'Two' })
    await Promise.all(both)
    const items = await until(third.store.list, ({ length }) => length === 2)
    expect(items.map(({ summary }) => summary.title).sort()).toEqual(['One', 'Two'])
  })

  test('is read when the storage can be read again, if it cannot be at that moment', async () => {
    const [first, second] = [await world.tab(), await world.tab()]
    let broken = true
    const died = second.crashUntold()
    void second.store.create({ title: 'Late' })
    world.persistence.failWith((operation) => {
      if (!broken || operation !== 'read') return
      broken = false
      throw new PersistenceError('CLOSED', 'it cannot be read once')
    })
    await died
    await until(first.store.status, ({ notSaved }) => notSaved !== undefined)
    expect(first.store.list.get()).toEqual([])
    first.store.retry()
    const items = await until(first.store.list, ({ length }) => length === 1)
    expect(items[0]?.summary.title).toBe('Late')
  })

  test('without Web Locks it is found within a minute, and when somebody looks at a tab', async () => {
    const wakers: (() => void)[] = []
    const onWake = (listener: () => void) => {
      wakers.push(listener)
      return () => undefined
    }
    const first = await world.tab({ locks: null, onWake })
    for (const wait of [() => world.clock.advance(60_000), () => wakers[0]!()]) {
      const before = first.store.list.get().length
      const other = await world.tab({ locks: null })
      const died = other.crashUntold()
      void other.store.create()
      await died
      expect(first.store.list.get()).toHaveLength(before)
      wait()
      await until(first.store.list, ({ length }) => length === before + 1)
    }
  })
})

test('S27 fifty tabs hold or wait for two locks each, and one of them for those of the others', async () => {
  const asked: string[] = []
  const signals = new Set<AbortSignal>()
  const count = (locks: Locks): Locks => ({
    held: locks.held,
    request: (name, options, held) => {
      asked.push(name.replace(/:[^:]*$/, ''))
      if (options.signal) signals.add(options.signal)
      return locks.request(name, options, held)
    },
  })
  for (let i = 0; i < 50; i++) await world.tab({ wrapLocks: count })
  expect(asked.filter((name) => name === 'holdfast:test')).toHaveLength(50)
  expect(asked.filter((name) => name === 'holdfast:test:tab')).toHaveLength(50 + 49)
  expect(asked).toHaveLength(149)
  // What waits for many of them does not hang on one signal: Node warns above ten, and what had ended would stay on it.
  expect(Math.max(...Array.from(signals, (signal) => getEventListeners(signal, 'abort').length))).toBeLessThanOrEqual(2)
})
