import { getEventListeners } from 'node:events'
import { addMessage } from '@holdfast/conversation'
import { virtualClock } from '@holdfast/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Locks } from '../src/environment.ts'
import { type HolderEvidence, judgeHolder, LEASE_MS, PATIENCE_MS } from '../src/holder.ts'
import type { ListItem, OpenConversation, Store } from '../src/types.ts'
import { deviceOf, onRelay, say } from './devices.ts'
import { type RelayHarness, startRelay, WebSocketOfNode } from './relay-harness.ts'
import { createWorld, until, type World } from './world.ts'

/** Begins a message that streams, and does not write it. */
function begin(conversation: OpenConversation, at: number, id = 'answer'): string {
  conversation.edit((doc) => addMessage(doc, { id, role: 'assistant', createdAt: at, status: 'streaming' }))
  return id
}

const itemOf = (store: Store, id: string): ListItem | undefined => store.list.get().find((item) => item.id === id)

const untilListed = (store: Store, id: string, reached: (item: ListItem) => boolean) =>
  until(store.list, (items) => items.some((item) => item.id === id && reached(item)))

const isStreaming = ({ summary, interrupted }: ListItem): boolean => summary.streaming && !interrupted
const isDeserted = ({ summary, interrupted }: ListItem): boolean => summary.streaming && interrupted === true

