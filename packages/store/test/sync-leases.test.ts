import { addMessage } from '@holdfast/conversation'
import { createMemoryFolder, createMemoryLog } from '@holdfast/update-log/memory'
import { describe, expect, test } from 'vitest'
import { statusText } from '../src/status-text.ts'
import type { OpenConversation } from '../src/types.ts'
import { onRelay, say, texts, textsOf } from './devices.ts'
import type { RelayHarness } from './relay-harness.ts'
import { relayPerTest } from './relay-per-test.ts'
import { until } from './world.ts'

let relay: RelayHarness
const { device, closeStore } = relayPerTest((fresh) => {
  relay = fresh
})

function answer(conversation: OpenConversation, question: string, id: string): string {
  conversation.edit((doc) =>
    addMessage(doc, { id, role: 'assistant', createdAt: Date.now(), status: 'streaming', answers: question }),
  )
  return id
}

const leasesOf = (conversation: OpenConversation) => ({
  get: () => conversation.leases.get(),
  subscribe: conversation.leases.subscribe,
})

describe('leases (W12)', () => {
  test('W12 a window whose lease another has taken ends as interrupted, with all that it wrote', async () => {
    const [here, there] = [await device().open(), await device().open()]
    const mine = await here.create({ title: 'Lost' })
    const id = answer(mine, say(mine, 'question'), 'lost-answer')
    await mine.sent()
    await until(there.list, (items) => items.length === 1)
    const yours = await there.open(mine.id)
    await until(texts(yours), (all) => all.length === 2)
    const writer = mine.stream(id)
    writer.text('as far as it came')
    await writer.flush()
    await until(leasesOf(yours), (leases) => leases.length === 1)
    // The relay forgets who had it, and the other window is quicker.
    await relay.stop()
    await until(here.status, (status) => status.relay === 'offline')
    await until(there.status, (status) => status.relay === 'offline')
    await relay.start()
    await until(there.status, (status) => status.relay === 'connected')
    await until(yours.status, (status) => statusText(status).endsWith('Synced'))
    const lease = await yours.lease(id)
    if (!writer.signal.aborted) {
      await new Promise((resolve) => writer.signal.addEventListener('abort', resolve))
    }
    // By which word it hears of it first is the network's to say: that another has the lease, or that the other ended the message.
    expect(['LEASE_LOST', 'STREAM_ENDED']).toContain(writer.signal.reason.code)
    expect(writer.open).toBe(false)
    await until(
      { get: () => yours.getMessage(id), subscribe: yours.subscribe },
      (message) => message?.status === 'interrupted',
    )
    await until(texts(yours), (all) => all.includes('as far as it came'))
    lease.release()
  })

  test('W12 a window asked to stop before the relay knew that it holds the lease stops as soon as it does', async () => {
    const [here, there] = [await device().open(), await device().open()]
    const mine = await here.create({ title: 'Stopped early' })
    const id = answer(mine, say(mine, 'question'), 'early-answer')
    await mine.sent()
    await until(there.list, (items) => items.length === 1)
    const yours = await there.open(mine.id)
    await until(texts(yours), (all) => all.length === 2)
    await yours.requestStop(id)
    const writer = mine.stream(id)
    if (!writer.signal.aborted) {
      await new Promise((resolve) => writer.signal.addEventListener('abort', resolve))
    }
    expect(writer.signal.reason).toMatchObject({ code: 'STOP_REQUESTED' })
    await writer.abort()
  })

  test('W12 what streams without a live holder is written as interrupted by whoever holds it next', async () => {
    const [here, there] = [device(), await device().open()]
    const dying = await here.open({ locks: null })
    const mine = await dying.create({ title: 'Died' })
    const id = answer(mine, say(mine, 'question'), 'died-answer')
    await mine.sent()
    await until(there.list, (items) => items.length === 1)
    const yours = await there.open(mine.id)
    await until(texts(yours), (all) => all.length === 2)
    const lease = await yours.lease(id)
    expect(yours.getMessage(id)?.status).toBe('interrupted')
    await yours.sent()
    lease.release()
  })

  test('W12 two devices that answer one question offline leave two alternatives', async () => {
    const [left, right] = [await device().open(), await device().open()]
    const mine = await left.create({ title: 'Twice' })
    const question = say(mine, 'question')
    await mine.sent()
    await until(right.list, (items) => items.length === 1)
    const yours = await right.open(mine.id)
    await until(texts(yours), (all) => all.length === 1)
    await relay.stop()
    await until(left.status, (status) => status.relay === 'offline')
    await until(right.status, (status) => status.relay === 'offline')
    for (const [conversation, text] of [
      [mine, 'left'],
      [yours, 'right'],
    ] as const) {
      const writer = conversation.stream(answer(conversation, question, `answer-${text}`))
      writer.text(text)
      await writer.finish({ status: 'complete' })
    }
    await relay.start()
    await until(texts(mine), () => mine.get().messages.some((message) => message.alternatives?.count === 2))
    await until(texts(yours), () => yours.get().messages.some((message) => message.alternatives?.count === 2))
    expect(textsOf(mine)).toEqual(textsOf(yours))
  })

  test('W12 a turn that turns out to be held elsewhere is over here, whether or not it is given back', async () => {
    const there = await device().open()
    const theirs = await there.create({ title: 'Turn' })
    await theirs.sent()
    const laptop = device()
    const online = await laptop.open()
    await until(online.status, ({ behind }) => behind === 0 && online.list.get().length === 1)
    await closeStore(online)
    const [one, two] = [await laptop.open({ relay: null }), await laptop.open()]
    const mine = await one.open(theirs.id)
    const early = await mine.lease('turn')
    const held = await theirs.lease('turn')
    const over = new Promise<unknown>((resolve) => {
      early.signal.addEventListener('abort', () => resolve(early.signal.reason))
    })
    one.setRelay(relay.address)
    expect(await over).toMatchObject({ code: 'LEASE_HELD' })
    held.release()
    // Nobody gave the first one back.
    const beside = await two.open(theirs.id)
    let next = null
    while (!next) next = await beside.lease('turn').catch(() => null)
    next.release()
    early.release()
  })

  test('W12 two tabs of one browser: only one has a turn, with a relay or without', async () => {
    const laptop = device()
    const [one, two] = [await laptop.open({ relay: null }), await laptop.open({ relay: null })]
    const mine = await one.create()
    await mine.saved()
    const yours = await two.open(mine.id)
    const lease = await mine.lease('turn')
    await expect(yours.lease('turn')).rejects.toMatchObject({ name: 'LeaseHeldError', code: 'LEASE_HELD' })
    const asked = new Promise<unknown>((resolve) => {
      lease.signal.addEventListener('abort', () => resolve(lease.signal.reason))
    })
    await yours.requestStop('turn')
    expect(await asked).toMatchObject({ code: 'STOP_REQUESTED' })
    lease.release()
    // The browser gives the lock on in its own time.
    let next = null
    while (!next) next = await yours.lease('turn').catch(() => null)
    next.release()
  })
})

