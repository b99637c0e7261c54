import { createHash } from 'node:crypto'
import { mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addMessage } from '@holdfast/conversation'
import { createMemoryBlobFolder, createMemoryBlobs, openDiskBlobs } from '@holdfast/update-log/blobs'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { afterEach, expect, test } from 'vitest'
import * as Y from 'yjs'
import { type Clock, systemClock } from '../src/environment.ts'
import { LOCAL_ORIGIN } from '../src/live.ts'
import type { OpenConversation, Store, StoredBlobRef, StoreStatus } from '../src/types.ts'
import type { RelayHarness } from './relay-harness.ts'
import { relayPerTest } from './relay-per-test.ts'
import { until } from './world.ts'

let relay: RelayHarness
const folders: string[] = []

// Named before the relay's own, it runs behind it: nothing writes there any more.
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})
const { device, closeStore } = relayPerTest((fresh) => {
  relay = fresh
})

const picture = Uint8Array.from({ length: 150_000 }, (_, i) => (i * 3) % 251)

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

let count = 0
function show(conversation: OpenConversation, { sha256, size, mediaType }: StoredBlobRef): void {
  const file = { type: 'file' as const, mediaType, blob: { sha256, size } }
  conversation.edit((doc) => addMessage(doc, { id: `m${count++}`, role: 'user', createdAt: Date.now(), parts: [file] }))
}

const uploaded = (store: Store) =>
  until(store.status, ({ relay: state, uploads }) => state === 'connected' && uploads === 0)

async function referrers(sha256: string): Promise<string[]> {
  const all = await relay.blobs.references('default')
  return all.filter(({ hashes }) => hashes.includes(sha256)).map(({ document }) => document)
}

const isThere = async (sha256: string): Promise<boolean> =>
  (await relay.blobs.stat({ space: 'default', hash: sha256 })) !== null

/** Requests for blobs that a device makes. */
function counting(): { readonly puts: string[]; readonly fetch: typeof fetch } {
  const puts: string[] = []
  return {
    puts,
    fetch: (input, init) => {
      if (init?.method === 'PUT' && String(input).includes('/blobs/')) puts.push(String(input))
      return globalThis.fetch(input, init)
    },
  }
}

/** Conversations of which the relay is told what they refer to, and how often it is asked what it lacks. */
function tellings(): { readonly told: string[]; readonly fetch: typeof fetch; asked(): number } {
  const told: string[] = []
  let asked = 0
  return {
    told,
    asked: () => asked,
    fetch: async (input, init) => {
      const url = new URL(String(input))
      const document = url.searchParams.get('document')
      const response = await globalThis.fetch(input, init)
      if (url.searchParams.has('wanted')) asked++
      if (init?.method === 'POST' && document !== null) told.push(document)
      return response
    },
  }
}

/** A clock whose long timers run when the test says so. */
function clockWithHands(): { readonly clock: Clock; ring(): void } {
  let waiting: (() => void)[] = []
  return {
    clock: {
      now: systemClock.now,
      after: (ms, run) => {
        if (ms < 60_000) return systemClock.after(ms, run)
        waiting.push(run)
        return () => {
          waiting = waiting.filter((other) => other !== run)
        }
      },
    },
    ring: () => {
      for (const run of waiting.splice(0)) run()
    },
  }
}

test('C50 what a conversation refers to is told the relay by a later session that never opens it', async () => {
  const laptop = device()
  const offline = await laptop.open({ relay: null })
  const ref = await offline.blobs.put(picture, 'image/png')
  const conversation = await offline.create({ title: 'A picture' })
  show(conversation, ref)
  await conversation.saved()
  const { id } = conversation
  conversation.close()
  await closeStore(offline)
  const online = await laptop.open()
  await uploaded(online)
  await eventually(async () => (await referrers(ref.sha256)).includes(id))
  expect(await isThere(ref.sha256)).toBe(true)
})

test('C50 a copy of a conversation refers to the same picture, which is not sent again', async () => {
  const { puts, fetch } = counting()
  const store = await device().open({ fetch })
  const ref = await store.blobs.put(picture, 'image/png')
  const first = await store.create({ title: 'One' })
  show(first, ref)
  await eventually(async () => (await referrers(ref.sha256)).length === 1)
  await uploaded(store)
  const copy = await store.create({ title: 'Two' })
  Y.applyUpdate(copy.doc, Y.encodeStateAsUpdate(first.doc), LOCAL_ORIGIN)
  await copy.saved()
  await eventually(async () => (await referrers(ref.sha256)).length === 2)
  expect(new Set(await referrers(ref.sha256))).toEqual(new Set([first.id, copy.id]))
  expect(puts).toHaveLength(1)
})

