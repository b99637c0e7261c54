import { initConversation } from '@holdfast/conversation'
import type { DocumentRef, UpdateLog } from '@holdfast/update-log'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { PersistenceError, type PersistenceHandle } from '../src/persistence/port.ts'
import { type Device, say } from './devices.ts'
import type { RelayHarness } from './relay-harness.ts'
import { relayPerTest } from './relay-per-test.ts'
import { until } from './world.ts'

let relay: RelayHarness
const { device, closeStore } = relayPerTest((fresh) => {
  relay = fresh
})

function beginning(id: string, title: string): Uint8Array {
  const doc = new Y.Doc()
  initConversation(doc, { id, title, createdAt: 1 })
  return Y.encodeStateAsUpdate(doc)
}

function purgedIn(log: UpdateLog): Promise<void> {
  return new Promise((resolve) => {
    log.onCommit(({ changes }) => changes.some((change) => change.purged) && resolve())
  })
}

async function isPurged(ref: DocumentRef): Promise<void> {
  while ((await relay.log.stat(ref))?.kind !== 'purged') await new Promise((resolve) => setImmediate(resolve))
}

/** Has this browser purge a conversation, which the relay then has done, and make another. */
async function purgeOne(laptop: Device): Promise<DocumentRef> {
  const first = await laptop.open()
  const mine = await first.create({ title: 'Gone' })
  await mine.sent()
  await first.purge(mine.id)
  const ref = { space: 'default', document: mine.id }
  await isPurged(ref)
  await (await first.create({ title: 'Other' })).sent()
  await closeStore(first)
  return ref
}

/** The relay comes back with nothing. */
async function wipe(): Promise<void> {
  await relay.stop()
  relay.log = createMemoryLog()
  await relay.start()
}

test('C61 a purge that the relay had done is asked for again when it was wiped and somebody brought it under another epoch', async () => {
  const laptop = device()
  const ref = await purgeOne(laptop)
  await wipe()
  // A device that had sent it, and died before it heard under which epoch.
  await relay.log.append(ref, beginning(ref.document, 'Brought'), { epoch: 'anew' })
  const purged = purgedIn(relay.log)
  const store = await laptop.open()
  await purged
  expect((await relay.log.stat(ref))?.kind).toBe('purged')
  expect(store.list.get()).toHaveLength(1)
})

test('C61 a purge is asked for again under the epoch that it was asked for when what others brought under another one is gone, and that is refused, too', async () => {
  const laptop = device()
  const online = await laptop.open()
  const mine = await online.create({ title: 'Gone' })
  await mine.sent()
  const ref = { space: 'default', document: mine.id }
  const before = (await relay.log.stat(ref))?.epoch
  await closeStore(online)
  const offline = await laptop.open({ relay: null })
  await offline.purge(mine.id)
  await closeStore(offline)
  await wipe()
  await relay.log.append(ref, beginning(ref.document, 'Brought'), { epoch: 'anew' })
  const gone = purgedIn(relay.log)
  const store = await laptop.open()
  await gone
  await (await store.create({ title: 'Other' })).sent()
  const refused = async () => (await relay.log.stat(ref))?.refused ?? []
  while ((await refused()).length < 2) await new Promise((resolve) => setImmediate(resolve))
  expect(await relay.log.stat(ref)).toMatchObject({ kind: 'purged', refused: [before, 'anew'] })
  // Who still has it under the first brings nothing back.
  const late = relay.log.append(ref, beginning(ref.document, 'Brought by another'), { epoch: before! })
  await expect(late).rejects.toMatchObject({ code: 'PURGED' })
  expect(store.list.get()).toHaveLength(1)
})

test('C61 what was begun anew under the name of what was purged is left alone by who asks another history for the purge', async () => {
  const laptop = device()
  const ref = await purgeOne(laptop)
  await relay.log.append(ref, beginning(ref.document, 'Anew'), { epoch: 'anew' })
  await relay.stop()
  await relay.log.renewIncarnation()
  await relay.start()
  const store = await laptop.open()
  const items = await until(store.list, (all) => all.length === 2)
  expect(items.map(({ summary }) => summary.title)).toContain('Anew')
  expect(await relay.log.stat(ref)).toMatchObject({ kind: 'live', epoch: 'anew' })
})

test('C61 who may only read is shown what others began anew under the name of what was purged', async () => {
  const laptop = device()
  const ref = await purgeOne(laptop)
  await wipe()
  await relay.log.append(ref, beginning(ref.document, 'Brought'), { epoch: 'anew' })
  const reader = await laptop.open({ relay: { ...relay.address, token: await relay.token('read') } })
  const items = await until(reader.list, (all) => all.length === 2)
  expect(items.map(({ summary }) => summary.title)).toContain('Brought')
})

test('C60 what is set aside is shown when the storage is back that was lost before it could be read', async () => {
  const [here, laptop] = [await device().open(), device()]
  const mine = await here.create({ title: 'Gone' })
  await mine.sent()
  const online = await laptop.open()
  await until(online.list, (items) => items.length === 1)
  await closeStore(online)
  const { persistence } = laptop
  let losses = 0
  const store = await laptop.open({
    relay: null,
    persistence: {
      ...persistence,
      open: async () => {
        const handle = await persistence.open()
        const retire: PersistenceHandle['retire'] = async (...how) => {
          const retired = await handle.retire(...how)
          if (losses++ === 0) persistence.lose(new PersistenceError('CLOSED', 'the browser closed it'))
          return retired
        }
        return { ...handle, retire }
      },
    },
  })
  const yours = await store.open(mine.id)
  say(yours, 'never sent')
  await yours.saved()
  await here.purge(mine.id)
  await isPurged({ space: 'default', document: mine.id })
  store.setRelay(relay.address)
  const [item] = await until(store.aside, (items) => items.length === 1)
  expect(item).toMatchObject({ conversation: mine.id, reason: { code: 'EPOCH_PURGED' } })
  expect(losses).toBe(1)
})

test.each(['was told of', 'never heard of'])(
  'C61 what a device has of a history that was lost does not come back when what it %s in its place was purged',
  async (how) => {
    const laptop = device()
    const first = await laptop.open()
    const mine = await first.create({ title: 'Gone' })
    await mine.sent()
    await closeStore(first)
    await wipe()
    const ref = { space: 'default', document: mine.id }
    // By somebody who had never heard under which epoch it lived.
    await relay.log.append(ref, beginning(ref.document, 'Brought'), { epoch: 'brought' })
    if (how === 'was told of') {
      // And was gone before it could ask.
      const handle = await laptop.persistence.open()
      const remote = { epoch: 'brought', seq: 1, purged: false, summary: null }
      await handle.write({ documents: [{ id: mine.id, updates: [], local: false, remote }] })
      await handle.close()
    }
    await relay.log.purge(ref, { epoch: 'brought' })
    const store = await laptop.open()
    const [aside] = await until(store.aside, (all) => all.length > 0)
    expect(aside).toMatchObject({ conversation: mine.id, reason: { code: 'EPOCH_PURGED' } })
    await (await store.create({ title: 'Other' })).sent()
    expect(store.list.get()).toHaveLength(1)
    expect(await relay.log.stat(ref)).toMatchObject({ kind: 'purged', refused: ['brought'] })
  },
)