describe('tabs and time', () => {
  test('C27 when the tab that works for all dies, the next goes on where the feed was written down', async () => {
    const laptop = device()
    const [first, second] = [await laptop.open(), await laptop.open()]
    const other = await device().open()
    const one = await other.create({ title: 'One' })
    await one.sent()
    await until(second.list, (items) => items.length === 1)
    await closeStore(first)
    const two = await other.create({ title: 'Two' })
    say(two, 'text')
    await two.sent()
    await until(second.list, (items) => items.length === 2)
    await until(second.status, ({ behind }) => behind === 0)
    const handle = await laptop.persistence.open()
    const { head } = await relay.log.feed('default', { after: 0, limit: 1 })
    while ((await handle.cursor())?.feed !== head) await new Promise((resolve) => setImmediate(resolve))
  })

  test('C28 a relay that is upgraded while a program runs is used with all it has', async () => {
    await relay.stop()
    relay.old = true
    await relay.start()
    const store = await device().open()
    const conversation = await store.create({ title: 'Upgraded' })
    await conversation.sent()
    expect(statusText(conversation.status.get())).toContain('Sent to relay')
    await relay.stop()
    await until(store.status, (status) => status.relay === 'offline')
    relay.old = false
    await relay.start()
    await until(conversation.status, (status) => statusText(status).endsWith('Synced'))
  })

  test('W11 a relay restored from an older copy is whole again, and what was purged since is purged again', async () => {
    const folder = createMemoryFolder()
    await relay.stop()
    relay.log = createMemoryLog({ folder })
    await relay.start()
    const store = await device().open()
    const [kept, gone] = [await store.create({ title: 'Kept' }), await store.create({ title: 'Gone' })]
    say(kept, 'before')
    await Promise.all([kept.sent(), gone.sent()])
    gone.close()
    await until(store.status, ({ waiting }) => waiting === 0)
    const copy = folder.copy()
    say(kept, 'after')
    await kept.sent()
    await store.purge(gone.id)
    while ((await relay.log.stat({ space: 'default', document: gone.id }))?.kind !== 'purged') {
      await new Promise((resolve) => setImmediate(resolve))
    }
    await relay.stop()
    await until(store.status, (status) => status.relay === 'offline')
    relay.log = createMemoryLog({ folder: copy })
    const purged = new Promise<void>((resolve) => {
      relay.log.onCommit(({ changes }) => changes.some((change) => change.purged) && resolve())
    })
    await relay.start()
    await purged
    await until(kept.status, (status) => statusText(status).endsWith('Synced'))
    await until(store.status, ({ waiting }) => waiting === 0)
    expect((await onRelay(relay.log, kept.id)).getMap('messages').size).toBe(2)
    expect(store.list.get().map((item) => item.summary.title)).toEqual(['Kept'])
    expect(textsOf(kept)).toEqual(['before', 'after'])
  })
})
