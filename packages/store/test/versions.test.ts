import type { VersionRange } from '@holdfast/protocol'
import { createMemoryFolder, createMemoryLog } from '@holdfast/update-log/memory'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { statusText } from '../src/status-text.ts'
import { onRelay, say, texts, textsOf } from './devices.ts'
import type { RelayHarness } from './relay-harness.ts'
import { relayPerTest } from './relay-per-test.ts'
import { until } from './world.ts'

const FIRST: VersionRange = { min: 1, max: 1 }
const SECOND: VersionRange = { min: 1, max: 2 }
const ONLY_SECOND: VersionRange = { min: 2, max: 2 }

let relay: RelayHarness
const { device, closeStore } = relayPerTest((fresh) => {
  relay = fresh
})

/** Ends the relay and starts it again, speaking this, over what its folder then is. */
async function restart(versions: VersionRange, log = relay.log): Promise<void> {
  await relay.stop()
  relay.versions = versions
  relay.log = log
  await relay.start()
}

const PAIRINGS: readonly { readonly client: VersionRange; readonly its: VersionRange; readonly version: number }[] = [
  { client: FIRST, its: FIRST, version: 1 },
  { client: FIRST, its: SECOND, version: 1 },
  { client: SECOND, its: FIRST, version: 1 },
  { client: SECOND, its: SECOND, version: 2 },
]

describe.each(PAIRINGS)(
  'V1 a window that speaks up to $client.max and a relay that speaks up to $its.max',
  ({ client, its, version }) => {
    test(`speak version ${version}, and everything works: written, listed, fetched, purged`, async () => {
      await restart(its)
      const here = await device().open({ versions: client })
      const mine = await here.create({ title: 'Between versions' })
      say(mine, 'one')
      await mine.sent()
      expect(here.status.get()).toMatchObject({ relay: 'connected', wire: { kind: 'sync', version } })
      expect(statusText(mine.status.get())).toBe('Saved on this device · Synced')
      const there = await device().open({ versions: client })
      await until(there.list, ([item]) => item?.summary.title === 'Between versions')
      const yours = await there.open(mine.id)
      await until(texts(yours), (all) => all.length === 1)
      say(yours, 'two')
      await until(texts(mine), (all) => all.length === 2)
      yours.close()
      await there.purge(mine.id)
      await until(here.list, (items) => items.length === 0)
    })

    test('and it comes back to the same after the other has been upgraded, or put back to the version before', async () => {
      await restart(its)
      const laptop = device()
      const here = await laptop.open({ versions: client })
      const mine = await here.create({ title: 'Upgraded under way' })
      say(mine, 'one')
      await mine.sent()
      for (const next of [SECOND, FIRST, SECOND]) {
        await relay.stop()
        say(mine, 'meanwhile')
        const folder = relay.log
        relay.versions = next
        relay.log = folder
        await relay.start()
        await until(mine.status, (now) => now.kind === 'saved' && now.relay === 'synced')
        await until(here.status, ({ wire, waiting }) => {
          return wire?.kind === 'sync' && wire.version === Math.min(client.max, next.max) && waiting === 0
        })
      }
      const there = await device().open()
      await until(there.list, ([item]) => item?.summary.messages === 4)
    })
  },
)

describe('V2 no version in common', () => {
  test('W8 a window that is too old keeps everything, says that it is to be upgraded, and the upgraded one sends it', async () => {
    await restart(ONLY_SECOND)
    const laptop = device()
    const old = await laptop.open({ versions: FIRST })
    const conversation = await old.create({ title: 'In the old window' })
    say(conversation, 'kept')
    await conversation.saved()
    await until(old.status, ({ relay }) => relay === 'refused')
    expect(old.status.get()).toMatchObject({ reason: { code: 'CLIENT_TOO_OLD' }, waiting: 1 })
    expect(statusText(conversation.status.get())).toBe(
      'Saved on this device · Relay refused: the relay is newer than this program; upgrade it (reload the page). Until then edits stay on this device',
    )
    say(conversation, 'usable all the same')
    await conversation.saved()
    expect(textsOf(conversation)).toEqual(['kept', 'usable all the same'])
    await closeStore(old)
    const upgraded = await laptop.open()
    await until(upgraded.status, ({ relay, waiting }) => relay === 'connected' && waiting === 0)
    expect((await relay.log.documents('default')).length).toBe(1)
  })

  test('W8 a relay that is too old is said so, nothing is given up, and once it is upgraded everything goes by itself', async () => {
    await restart(FIRST)
    const store = await device().open({ versions: ONLY_SECOND })
    const conversation = await store.create({ title: 'Before the relay is ready' })
    say(conversation, 'kept')
    await conversation.saved()
    await until(store.status, ({ reason }) => reason?.code === 'RELAY_TOO_OLD')
    expect(store.status.get()).toMatchObject({ relay: 'offline', waiting: 1 })
    expect(store.status.get().reason?.message).toMatch(/upgrade the relay/)
    await restart(SECOND)
    await conversation.sent()
    expect(store.status.get()).toMatchObject({ relay: 'connected', wire: { kind: 'sync', version: 2 } })
  })
})