test('C51 purging the last conversation that names a picture removes it, here and on the relay; not before', async () => {
  relay.limits = { blobGrace: 0, blobSweepEvery: 20 }
  await relay.stop()
  await relay.start()
  const laptop = device()
  const store = await laptop.open()
  const ref = await store.blobs.put(picture, 'image/png')
  const [one, two] = [await store.create({ title: 'One' }), await store.create({ title: 'Two' })]
  for (const conversation of [one, two]) show(conversation, ref)
  await eventually(async () => (await referrers(ref.sha256)).length === 2)
  await uploaded(store)
  await Promise.all([one.sent(), two.sent()])
  const handle = await laptop.persistence.open()
  one.close()
  await store.purge(one.id)
  await eventually(async () => (await referrers(ref.sha256)).length === 1)
  expect([await isThere(ref.sha256), await handle.getBlob(ref.sha256)]).toEqual([true, expect.anything()])
  two.close()
  await store.purge(two.id)
  expect(await handle.getBlob(ref.sha256)).toBeNull()
  await eventually(async () => !(await isThere(ref.sha256)))
  await expect(store.blobs.get(ref.sha256)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('C52 a relay that was wiped is told everything again, and gets the pictures back', async () => {
  const store = await device().open()
  const ref = await store.blobs.put(picture, 'image/png')
  const conversation = await store.create({ title: 'A picture' })
  show(conversation, ref)
  await eventually(async () => (await referrers(ref.sha256)).length === 1)
  await uploaded(store)
  await conversation.sent()
  conversation.close()
  await relay.stop()
  relay.log = createMemoryLog()
  relay.blobs = createMemoryBlobs()
  await relay.start()
  store.retry()
  await eventually(async () => (await isThere(ref.sha256)) && (await referrers(ref.sha256)).length === 1)
})

test('C53 a picture that rots on the relay is an error for who reads it, until a device that has it brings it again', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-store-blobs-'))
  folders.push(directory)
  await relay.stop()
  relay.blobs = await openDiskBlobs(directory)
  await relay.start()
  const hands = clockWithHands()
  const owner = await device().open({ clock: hands.clock })
  const ref = await owner.blobs.put(picture, 'image/png')
  const conversation = await owner.create({ title: 'A picture' })
  show(conversation, ref)
  await eventually(async () => (await referrers(ref.sha256)).length === 1)
  await uploaded(owner)
  const [space = ''] = (await readdir(directory)).filter((name) => name.length === 32)
  const file = await open(join(directory, space, ref.sha256.slice(0, 2), ref.sha256), 'r+')
  await file.write(Uint8Array.of(0xff), 0, 1, 512 + 100_000)
  await file.close()
  const reader = await device().open()
  await until(reader.status, (status) => status.relay === 'connected')
  await expect(reader.blobs.get(ref.sha256)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  hands.ring()
  await eventually(() => isThere(ref.sha256))
  const { bytes } = await reader.blobs.get(ref.sha256)
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(ref.sha256)
})

test('C54 a space that is full keeps the picture on the device, says why, and takes it when there is room', async () => {
  relay.limits = { spaceQuota: 100_000 }
  await relay.stop()
  await relay.start()
  const store = await device().open()
  const ref = await store.blobs.put(picture, 'image/png')
  const conversation = await store.create({ title: 'A picture' })
  show(conversation, ref)
  const { uploadsRefused, uploads } = await until(store.status, ({ uploadsRefused: why }) => why !== undefined)
  expect([uploadsRefused?.code, uploads]).toEqual(['SPACE_FULL', 1])
  expect(uploadsRefused?.message).toContain('more room')
  expect((await store.blobs.get(ref.sha256)).bytes).toEqual(picture)
  await conversation.sent()
  await relay.stop()
  relay.limits = {}
  await relay.start()
  store.retry()
  const later = await until(store.status, ({ uploads: left, relay: state }) => left === 0 && state === 'connected')
  expect(later.uploadsRefused).toBeUndefined()
  expect(await isThere(ref.sha256)).toBe(true)
})

test('C54 it is tried again after some minutes without anybody doing anything', async () => {
  relay.limits = { spaceQuota: 160_000 }
  await relay.stop()
  await relay.start()
  const hands = clockWithHands()
  const store = await device().open({ clock: hands.clock })
  const first = await store.blobs.put(picture, 'image/png')
  await uploaded(store)
  const second = await store.blobs.put(picture.slice(1), 'image/png')
  await until(store.status, ({ uploadsRefused }) => uploadsRefused?.code === 'SPACE_FULL')
  await relay.blobs.delete({ space: 'default', hash: first.sha256 })
  hands.ring()
  await uploaded(store)
  expect(await isThere(second.sha256)).toBe(true)
})

test('C71 every window says why a file waits, one that comes later too, and no longer than it does', async () => {
  relay.limits = { spaceQuota: 100_000 }
  await relay.stop()
  await relay.start()
  const laptop = device()
  const leader = await laptop.open()
  await until(leader.status, ({ relay: state }) => state === 'connected')
  const sent = counting()
  const other = await laptop.open({ fetch: sent.fetch })
  await until(other.status, ({ relay: state }) => state === 'connected')
  await other.blobs.put(picture, 'image/png')
  const full = ({ uploadsRefused: why, uploads }: StoreStatus): boolean => why?.code === 'SPACE_FULL' && uploads === 1
  await until(leader.status, full)
  const { uploadsRefused } = await until(other.status, full)
  expect(uploadsRefused?.message).toContain('more room')
  const late = await laptop.open()
  await until(late.status, full)
  expect(sent.puts).toEqual([])

  // The next that works for all finds out itself, and tells those who are left.
  await closeStore(leader)
  await eventually(() => sent.puts.length > 0)
  await until(late.status, full)
  await relay.stop()
  await until(late.status, (status) => status.relay === 'offline' && status.uploadsRefused === undefined)
  relay.limits = {}
  await relay.start()
  for (const store of [other, late]) store.retry()
  for (const store of [other, late]) expect((await uploaded(store)).uploadsRefused).toBeUndefined()
})

test('C71 trying again in a window that sends nothing itself is heard by the one that does', async () => {
  relay.limits = { spaceQuota: 160_000 }
  await relay.stop()
  await relay.start()
  const laptop = device()
  const leader = await laptop.open()
  await until(leader.status, ({ relay: state }) => state === 'connected')
  const other = await laptop.open()
  const first = await other.blobs.put(picture, 'image/png')
  await uploaded(other)
  const second = await other.blobs.put(picture.slice(1), 'image/png')
  await until(other.status, ({ uploadsRefused }) => uploadsRefused?.code === 'SPACE_FULL')
  await relay.blobs.delete({ space: 'default', hash: first.sha256 })
  other.retry()
  expect((await uploaded(other)).uploadsRefused).toBeUndefined()
  expect(await isThere(second.sha256)).toBe(true)
})

test('C55 a storage that is deleted while it is open forgets what waited in it, and goes on', async () => {
  const laptop = device()
  const store = await laptop.open({ relay: null })
  await store.blobs.put(picture, 'image/png')
  await store.saved()
  await until(store.status, ({ uploads }) => uploads === 1)
  laptop.persistence.wipe()
  await until(store.status, ({ uploads }) => uploads === 0)
  const again = await store.blobs.put(picture, 'image/png')
  await store.saved()
  expect((await store.blobs.get(again.sha256)).bytes).toEqual(picture)
})

test('C56 what is set aside keeps its pictures until it is discarded', async () => {
  const [laptop, other] = [device(), device()]
  const store = await laptop.open()
  const ref = await store.blobs.put(picture, 'image/png')
  const conversation = await store.create({ title: 'A picture' })
  show(conversation, ref)
  await conversation.sent()
  await uploaded(store)
  await closeStore(store)
  const offline = await laptop.open({ relay: null })
  const mine = await offline.open(conversation.id)
  show(mine, ref)
  await mine.saved()
  mine.close()
  await closeStore(offline)
  const there = await other.open()
  await until(there.list, (items) => items.length === 1)
  await there.purge(conversation.id)
  await eventually(
    async () => (await relay.log.stat({ space: 'default', document: conversation.id }))?.kind === 'purged',
  )
  const back = await laptop.open()
  const [item] = await until(back.aside, (items) => items.length === 1)
  const handle = await laptop.persistence.open()
  expect(await handle.getBlob(ref.sha256)).not.toBeNull()
  await back.aside.discard(item!.key)
  expect(await handle.getBlob(ref.sha256)).toBeNull()
})

test('C54 purging what does not fit leaves nothing waiting', async () => {
  relay.limits = { spaceQuota: 100_000 }
  await relay.stop()
  await relay.start()
  const store = await device().open()
  const ref = await store.blobs.put(picture, 'image/png')
  const conversation = await store.create({ title: 'A picture' })
  show(conversation, ref)
  await until(store.status, ({ uploadsRefused }) => uploadsRefused?.code === 'SPACE_FULL')
  conversation.close()
  await store.purge(conversation.id)
  const status = await until(store.status, ({ uploads }) => uploads === 0)
  expect(status.uploadsRefused).toBeUndefined()
})

test('C50 a relay of an older version is sent pictures without a word of who refers to them', async () => {
  const asked: string[] = []
  const old: typeof fetch = (input, init) => {
    const url = String(input)
    if (!url.includes('/blobs/')) return globalThis.fetch(input, init)
    asked.push(`${init?.method ?? 'GET'} ${url.slice(url.indexOf('/blobs/') + 7)}`)
    if (init?.method === 'POST') return Promise.resolve(new Response('{}', { status: 405 }))
    return globalThis.fetch(input, init)
  }
  const store = await device().open({ fetch: old })
  const ref = await store.blobs.put(picture, 'image/png')
  show(await store.create({ title: 'A picture' }), ref)
  await until(store.status, ({ relay: state }) => state === 'connected')
  await eventually(() => isThere(ref.sha256))
  await uploaded(store)
  expect(asked.filter((each) => each.startsWith('PUT'))).toEqual([`PUT default/${ref.sha256}`])
  expect(await referrers(ref.sha256)).toEqual([])
})

test('C50 a picture that a tab keeps which does not work for all is sent, and every tab knows', async () => {
  const laptop = device()
  const leader = await laptop.open()
  await until(leader.status, (status) => status.relay === 'connected')
  const other = await laptop.open()
  const ref = await other.blobs.put(picture, 'image/png')
  const conversation = await other.create({ title: 'A picture' })
  show(conversation, ref)
  await Promise.all([uploaded(other), uploaded(leader)])
  await eventually(async () => (await isThere(ref.sha256)) && (await referrers(ref.sha256)).length === 1)
})

test('C52 what a device only looked at is brought to a relay that lost it', async () => {
  const [writer, reader] = [await device().open(), await device().open()]
  const ref = await writer.blobs.put(picture, 'image/png')
  const conversation = await writer.create({ title: 'A picture' })
  show(conversation, ref)
  await conversation.sent()
  await uploaded(writer)
  await until(reader.list, (items) => items.length === 1)
  await until(reader.status, ({ behind }) => behind === 0)
  await reader.blobs.get(ref.sha256)
  await reader.saved()
  await closeStore(writer)
  await relay.stop()
  relay.log = createMemoryLog()
  relay.blobs = createMemoryBlobs()
  await relay.start()
  reader.retry()
  await eventually(async () => (await isThere(ref.sha256)) && (await referrers(ref.sha256)).length === 1)
})

/** The relay ends, and goes on with other blobs and the same log. */
async function goOnWith(blobs: RelayHarness['blobs']): Promise<void> {
  await relay.stop()
  relay.blobs = blobs
  await relay.start()
}

test('C58 a relay whose files went back without its documents is told again, by a session that told it nothing', async () => {
  const folder = createMemoryBlobFolder()
  await goOnWith(createMemoryBlobs({ folder }))
  const laptop = device()
  const first = await laptop.open()
  const refs = [await first.blobs.put(picture, 'image/png')]
  const conversation = await first.create({ title: 'Pictures' })
  show(conversation, refs[0]!)
  await eventually(async () => (await referrers(refs[0]!.sha256)).length === 1)
  const copy = folder.copy()
  refs.push(await first.blobs.put(picture.slice(1), 'image/png'))
  show(conversation, refs[1]!)
  await eventually(async () => (await referrers(refs[1]!.sha256)).length === 1)
  await uploaded(first)
  await conversation.sent()
  conversation.close()
  await closeStore(first)
  // The history of documents goes on under its name: nothing is offered again.
  await goOnWith(createMemoryBlobs({ folder: copy }))
  expect(await isThere(refs[1]!.sha256)).toBe(false)
  await laptop.open()
  await eventually(async () => (await referrers(refs[1]!.sha256)).length === 1 && (await isThere(refs[1]!.sha256)))
})

test('C58 a relay that started again, or comes back with all that it was told, is told nothing again', async () => {
  const { told, asked, fetch } = tellings()
  const folder = createMemoryBlobFolder()
  await goOnWith(createMemoryBlobs({ folder }))
  const laptop = device()
  const store = await laptop.open({ fetch })
  const ref = await store.blobs.put(picture, 'image/png')
  const conversation = await store.create({ title: 'A picture' })
  show(conversation, ref)
  await eventually(async () => (await referrers(ref.sha256)).length === 1)
  await uploaded(store)
  await conversation.sent()
  await eventually(() => told.length === 1)
  await goOnWith(createMemoryBlobs({ folder: folder.copy() }))
  const before = asked()
  store.retry()
  await eventually(() => asked() > before)
  // A second picture comes behind all that there might have been to say.
  const next = await store.blobs.put(picture.slice(1), 'image/png')
  show(conversation, next)
  await eventually(async () => told.length > 1 && (await isThere(next.sha256)))
  await uploaded(store)
  conversation.close()
  await closeStore(store)
  const all = asked()
  await laptop.open({ fetch })
  await eventually(() => asked() > all)
  expect(told).toEqual([conversation.id, conversation.id])
})

test('C50 a reference whose device is lost before its word is told by whoever has the conversation', async () => {
  const writer = device()
  const mute: typeof fetch = (input, init) =>
    String(input).includes('/blobs/') ? Promise.reject(new TypeError('no way')) : globalThis.fetch(input, init)
  const store = await writer.open({ fetch: mute })
  const ref = await store.blobs.put(picture, 'image/png')
  const conversation = await store.create({ title: 'A picture' })
  show(conversation, ref)
  await conversation.sent()
  await closeStore(store)
  expect(await referrers(ref.sha256)).toEqual([])
  await device().open()
  await eventually(async () => (await referrers(ref.sha256)).includes(conversation.id))
})

test('C58 what was told before tallies were kept is told once more; a relay of the version before is told as before', async () => {
  const { told, asked, fetch } = tellings()
  const silent: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (!String(input).includes('/blobs/') || init?.method === 'PUT') return response
    const { tally: _, holds: __, ...rest } = (await response.json()) as Record<string, unknown>
    return new Response(JSON.stringify(rest), { status: response.status })
  }
  const laptop = device()
  const old = await laptop.open({ fetch: silent })
  const ref = await old.blobs.put(picture, 'image/png')
  const conversation = await old.create({ title: 'A picture' })
  show(conversation, ref)
  await eventually(async () => (await referrers(ref.sha256)).length === 1)
  await uploaded(old)
  await conversation.sent()
  await eventually(() => told.length === 1)
  conversation.close()
  await closeStore(old)
  const before = asked()
  const same = await laptop.open({ fetch: silent })
  await eventually(() => asked() > before)
  await closeStore(same)
  expect(told).toEqual([conversation.id])
  // The relay was upgraded, and its files are of another folder.
  await goOnWith(createMemoryBlobs())
  await laptop.open({ fetch })
  await eventually(() => isThere(ref.sha256))
  expect(await referrers(ref.sha256)).toEqual([conversation.id])
})

test('C58 a file that is added in a window to a conversation that was purged elsewhere does not wait', async () => {
  const store = await device().open()
  const conversation = await store.create({ title: 'Over' })
  await conversation.sent()
  const other = await device().open()
  await until(other.list, (items) => items.length === 1)
  await other.purge(conversation.id)
  await until(conversation.status, (status) => 'reason' in status && status.reason?.code === 'EPOCH_PURGED')
  const ref = await store.blobs.put(picture, 'image/png')
  show(conversation, ref)
  await uploaded(store)
  expect(await isThere(ref.sha256)).toBe(false)
})
