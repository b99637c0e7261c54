import { addMessage } from '@holdfast/conversation'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Persistence, PersistenceHandle } from '../src/persistence/port.ts'
import type { OpenConversation } from '../src/types.ts'
import { createWorld, type World } from './world.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

/** A storage whose answers to one kind of call are held back, when it has done what was asked. */
function late(method: 'retire' | 'load' | 'write'): {
  persistence: Persistence
  hold(): void
  /** It was done, and its answer is held back. */
  isDone(): boolean
  answer(): Promise<void>
} {
  const held: (() => void)[] = []
  let holding = false
  const slow =
    (handle: PersistenceHandle, call: (...args: never[]) => Promise<unknown>) =>
    async (...args: never[]): Promise<unknown> => {
      const answer = await call.apply(handle, args)
      if (holding) await new Promise<void>((resolve) => held.push(resolve))
      return answer
    }
  return {
    persistence: {
      ...world.persistence,
      open: async () => {
        const handle = await world.persistence.open()
        return { ...handle, [method]: slow(handle, handle[method] as never) } as PersistenceHandle
      },
    },
    hold: () => {
      holding = true
    },
    isDone: () => held.length > 0,
    answer: async () => {
      holding = false
      for (const resolve of held.splice(0)) resolve()
      for (let i = 0; i < 50; i++) await Promise.resolve()
    },
  }
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000 && !what(); i++) await Promise.resolve()
  if (!what()) throw new Error('it did not come to that')
}

function say(conversation: OpenConversation, text: string): void {
  conversation.edit((doc) => addMessage(doc, { id: text, role: 'user', createdAt: 1, parts: [{ type: 'text', text }] }))
}
const idsIn = (conversation: OpenConversation): string[] => conversation.get().messages.map(({ id }) => id)

/** The storage is deleted, and the store has opened the one that takes its place. */
async function replaceStorage(store: { status: { get(): { notSaved?: unknown } } }): Promise<void> {
  world.persistence.wipe()
  await until(() => store.status.get().notSaved !== undefined)
  world.clock.advance(60_000)
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

describe('S4 answers that come late, of a storage that was deleted since', () => {
  test('S4, W9 a purge is not called done: nothing asks for it in the storage that took the place', async () => {
    const { persistence, hold, isDone, answer } = late('retire')
    const { store } = await world.tab({ persistence })
    const conversation = await store.create()
    say(conversation, 'one')
    await conversation.saved()
    hold()
    const purging = store.purge(conversation.id)
    const outcome = purging.then(
      () => 'done',
      (error: Error) => error.name,
    )
    await until(isDone)
    await replaceStorage(store)
    await answer()
    expect(await outcome).toBe('PersistenceError')
  })

  test('S4 what was read then does not pass for what is on the device now', async () => {
    const { persistence, hold, isDone, answer } = late('load')
    const writer = await world.tab()
    const written = await writer.store.create()
    say(written, 'one')
    await written.saved()
    const { id } = written
    await writer.store.close()
    const { store } = await world.tab({ persistence })
    hold()
    const opening = store.open(id)
    await until(isDone)
    await replaceStorage(store)
    await answer()
    const conversation = await opening
    // It was only there: it is gone, or it is written again.
    await store.saved()
    const stored = await (await world.persistence.open()).load(id)
    expect(stored?.updates.length ?? 0).toBe(idsIn(conversation).length > 0 ? 1 : 0)
  })

  test('S4 what was written then is written again, and only then called saved', async () => {
    const { persistence, hold, isDone, answer } = late('write')
    const { store } = await world.tab({ persistence })
    const conversation = await store.create()
    await conversation.saved()
    hold()
    say(conversation, 'one')
    const outcome = conversation.saved().then(
      () => 'saved',
      (error: Error) => error.name,
    )
    await until(isDone)
    await replaceStorage(store)
    await answer()
    expect(await outcome).toBe('PersistenceError')
    await until(() => conversation.status.get().kind === 'saved')
    expect(idsIn(await (await world.tab()).store.open(conversation.id))).toEqual(['one'])
  })
})