describe('V3 a document of a newer schema', () => {
  test('is shown and not written, and what others write of it still comes and goes', async () => {
    const here = await device().open()
    const mine = await here.create({ title: 'From the future' })
    say(mine, 'one')
    await mine.sent()
    const there = await device().open()
    await until(there.list, (items) => items.length === 1)
    const yours = await there.open(mine.id)
    await until(texts(yours), (all) => all.length === 1)
    yours.edit((doc) => doc.getMap('meta').set('schema', 999))
    await until(mine, () => !mine.get().writable)
    expect(textsOf(mine)).toEqual(['one'])
    const before = Y.encodeStateVector(mine.doc)
    expect(() => say(mine, 'not by this program')).toThrow()
    expect(Y.encodeStateVector(mine.doc)).toEqual(before)
    yours.edit((doc) => doc.getMap('meta').set('futureField', 'kept'))
    await until(
      { get: () => mine.doc.getMap('meta').get('futureField'), subscribe: mine.subscribe },
      (now) => now === 'kept',
    )
    await until(mine.status, (now) => now.kind === 'saved' && now.relay === 'synced')
  })
})

describe('W11 a relay of a version without /sync', () => {
  test('V6 a folder put back from an older copy is noticed, though it has gone on since; an ordinary restart offers nothing again', async () => {
    relay.old = true
    const folder = createMemoryFolder()
    await restart(SECOND, createMemoryLog({ folder }))
    const laptop = device()
    const store = await laptop.open()
    const mine = await store.create({ title: 'Kept' })
    say(mine, 'early')
    await mine.sent()
    expect(store.status.get().wire).toEqual({ kind: 'stock' })
    const copy = folder.copy()
    say(mine, 'late')
    await mine.sent()
    mine.close()
    const handle = await laptop.persistence.open()
    const follows = async (head: number): Promise<void> => {
      while ((await handle.cursor())?.feed !== head) await new Promise((resolve) => setImmediate(resolve))
    }
    await follows((await relay.log.feed('default', { after: 0, limit: 1 })).head)
    const sent = async () => (await handle.documents()).map((record) => record.sent)
    const before = await sent()
    await restart(SECOND, createMemoryLog({ folder }))
    await relay.log.append({ space: 'default', document: 'news' }, Uint8Array.of(0, 0))
    while ((await handle.cursor())?.incarnation !== relay.log.history) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await sent()).slice(0, before.length)).toEqual(before)
    const older = createMemoryLog({ folder: copy })
    for (const document of ['x', 'y', 'z']) {
      await older.append({ space: 'default', document }, Uint8Array.of(0, 0))
      await older.feed('default', { after: 0, limit: 1 })
    }
    await restart(SECOND, older)
    const text = async (): Promise<string> =>
      JSON.stringify(await onRelay(relay.log, mine.id).then((doc) => doc.getMap('messages').toJSON()))
    while (!(await text()).includes('late')) await new Promise((resolve) => setImmediate(resolve))
  })
})

describe('W11 a folder put back from a copy made behind the feed, ahead of it an ack', () => {
  test('Y15 everything is offered again, closed conversations too', async () => {
    const folder = createMemoryFolder()
    await restart(SECOND, createMemoryLog({ folder }))
    const laptop = device()
    const here = await laptop.open()
    const first = await here.create({ title: 'First' })
    await first.sent()
    const copies: ReturnType<typeof folder.copy>[] = []
    relay.log.onCommit(() => copies.push(folder.copy()))
    const second = await here.create({ title: 'Second' })
    say(second, 'acknowledged')
    await second.sent()
    second.close()
    first.close()
    // The copy before the last commit: the same place in the feed may hold more commits than it knew of.
    const copy = copies.at(-2)!
    await restart(SECOND, createMemoryLog({ folder: copy }))
    await until(here.status, ({ relay, waiting }) => relay === 'connected' && waiting === 0)
    const there = await device().open()
    await until(there.list, (items) => items.length === 2)
    const yours = await there.open(second.id)
    await until(texts(yours), (all) => all.includes('acknowledged'))
  })
})
