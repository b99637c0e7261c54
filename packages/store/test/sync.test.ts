import { addMessage, encodeSummary, initConversation } from '@holdfast/conversation'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { describe, expect, test } from 'vitest'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { systemClock } from '../src/environment.ts'
import { statusText } from '../src/status-text.ts'
import { onRelay, relayOf, say, texts, textsOf } from './devices.ts'
import { type RelayHarness, WebSocketOfNode } from './relay-harness.ts'
import { relayPerTest } from './relay-per-test.ts'
import { until } from './world.ts'

let relay: RelayHarness
const { device, closeStore } = relayPerTest((fresh) => {
  relay = fresh
})

describe('over /sync', () => {
  test('W1 everything edited is acknowledged, and said as synced', async () => {
    const store = await device().open()
    const conversation = await store.create({ title: 'One' })
    for (let i = 0; i < 50; i++) say(conversation, `text ${i}`)
    await conversation.sent()
    expect(statusText(conversation.status.get())).toBe('Saved on this device · Synced')
    expect((await onRelay(relay.log, conversation.id)).getMap('messages').size).toBe(50)
    await until(store.status, ({ waiting, behind }) => waiting === 0 && behind === 0)
  })

  test('C16 a new device lists everything from summaries, and what is opened comes before the rest', async () => {
    const old = await device().open()
    const ids: string[] = []
    for (let i = 0; i < 60; i++) {
      const conversation = await old.create({ title: `Conversation ${i}` })
      say(conversation, `text ${i}`)
      conversation.close()
      ids.push(conversation.id)
    }
    await until(old.status, ({ waiting }) => waiting === 0)
    const store = await device().open()
    const items = await until(store.list, (all) => all.length === 60)
    const times = items.map((item) => item.summary.updatedAt)
    expect(times).toEqual([...times].sort((a, b) => b - a))
    const first = await store.open(ids[0]!)
    await until(texts(first), (all) => all.length === 1)
    expect(textsOf(first)).toEqual(['text 0'])
    await until(store.status, ({ behind }) => behind === 0)
  })

  test('C72 what is known from the list alone keeps its title when it is opened away from the relay, here and elsewhere', async () => {
    const author = await device().open()
    const mine = await author.create({ title: 'Known by name' })
    say(mine, 'words')
    await mine.sent()
    const laptop = device()
    const copy = await (await device().open()).open(mine.id)
    await until(texts(copy), (all) => all.length === 1)
    const [stored] = await until(author.list, (items) => items[0]?.summary.messages === 1)
    // What the feed tells a device of a conversation before its updates come.
    const handle = await laptop.persistence.open()
    const summary = encodeSummary(stored!.summary)
    const remote = { epoch: 'told', seq: 2, purged: false, summary }
    await handle.write({ documents: [{ id: mine.id, updates: [], local: false, remote }] })
    const alone = await laptop.open({ relay: null })
    const yours = await alone.open(mine.id)
    await yours.saved()
    expect(alone.list.get()[0]?.summary).toMatchObject({ title: 'Known by name', messages: 1 })
    expect((await handle.documents())[0]).toMatchObject({ untold: false })
  })

  test('C17 what is edited elsewhere comes without being opened, with its summary', async () => {
    const [here, laptop] = [await device().open(), device()]
    const mine = await here.create({ title: 'First' })
    await mine.sent()
    const there = await laptop.open()
    await until(there.list, (items) => items.length === 1)
    say(mine, 'more')
    await until(there.list, ([item]) => item?.summary.messages === 1 && !item.behind)
    const yours = await there.open(mine.id)
    expect(textsOf(yours)).toEqual(['more'])
  })

  test('C30 a summary that a stock client’s edits made wrong is put right by a device that fetched them, and by that everywhere', async () => {
    // What waits for seconds waits for less.
    const after = (ms: number, run: () => void) => systemClock.after(ms < 10_000 ? ms : ms / 50, run)
    const clock = { ...systemClock, after }
    const [here, laptop, phone] = [await device().open(), await device().open({ clock }), await device().open()]
    const mine = await here.create({ title: 'First' })
    say(mine, 'one')
    await mine.sent()
    for (const store of [laptop, phone])
      await until(store.list, ([item]) => item?.summary.messages === 1 && !item.behind)
    mine.close()
    await until(here.status, ({ waiting }) => waiting === 0)
    await closeStore(here)
    const doc = new Y.Doc()
    const provider = new WebsocketProvider(
      `${relay.address.url.replace('http', 'ws')}/yjs`,
      `default/${mine.id}`,
      doc,
      {
        params: { token: relay.address.token },
        disableBc: true,
        WebSocketPolyfill: WebSocketOfNode,
      },
    )
    await new Promise<void>((resolve) => provider.once('sync', () => resolve()))
    const parts = [{ type: 'text', text: 'two' }] as const
    addMessage(doc, { id: 'stock', role: 'user', createdAt: Date.now(), parts })
    for (const store of [laptop, phone])
      await until(store.list, ([item]) => item?.summary.messages === 2 && !item.behind)
    provider.destroy()
  })

  test('C18 offline edits of two closed copies meet, and their summary says both', async () => {
    const [left, right] = [device(), device()]
    const first = await left.open()
    const mine = await first.create({ title: 'Both' })
    await mine.sent()
    const second = await right.open()
    await until(second.status, ({ behind }) => behind === 0 && second.list.get().length === 1)
    await closeStore(first)
    await closeStore(second)
    for (const [each, text] of [
      [left, 'left'],
      [right, 'right'],
    ] as const) {
      const offline = await each.open({ relay: null })
      const conversation = await offline.open(mine.id)
      say(conversation, text)
      await conversation.saved()
      conversation.close()
      await closeStore(offline)
    }
    const [a, b] = [await left.open(), await right.open()]
    for (const store of [a, b]) {
      const both = await until(store.list, ([item]) => item?.summary.messages === 2)
      expect(both).toHaveLength(1)
    }
    const [x, y] = [await a.open(mine.id), await b.open(mine.id)]
    await until(texts(x), (all) => all.length === 2)
    await until(texts(y), (all) => all.length === 2)
    expect(textsOf(x)).toEqual(textsOf(y))
  })

  test('C19 coming back to a space with nothing new costs a kilobyte', async () => {
    const laptop = device()
    const store = await laptop.open()
    for (let i = 0; i < 200; i++) (await store.create({ title: `Idle ${i}` })).close()
    await until(store.status, ({ waiting }) => waiting === 0)
    const handle = await laptop.persistence.open()
    const isLevel = async (): Promise<boolean> => {
      const { head } = await relay.log.feed('default', { after: 0, limit: 1 })
      const untold = (await handle.documents()).some((record) => record.untold)
      return !untold && (await handle.cursor())?.feed === head
    }
    while (!(await isLevel())) await new Promise((resolve) => setImmediate(resolve))
    await closeStore(store)
    await relay.left()
    const before = relay.traffic()
    const again = await laptop.open()
    await until(again.status, (status) => status.relay === 'connected')
    const after = relay.traffic()
    // The upgrade of the socket is HTTP and is not what is counted; it is in these figures all the same.
    expect(after.received - before.received + after.sent - before.sent).toBeLessThan(1_500)
    expect(again.list.get()).toHaveLength(200)
  })

  test('W9 a purge takes the copies of other devices away, but for what they had not sent: that is set aside, and can be restored', async () => {
    const [here, laptop] = [await device().open(), device()]
    const mine = await here.create({ title: 'To be purged' })
    say(mine, 'known to all')
    await mine.sent()
    const online = await laptop.open()
    await until(online.status, ({ behind }) => behind === 0 && online.list.get().length === 1)
    await closeStore(online)
    const offline = await laptop.open({ relay: null })
    const yours = await offline.open(mine.id)
    say(yours, 'never sent')
    await yours.saved()
    await closeStore(offline)
    const other = await device().open()
    await until(other.status, ({ behind }) => behind === 0 && other.list.get().length === 1)
    mine.close()
    await here.purge(mine.id)
    expect(here.list.get()).toEqual([])
    await until(other.list, (items) => items.length === 0)
    const back = await laptop.open()
    const [item] = await until(back.aside, (items) => items.length === 1)
    expect(item).toMatchObject({ conversation: mine.id, title: 'To be purged', reason: { code: 'EPOCH_PURGED' } })
    expect(back.list.get()).toEqual([])
    const id = await back.aside.restore(item!.key)
    const restored = await back.open(id)
    expect(textsOf(restored)).toEqual(['known to all', 'never sent'])
    expect(back.aside.get()).toEqual([])
    await restored.sent()
    expect((await onRelay(relay.log, mine.id)).getMap('messages').size).toBe(0)
  })

  test('W9 a purge asked for offline is done when the relay is back', async () => {
    const laptop = device()
    const online = await laptop.open()
    const mine = await online.create({ title: 'Gone' })
    await mine.sent()
    await closeStore(online)
    const offline = await laptop.open({ relay: null })
    await offline.purge(mine.id)
    await closeStore(offline)
    await laptop.open()
    const stat = async () => (await relay.log.stat({ space: 'default', document: mine.id }))?.kind
    const purged = new Promise<void>((resolve) => {
      relay.log.onCommit(({ changes }) => changes.some((change) => change.purged) && resolve())
    })
    if ((await stat()) !== 'purged') await purged
    expect(await stat()).toBe('purged')
  })

  test('W11 a relay that was wiped is whole again, and what was purged does not come back', async () => {
    const laptop = device()
    const store = await laptop.open()
    const [kept, gone] = [await store.create({ title: 'Kept' }), await store.create({ title: 'Gone' })]
    say(kept, 'text')
    await Promise.all([kept.sent(), gone.sent()])
    kept.close()
    gone.close()
    await store.purge(gone.id)
    const other = await device().open()
    await until(other.list, (items) => items.length === 1)
    await until(other.status, ({ behind }) => behind === 0)
    await relay.stop()
    await until(store.status, (status) => status.relay === 'offline')
    relay.log = createMemoryLog()
    await relay.start()
    await until(store.status, (status) => status.relay === 'connected' && status.waiting > 0)
    await until(store.status, ({ waiting }) => waiting === 0)
    await until(other.status, (status) => status.relay === 'connected' && status.waiting === 0)
    expect((await onRelay(relay.log, kept.id)).getMap('messages').size).toBe(1)
    expect((await onRelay(relay.log, gone.id)).getMap('meta').size).toBe(0)
    const again = await store.open(kept.id)
    expect(textsOf(again)).toEqual(['text'])
  })

  test('C69 (W9) a window that still shows what was purged has no part in what is begun anew under the name', async () => {
    const laptop = device()
    const here = await laptop.open()
    const old = await here.create({ title: 'Old' })
    say(old, 'purged')
    await old.sent()
    const elsewhere = await device().open()
    await until(elsewhere.list, (items) => items.length === 1)
    await elsewhere.purge(old.id)
    await until(old.status, (status) => status.kind === 'saved' && status.relay === 'refused')
    await until(here.list, (items) => items.length === 0)
    const anew = new Y.Doc()
    initConversation(anew, { id: old.id, title: 'Anew', createdAt: 1 })
    await relay.log.append({ space: 'default', document: old.id }, Y.encodeStateAsUpdate(anew), { epoch: 'anew' })
    await until(here.list, (items) => items.length === 1)
    await until(here.status, ({ behind }) => behind === 0)
    say(old, 'added')
    const [item] = await until(here.aside, (items) => items.length === 1)
    expect(item).toMatchObject({ conversation: old.id, reason: { code: 'EPOCH_PURGED' } })
    expect(old.status.get()).toMatchObject({ kind: 'saved', relay: 'refused' })
    const beside = await laptop.open()
    const yours = await beside.open(old.id)
    expect(textsOf(yours)).toEqual([])
    say(yours, 'new')
    await yours.sent()
    const again = await here.open(old.id)
    await until(texts(again), (all) => all.length === 1)
    expect([textsOf(again), textsOf(old)]).toEqual([['new'], ['purged', 'added']])
    await until(again.status, (status) => status.kind === 'saved' && status.relay === 'synced')
    expect((await onRelay(relay.log, old.id)).getMap('messages').size).toBe(1)
    const restored = await here.open(await here.aside.restore(item!.key))
    expect(textsOf(restored)).toEqual(['purged', 'added'])
  })

  test('C61 a purge of what the relay does not have is asked for again when somebody brings it under another epoch', async () => {
    const laptop = device()
    const online = await laptop.open()
    const mine = await online.create({ title: 'Gone' })
    await mine.sent()
    await closeStore(online)
    const offline = await laptop.open({ relay: null })
    await offline.purge(mine.id)
    await closeStore(offline)
    await relay.stop()
    relay.log = createMemoryLog()
    await relay.start()
    const store = await laptop.open()
    // By then the relay has said that there is nothing to purge.
    await (await store.create({ title: 'Other' })).sent()
    const purged = new Promise<void>((resolve) => {
      relay.log.onCommit(({ changes }) => changes.some((change) => change.purged) && resolve())
    })
    const anew = new Y.Doc()
    initConversation(anew, { id: mine.id, title: 'Brought', createdAt: 1 })
    await relay.log.append({ space: 'default', document: mine.id }, Y.encodeStateAsUpdate(anew), { epoch: 'anew' })
    await purged
    expect((await relay.log.stat({ space: 'default', document: mine.id }))?.kind).toBe('purged')
    expect(store.list.get()).toHaveLength(1)
  })

  test('C61 a relay that was wiped knows no purges: who missed one brings it back, until somebody comes who knows, and then it is gone everywhere', async () => {
    const [knowing, missing] = [device(), device()]
    const first = await missing.open()
    const gone = await first.create({ title: 'Gone' })
    say(gone, 'purged elsewhere')
    await gone.sent()
    await closeStore(first)
    const second = await knowing.open()
    await until(second.list, (items) => items.length === 1)
    await second.purge(gone.id)
    while ((await relay.log.stat({ space: 'default', document: gone.id }))?.kind !== 'purged') {
      await new Promise((resolve) => setImmediate(resolve))
    }
    await closeStore(second)
    await relay.stop()
    relay.log = createMemoryLog()
    await relay.start()
    // It has not heard of the purge, and nobody can tell it.
    const late = await missing.open()
    await until(late.status, (status) => status.relay === 'connected' && status.waiting === 0)
    expect((await relay.log.stat({ space: 'default', document: gone.id }))?.kind).toBe('live')
    const back = await knowing.open()
    await until(late.list, (items) => items.length === 0)
    expect((await relay.log.stat({ space: 'default', document: gone.id }))?.kind).toBe('purged')
    expect(back.list.get()).toEqual([])
    // All of it had been sent: nothing is left to set aside.
    expect(late.aside.get()).toEqual([])
  })

  test('W12 one window answers, another sees who, cannot, and asks it to stop', async () => {
    const [here, there] = [await device().open(), await device().open()]
    const mine = await here.create({ title: 'Lease' })
    const question = say(mine, 'question')
    const answer = 'answer'
    mine.edit((doc) =>
      addMessage(doc, { id: answer, role: 'assistant', createdAt: Date.now(), status: 'streaming', answers: question }),
    )
    await mine.sent()
    await until(there.list, (items) => items.length === 1)
    const yours = await there.open(mine.id)
    await until(texts(yours), (all) => all.length === 2)
    const writer = mine.stream(answer)
    writer.text('words')
    await until({ get: () => yours.leases.get(), subscribe: yours.leases.subscribe }, (leases) =>
      leases.some((lease) => lease.key === answer && !lease.mine),
    )
    expect(yours.isLive(answer)).toBe(true)
    await expect(yours.lease(answer)).rejects.toMatchObject({ code: 'LEASE_HELD' })
    const asked = new Promise<unknown>((resolve) => {
      writer.signal.addEventListener('abort', () => resolve(writer.signal.reason))
    })
    await yours.requestStop(answer)
    expect(await asked).toMatchObject({ code: 'STOP_REQUESTED' })
    await writer.abort('stopped')
    await until(texts(yours), (all) => all.includes('words'))
    await until({ get: () => yours.leases.get(), subscribe: yours.leases.subscribe }, (leases) => leases.length === 0)
    const lease = await yours.lease(answer)
    expect(lease.fencing).toBeGreaterThan(0)
    lease.release()
  })

  test('C60 what the relay refuses for good is set aside once, and stays gone when it was discarded', async () => {
    await relay.stop()
    relay.syncLimits = { message: 20_000 }
    await relay.start()
    const laptop = device()
    const store = await laptop.open()
    const large = await store.create({ title: 'Too large' })
    await large.sent()
    say(large, 'x'.repeat(30_000))
    await until(store.aside, (items) => items.length === 1)
    const [item] = store.aside.get()
    expect(item).toMatchObject({ conversation: large.id, reason: { code: 'TOO_LARGE' } })
    const again = async (): Promise<void> => {
      await relay.stop()
      await until(store.status, (now) => now.relay === 'offline')
      await relay.start()
      await until(large.status, (now) => now.kind === 'saved' && now.relay === 'refused')
    }
    await again()
    expect(store.aside.get()).toEqual([item])
    await store.aside.discard(item!.key)
    expect(store.aside.get()).toEqual([])
    await again()
    await closeStore(store)
    const next = await laptop.open()
    const same = await next.open(large.id)
    await until(same.status, (now) => now.kind === 'saved' && now.relay === 'refused')
    expect(next.aside.get()).toEqual([])
    // The conversation itself is where it was; what is refused of it next is something else.
    expect(textsOf(same)).toHaveLength(1)
    say(same, 'y'.repeat(30_000))
    await until(next.aside, (items) => items.length === 1)
    relay.syncLimits = {}
  })

  test('C22 another token goes over the socket that is open', async () => {
    const store = await device().open({ relay: { ...relay.address, token: await relay.token('read') } })
    await until(store.status, (status) => status.relay === 'connected')
    const conversation = await store.create({ title: 'Mine' })
    await until(conversation.status, () => relayOf(conversation) === 'refused')
    const kinds: string[] = []
    const off = store.status.subscribe(() => kinds.push(store.status.get().relay))
    store.setRelay(relay.address)
    await conversation.sent()
    off()
    expect(kinds.every((kind) => kind === 'connected')).toBe(true)
  })

  test('C23 a token about to expire is replaced by asking for another', async () => {
    const token = await relay.token('write', Date.now() + 2_000)
    const renew = () => relay.token('write')
    const store = await device().open({ relay: { ...relay.address, token, renew } })
    const conversation = await store.create()
    await conversation.sent()
    let refused = false
    store.status.subscribe(() => {
      refused ||= store.status.get().relay === 'refused'
    })
    const past = Date.now() + 2_500
    while (Date.now() < past) await new Promise((resolve) => setImmediate(resolve))
    say(conversation, 'after')
    await conversation.sent()
    expect(refused).toBe(false)
  })

  test('C24 a relay without /sync is used over the stock endpoint, and one that has it later is not forgotten', async () => {
    await relay.stop()
    relay.old = true
    await relay.start()
    const laptop = device()
    const store = await laptop.open()
    const conversation = await store.create({ title: 'With an old relay' })
    await conversation.sent()
    expect(statusText(conversation.status.get())).toBe('Saved on this device · Sent to relay')
    await closeStore(store)
    await relay.stop()
    relay.old = false
    await relay.start()
    const upgraded = await laptop.open()
    const again = await upgraded.open(conversation.id)
    say(again, 'with a new one')
    await again.sent()
    expect(statusText(again.status.get())).toBe('Saved on this device · Synced')
    expect((await onRelay(relay.log, conversation.id)).getMap('messages').size).toBe(1)
  })
})