/** Lets whatever hangs on promises alone happen. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('S45 the verdict, for every kind of evidence', () => {
  const now = 1_000_000
  const nothing: HolderEvidence = {
    here: false,
    died: false,
    newsAt: 0,
    heldUntil: 0,
    freeAt: Number.NEGATIVE_INFINITY,
    reachable: true,
  }
  const judge = (evidence: Partial<HolderEvidence>) => judgeHolder({ ...nothing, ...evidence }, now)
  expect(judge({ here: true, died: true, freeAt: now })).toEqual({ kind: 'live', until: null })
  expect(judge({ newsAt: now - 1 })).toEqual({ kind: 'live', until: now - 1 + PATIENCE_MS })
  expect(judge({ newsAt: now - 1, died: true, freeAt: now })).toMatchObject({ kind: 'live' })
  expect(judge({ heldUntil: now + 7 })).toEqual({ kind: 'live', until: now + 7 })
  expect(judge({ heldUntil: now + 7, died: true })).toEqual({ kind: 'live', until: now + 7 })
  expect(judge({})).toEqual({ kind: 'ask' })
  expect(judge({ died: true })).toEqual({ kind: 'interrupted' })
  expect(judge({ newsAt: now - PATIENCE_MS, freeAt: now - PATIENCE_MS })).toEqual({ kind: 'ask' })
  expect(judge({ newsAt: now - PATIENCE_MS, freeAt: now })).toEqual({ kind: 'interrupted' })
  expect(judge({ heldUntil: now, freeAt: now - 1 })).toEqual({ kind: 'ask' })
  expect(judge({ reachable: false, newsAt: now - LEASE_MS })).toEqual({ kind: 'interrupted' })
  expect(judge({ reachable: false, newsAt: now - LEASE_MS + 1 })).toEqual({ kind: 'live', until: now + 1 })
})

describe('in one browser', () => {
  let world: World
  beforeEach(() => {
    world = createWorld()
  })
  afterEach(() => world.close())

  test('S46 the list of another tab says interrupted when the window that answered dies, and what it left is written so', async () => {
    const [left, right] = [await world.tab(), await world.tab()]
    const here = await left.store.create()
    const writer = here.stream(begin(here, world.clock.now()))
    writer.text('so far')
    await writer.flush()
    await untilListed(right.store, here.id, isStreaming)
    // A model may think for long: nothing is heard of it, and its window holds the lock.
    for (let minute = 0; minute < 5; minute++) {
      await settled()
      world.clock.advance(60_000)
    }
    await settled()
    expect(itemOf(right.store, here.id)).toSatisfy(isStreaming)
    left.crash()
    await settled()
    world.clock.advance(PATIENCE_MS)
    const item = await untilListed(right.store, here.id, ({ summary }) => !summary.streaming)
    expect(item.find(({ id }) => id === here.id)).toMatchObject({ interrupted: true, summary: { interrupted: true } })
    await right.store.saved()
    expect(await (await world.persistence.open()).writing()).toEqual([])
  })

  test('S46 the ends of many answers are waited for by a signal each, and when the window closes by none', async () => {
    const waits = new Map<string, AbortSignal>()
    const watch = (locks: Locks): Locks => ({
      held: locks.held,
      request: (name, options, held) => {
        if (options.signal && name.endsWith(':answer')) waits.set(name, options.signal)
        return locks.request(name, options, held)
      },
    })
    const [left, right] = [await world.tab(), await world.tab({ wrapLocks: watch })]
    for (let i = 0; i < 12; i++) {
      const here = await left.store.create()
      await here.stream(begin(here, world.clock.now(), `${i}:answer`)).flush()
    }
    while (waits.size < 12) await settled()
    const signals = [...waits.values()]
    expect(signals.map((signal) => getEventListeners(signal, 'abort').length)).toEqual(signals.map(() => 1))
    await right.store.close()
    expect(signals.every(({ aborted }) => aborted)).toBe(true)
  })

  test('S46 the next session finds what the last one was writing, and writes the end unopened', async () => {
    const first = await world.tab()
    const here = await first.store.create()
    const writer = here.stream(begin(here, world.clock.now()))
    writer.text('so far')
    await writer.flush()
    first.crash()
    const { store } = await world.tab()
    await untilListed(store, here.id, ({ summary, interrupted }) => interrupted === true && !summary.streaming)
    await store.saved()
    const again = await store.open(here.id)
    expect(again.getMessage('answer')).toMatchObject({ status: 'interrupted', parts: [{ text: 'so far' }] })
  })

  test('S47 without a relay, what another device left streaming is interrupted after a lease without news, and left alone', async () => {
    const [left, right] = [await world.tab(), await world.tab()]
    const here = await left.store.create()
    begin(here, world.clock.now())
    await here.saved()
    await untilListed(right.store, here.id, isStreaming)
    await settled()
    world.clock.advance(LEASE_MS - 1)
    await settled()
    expect(itemOf(right.store, here.id)).toSatisfy(isStreaming)
    const before = itemOf(right.store, here.id)
    world.clock.advance(1)
    await untilListed(right.store, here.id, isDeserted)
    expect(itemOf(right.store, here.id)).not.toBe(before)
    expect(here.getMessage('answer')?.status).toBe('streaming')
    // News of it: somebody is there after all.
    here.edit((doc) =>
      addMessage(doc, { id: 'more', role: 'assistant', createdAt: world.clock.now(), status: 'streaming' }),
    )
    await untilListed(right.store, here.id, isStreaming)
  })

  test('S47 a list that is read again says so by itself, soon', async () => {
    const first = await world.tab()
    const here = await first.store.create()
    begin(here, world.clock.now())
    await here.saved()
    first.crash()
    const { store } = await world.tab()
    expect(itemOf(store, here.id)).toSatisfy(isStreaming)
    await settled()
    world.clock.advance(LEASE_MS)
    await untilListed(store, here.id, isDeserted)
    expect(itemOf(store, here.id)?.summary.streaming).toBe(true)
  })
})

describe('between devices', () => {
  let relay: RelayHarness
  const stores = new Set<Store>()
  const device = () => deviceOf(() => relay, stores)
  beforeAll(async () => {
    relay = await startRelay()
  })
  afterEach(async () => {
    await Promise.all([...stores].map((store) => store.close()))
    stores.clear()
  })
  afterAll(() => relay.close())

  /** A conversation whose answer streams in one window, and the store of a device that never opens it. */
  async function scene() {
    const here = await device().open()
    const clock = virtualClock()
    const there = await device().open({ clock })
    const mine = await here.create({ title: 'Streams' })
    say(mine, 'question')
    const writer = mine.stream(begin(mine, Date.now()))
    writer.text('so far '.repeat(50_000))
    await writer.flush()
    await mine.sent()
    await untilListed(there, mine.id, isStreaming)
    const step = async (): Promise<void> => {
      clock.advance(250)
      // The network has no virtual clock: a round trip of its own is time enough for what is under way.
      await fetch(`${relay.address.url}/healthz`)
    }
    /** Lets time pass for that device, for as long as it is told or until its list shows this. */
    const pass = async (until: number | ((item: ListItem) => boolean)): Promise<void> => {
      if (typeof until === 'number') for (let ms = 0; ms < until; ms += 250) await step()
      else while (!until(itemOf(there, mine.id)!)) await step()
    }
    return { here, there, mine, pass }
  }

  test('W12 a window that answers is believed by its lease, however long it is silent; when that ends, it is interrupted', async () => {
    const { here, there, mine, pass } = await scene()
    const heard = new Set<boolean>()
    there.list.subscribe(() => heard.add(itemOf(there, mine.id)?.interrupted === true))
    await until(there.status, ({ behind }) => !behind)
    const before = relay.traffic().sent
    await pass(60_000)
    expect(itemOf(there, mine.id)).toSatisfy(isStreaming)
    expect([...heard]).not.toContain(true)
    // It was asked about several times, and the 350 KB of its text did not come with any answer.
    expect(relay.traffic().sent - before).toBeLessThan(200_000)
    // Its window goes in mid-answer, and its lease with it.
    await here.close()
    stores.delete(here)
    await pass(isDeserted)
    // Nothing is written for being shown.
    await pass(LEASE_MS)
    const stored = await onRelay(relay.log, mine.id)
    expect(stored.getMap('messages').toJSON()).toMatchObject({ answer: { status: 'streaming' } })
  })

  test('W12 an answer that is gone on with is one that streams again', async () => {
    const { here, there, mine, pass } = await scene()
    await here.close()
    stores.delete(here)
    await pass(isDeserted)
    const other = await (await device().open()).open(mine.id)
    await until({ get: () => other.get().messages.length, subscribe: other.subscribe }, (count) => count === 2)
    const writer = other.stream('answer')
    writer.text(' and on')
    await writer.flush()
    await other.sent()
    // Its lease is asked for in real time, and what passes here is another.
    await until({ get: () => other.leases.get().length, subscribe: other.leases.subscribe }, (count) => count === 1)
    // Text alone changes no summary: the feed says that there is news.
    await pass(isStreaming)
    await pass(60_000)
    expect(itemOf(there, mine.id)).toSatisfy(isStreaming)
    await writer.finish({ status: 'complete' })
    await pass(({ summary, interrupted }) => !summary.streaming && !interrupted)
  })

  test('W12 a space in which nothing streams asks the relay nothing', async () => {
    await relay.close()
    relay = await startRelay()
    const here = await device().open()
    const clock = virtualClock()
    let sent = 0
    class Counting extends WebSocketOfNode {
      override send(data: Parameters<WebSocket['send']>[0]): void {
        sent++
        super.send(data)
      }
    }
    const there = await device().open({ clock, WebSocket: Counting })
    for (let i = 0; i < 50; i++) {
      const mine = await here.create({ title: `Idle ${i}` })
      await mine.sent()
      mine.close()
    }
    await until(there.list, (items) => items.length >= 50)
    while (there.status.get().behind) {
      clock.advance(250)
      await fetch(`${relay.address.url}/healthz`)
    }
    await here.close()
    stores.delete(here)
    sent = 0
    // Less than the time to a ping.
    clock.advance(20_000)
    await settled()
    expect(sent).toBe(0)
  })
})
