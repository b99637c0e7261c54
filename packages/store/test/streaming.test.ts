import { getEventListeners } from 'node:events'
import { addMessage, finishMessage, type Message } from '@holdfast/conversation'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { judgeStreaming } from '../src/interrupted.ts'
import { PersistenceError } from '../src/persistence/port.ts'
import type { OpenConversation } from '../src/types.ts'
import { createWorld, until, type World } from './world.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

function begin(conversation: OpenConversation, id = 'answer'): string {
  conversation.edit((doc) =>
    addMessage(doc, { id, role: 'assistant', createdAt: world.clock.now(), status: 'streaming' }),
  )
  return id
}

const textOf = (message: Message | undefined): string =>
  (message?.parts ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('')

const message = (conversation: OpenConversation, id: string) => ({
  get: () => conversation.getMessage(id),
  subscribe: (listener: () => void) => conversation.subscribeMessage(id, listener),
})

describe('streaming', () => {
  test('S30 an idle device takes a delta at once, and what comes during a write goes together after it', async () => {
    const { store } = await world.tab()
    const conversation = await store.create()
    const id = begin(conversation)
    await conversation.saved()
    const writer = conversation.stream(id)
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    world.persistence.failWith((operation) => (operation === 'write' ? held : undefined))
    writer.text('a')
    await Promise.resolve()
    expect(textOf(conversation.getMessage(id))).toBe('a')
    let updates = 0
    conversation.doc.on('update', () => updates++)
    for (const delta of 'bcdefghij') writer.text(delta)
    await Promise.resolve()
    expect(textOf(conversation.getMessage(id))).toBe('a')
    world.persistence.failWith(null)
    release()
    await until(message(conversation, id), (now) => textOf(now) === 'abcdefghij')
    expect(updates).toBe(1)
    await writer.finish({})
    expect(conversation.getMessage(id)?.status).toBe('complete')
  })

  test('W12 nothing hangs on a window for the answers that it has written, or the turns that it has had', async () => {
    const { store } = await world.tab()
    const conversation = await store.create()
    const listening = vi.spyOn(EventTarget.prototype, 'addEventListener')
    try {
      for (let i = 0; i < 12; i++) {
        const lease = await conversation.lease(`answer ${i}`)
        const writer = conversation.stream(begin(conversation, `answer ${i}`))
        writer.text('so far')
        await writer.finish({})
        lease.release()
      }
      await conversation.saved()
      const targets = new Set(listening.mock.contexts.filter((target) => target instanceof AbortSignal))
      const gathered = Array.from(targets, (signal) => getEventListeners(signal, 'abort').length)
      // Signals of others in this process, which have one listener, are none of ours.
      expect(gathered.filter((count) => count > 1)).toEqual([])
    } finally {
      listening.mockRestore()
    }
  })

  test('S31 no delta waits longer than 50 ms for a write that does not end, with timers or without', async () => {
    const { store } = await world.tab()
    const conversation = await store.create()
    const id = begin(conversation)
    await conversation.saved()
    const writer = conversation.stream(id)
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    world.persistence.failWith((operation) => (operation === 'write' ? held : undefined))
    writer.text('a')
    await Promise.resolve()
    writer.text('b')
    world.clock.advance(50)
    expect(textOf(conversation.getMessage(id))).toBe('ab')
    writer.text('c')
    expect(textOf(conversation.getMessage(id))).toBe('ab')
    world.clock.advance(49)
    writer.text('d')
    world.clock.advance(1)
    expect(textOf(conversation.getMessage(id))).toBe('abcd')
    release()
  })

  test('S32 deltas, parts and edits keep their order, and a wrong one is told to the next caller', async () => {
    const { store } = await world.tab()
    const conversation = await store.create()
    const id = begin(conversation)
    const writer = conversation.stream(id)
    writer.text('before')
    writer.part({ type: 'tool-call', callId: 'c', name: 'look' })
    writer.toolInput('c', '{"a"')
    writer.toolInput('c', ':1}')
    writer.text('after')
    await writer.flush()
    expect(conversation.getMessage(id)?.parts.map((part) => part.type)).toEqual(['text', 'tool-call', 'text'])
    expect(conversation.getMessage(id)?.parts[1]).toMatchObject({ inputText: '{"a":1}' })
    writer.toolInput('nobody', 'x')
    await expect(writer.flush()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('S33 another tab sees the words as they are saved, and its cancellation stands', async () => {
    const [left, right] = [await world.tab(), await world.tab()]
    const here = await left.store.create()
    const id = begin(here)
    await here.saved()
    const there = await right.store.open(here.id)
    const writer = here.stream(id)
    writer.text('hello')
    await until(message(there, id), (now) => textOf(now) === 'hello')
    await until(there.presence, (peers) => peers.some((peer) => peer.writing.includes(id)))
    expect(there.isLive(id)).toBe(true)
    there.edit((doc) => finishMessage(doc, id, { status: 'cancelled', completedAt: world.clock.now() }))
    await until(message(here, id), (now) => now?.status === 'cancelled')
    expect(writer.open).toBe(false)
    await writer.finish({ status: 'complete' })
    expect(here.getMessage(id)?.status).toBe('cancelled')
    expect(here.isLive(id)).toBe(false)
  })

  test('S33 a message that another tab ended is over for its writer, who gives back what it held', async () => {
    const [mine, theirs] = [await world.tab(), await world.tab()]
    const conversation = await mine.store.create()
    const writer = conversation.stream(begin(conversation))
    writer.text('so far')
    await writer.flush()
    const beside = await theirs.store.open(conversation.id)
    const ended = new Promise<unknown>((resolve) => {
      writer.signal.addEventListener('abort', () => resolve(writer.signal.reason))
    })
    beside.edit((doc) => finishMessage(doc, 'answer', { status: 'cancelled', completedAt: world.clock.now() }))
    expect(await ended).toMatchObject({ code: 'STREAM_ENDED' })
    expect(writer.open).toBe(false)
    await mine.store.saved()
    expect(await (await world.persistence.open()).writing()).toEqual([])
    expect(conversation.isLive('answer')).toBe(false)
  })

  test('S34 two writers of one message are refused', async () => {
    const { store } = await world.tab()
    const conversation = await store.create()
    const id = begin(conversation)
    const writer = conversation.stream(id)
    expect(() => conversation.stream(id)).toThrow(expect.objectContaining({ code: 'ALREADY_STREAMING' }))
    await writer.abort('stopped')
    expect(conversation.getMessage(id)).toMatchObject({ status: 'cancelled', finishReason: 'stopped' })
    expect(() => writer.text('x')).toThrow(expect.objectContaining({ code: 'STREAM_ENDED' }))
  })

  test('S35 an answer goes on when its conversation is closed', async () => {
    const { store } = await world.tab()
    const conversation = await store.create()
    const id = begin(conversation)
    const writer = conversation.stream(id)
    writer.text('half')
    conversation.close()
    await writer.flush()
    writer.text(' and half')
    await writer.finish({})
    expect(textOf((await store.open(conversation.id)).getMessage(id))).toBe('half and half')
  })
})

describe('interrupted', () => {
  test('S40 the verdict, for every kind of evidence', () => {
    const all = [false, true]
    for (const status of ['streaming', 'complete', 'cancelled', 'error', 'interrupted'] as const) {
      for (const mine of all)
        for (const held of all)
          for (const noted of all)
            for (const present of all) {
              const verdict = judgeStreaming({ status, mine, held, noted, present })
              const live = mine || held || present
              if (status !== 'streaming') expect(verdict).toBe('ended')
              else expect(verdict).toBe(live ? 'live' : noted ? 'interrupted' : 'elsewhere')
            }
    }
  })

  test('S41 what a dead window was writing is interrupted for whoever opens it next, with all that was saved', async () => {
    const first = await world.tab()
    const conversation = await first.store.create()
    const id = begin(conversation)
    const writer = conversation.stream(id)
    writer.text('so far')
    await writer.flush()
    await conversation.saved()
    first.crash()
    const again = await (await world.tab()).store.open(conversation.id)
    const found = await until(message(again, id), (now) => now?.status === 'interrupted')
    expect(textOf(found)).toBe('so far')
    await again.saved()
    expect(await (await world.persistence.open()).writing()).toEqual([])
  })

  test('S42 a tab that watches says interrupted when the writing one dies, and not before', async () => {
    const [left, right] = [await world.tab(), await world.tab()]
    const here = await left.store.create()
    await here.saved()
    const there = await right.store.open(here.id)
    const id = begin(here)
    const writer = here.stream(id)
    writer.text('words')
    await until(message(there, id), (now) => textOf(now) === 'words')
    await writer.flush()
    expect(there.getMessage(id)?.status).toBe('streaming')
    left.crash()
    const found = await until(message(there, id), (now) => now?.status !== 'streaming')
    expect(found).toMatchObject({ status: 'interrupted' })
  })

  test('S43 a message that ended well leaves no note, and one of another device is left alone', async () => {
    const { store } = await world.tab()
    const conversation = await store.create()
    const writer = conversation.stream(begin(conversation))
    await writer.finish({})
    begin(conversation, 'from elsewhere')
    await conversation.saved()
    expect(await (await world.persistence.open()).writing()).toEqual([])
    const again = await (await world.tab()).store.open(conversation.id)
    await again.saved()
    expect(again.getMessage('from elsewhere')?.status).toBe('streaming')
    expect(again.isLive('from elsewhere')).toBe(false)
  })

  test('S44 an end that could not be saved keeps its lease, so that no other tab writes interrupted over it', async () => {
    const [left, right] = [await world.tab(), await world.tab()]
    const here = await left.store.create()
    const id = begin(here)
    await here.saved()
    const there = await right.store.open(here.id)
    const writer = here.stream(id)
    writer.text('done')
    await writer.flush()
    world.persistence.failWith((operation) => {
      if (operation === 'write') throw new PersistenceError('QUOTA', 'full')
    })
    await expect(writer.finish({})).rejects.toMatchObject({ code: 'QUOTA' })
    await until(message(there, id), (now) => now?.status === 'complete')
    world.persistence.failWith(null)
    world.clock.advance(60_000)
    await until(here.status, ({ kind }) => kind === 'saved')
    expect(there.getMessage(id)?.status).toBe('complete')
  })
})