test('C29 what is edited elsewhere all day and never opened here does not pile up', async () => {
  const laptop = device()
  const here = await laptop.open()
  const there = await device().open()
  const yours = await there.create({ title: 'Busy' })
  await yours.sent()
  await until(here.list, (items) => items.length === 1)
  await until(here.status, ({ behind }) => behind === 0)
  const handle = await laptop.persistence.open()
  const { epoch, have } = (await handle.documents())[0]!
  // As many rows as a day leaves.
  for (let i = 0; i < 80; i++) {
    await handle.write({ documents: [{ id: yours.id, updates: [Uint8Array.of(0, 0)], local: false }] })
  }
  expect(epoch).not.toBeNull()
  await closeStore(here)
  say(yours, 'more')
  await yours.sent()
  const again = await laptop.open()
  await until(again.list, ([item]) => item?.summary.messages === 1 && !item.behind)
  const rows = async () => (await handle.documents())[0]!
  while ((await rows()).rows > 1) await new Promise((resolve) => setImmediate(resolve))
  expect((await rows()).have).toBeGreaterThan(have)
  const mine = await again.open(yours.id)
  expect(textsOf(mine)).toEqual(['more'])
})

describe('blobs', () => {
  const picture = Uint8Array.from({ length: 5_000 }, (_, i) => i % 251)

  test('C25 a picture kept offline is shown from the device, sent by a later session, and seen on another device', async () => {
    const laptop = device()
    const offline = await laptop.open({ relay: null })
    const ref = await offline.blobs.put(picture, 'image/png')
    expect(ref).toMatchObject({ size: 5_000, mediaType: 'image/png' })
    expect((await offline.blobs.get(ref.sha256)).bytes).toEqual(picture)
    await offline.saved()
    await closeStore(offline)
    const online = await laptop.open()
    await until(online.status, ({ relay: state, uploads }) => state === 'connected' && uploads === 0)
    const other = await device().open()
    await until(other.status, (status) => status.relay === 'connected')
    const got = await other.blobs.get(ref.sha256)
    expect([...got.bytes]).toEqual([...picture])
    expect(got.mediaType).toBe('image/png')
    await relay.stop()
    expect((await other.blobs.get(ref.sha256)).bytes.length).toBe(5_000)
  })

  test('C25 a download that breaks off is taken up where it ended', async () => {
    const sender = await device().open()
    const ref = await sender.blobs.put(picture, 'image/png')
    await until(sender.status, ({ uploads }) => uploads === 0)
    const ranges: (string | null)[] = []
    const breaking: typeof fetch = async (input, init) => {
      const response = await globalThis.fetch(input, init)
      if (!String(input).includes('/blobs/')) return response
      ranges.push(new Headers(init?.headers).get('range'))
      if (ranges.length > 1) return response
      const all = new Uint8Array(await response.arrayBuffer())
      const parts = [all.slice(0, 2_000)]
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          const part = parts.shift()
          if (part) controller.enqueue(part)
          else controller.error(new Error('a test cut this'))
        },
      })
      return new Response(body, { status: 200, headers: { 'content-type': 'image/png' } })
    }
    const other = await device().open({ fetch: breaking })
    await until(other.status, (status) => status.relay === 'connected')
    expect([...(await other.blobs.get(ref.sha256)).bytes]).toEqual([...picture])
    expect(ranges).toEqual([null, 'bytes=2000-'])
  })

  test('C26 what is not there, not what was asked for, or no hash, is said by name', async () => {
    const store = await device().open()
    await until(store.status, (status) => status.relay === 'connected')
    await expect(store.blobs.get('nothing')).rejects.toMatchObject({ code: 'BAD_HASH' })
    await expect(store.blobs.get('0'.repeat(64))).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const lying: typeof fetch = async (input, init) =>
      String(input).includes('/blobs/') ? new Response('something else') : globalThis.fetch(input, init)
    const fooled = await device().open({ fetch: lying })
    await until(fooled.status, (status) => status.relay === 'connected')
    await expect(fooled.blobs.get('1'.repeat(64))).rejects.toMatchObject({ code: 'WRONG_HASH' })
    const alone = await device().open({ relay: null })
    await expect(alone.blobs.get('2'.repeat(64))).rejects.toMatchObject({ code: 'NOT_HERE' })
  })
})
