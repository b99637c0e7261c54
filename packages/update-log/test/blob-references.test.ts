import { createHash } from 'node:crypto'
import { appendFile, open, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobContent, BlobStore } from '@holdfast/update-log'
import { createMemoryBlobs, openDiskBlobs } from '@holdfast/update-log/blobs'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from './folders.ts'

const LIMIT = 1_000_000
const DAY = 86_400_000
const SPACE = 'default'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const doc = (document: string, space = SPACE) => ({ space, document })

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function put(store: BlobStore, text: string, document?: string, space = SPACE): Promise<string> {
  const bytes = bytesOf(text)
  const hash = hashOf(bytes)
  await store.put({ space, hash }, 'text/plain', once(bytes), LIMIT, document === undefined ? {} : { document })
  return hash
}

async function read(found: BlobContent | null): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of found?.content ?? []) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

describe.each([
  ['memory', async (now: () => number) => createMemoryBlobs({ now })],
  ['disk', async (now: () => number) => openDiskBlobs(await temporaryFolder(), { now })],
] as [string, (now: () => number) => Promise<BlobStore>][])('%s', (_name, make) => {
  test('B7 what two documents refer to goes a grace time after the last of them, and nothing else', async () => {
    let time = 0
    const store = await make(() => time)
    const shared = await put(store, 'shared', 'a')
    const own = await put(store, 'own', 'a')
    const nobodys = await put(store, 'from a client that says no document')
    expect(await store.refer(doc('b'), [shared])).toMatchObject({ missing: [] })
    await store.release(doc('a'))
    expect(await store.sweep(DAY)).toEqual({ count: 0, bytes: 0 })
    time = DAY
    expect(await store.sweep(DAY)).toEqual({ count: 1, bytes: 3 })
    const there = async (hash: string) => (await store.stat({ space: SPACE, hash })) !== null
    expect([await there(shared), await there(own), await there(nobodys)]).toEqual([true, false, true])
    await store.release(doc('b'))
    time += DAY - 1
    expect(await store.sweep(DAY)).toEqual({ count: 0, bytes: 0 })
    time += 1
    expect(await store.sweep(DAY)).toEqual({ count: 1, bytes: 6 })
    expect(await store.totals(SPACE)).toEqual({ count: 1, bytes: 35 })
    await store.close()
  })

  test('B7 a document that refers in the grace time keeps it, one that comes later is told that it is missing', async () => {
    let time = 0
    const store = await make(() => time)
    const hash = await put(store, 'picture', 'a')
    await store.release(doc('a'))
    expect(await store.refer(doc('b'), [hash, hash])).toMatchObject({ missing: [] })
    time = 2 * DAY
    expect((await store.sweep(DAY)).count).toBe(0)
    await store.release(doc('b'))
    time = 4 * DAY
    expect((await store.sweep(DAY)).count).toBe(1)
    expect(await store.refer(doc('c'), [hash])).toMatchObject({ missing: [hash] })
    expect(await store.wanted(SPACE, 10)).toEqual([hash])
    await put(store, 'picture')
    expect(await store.wanted(SPACE, 10)).toEqual([])
    time = 9 * DAY
    expect((await store.sweep(DAY)).count).toBe(0)
    await store.close()
  })

  test('B8 what no document ever referred to goes only when somebody asks, and not when it is new', async () => {
    let time = Date.now() + DAY
    const store = await make(() => time)
    await put(store, 'old')
    const kept = await put(store, 'kept', 'a')
    const fresh = time - DAY - 60_000
    time = fresh
    expect(await store.collect(SPACE, DAY)).toEqual({ count: 0, bytes: 0 })
    time += 5 * DAY
    expect(await store.collect(SPACE, DAY)).toEqual({ count: 1, bytes: 3 })
    expect((await all(store.blobs(SPACE))).map(({ hash }) => hash)).toEqual([kept])
    await store.close()
  })

  test('B9 a space takes no more than there is room for, however many come at a time; nothing of the rest is kept', async () => {
    const store = await make(() => 0)
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => {
        const bytes = bytesOf(`picture number ${i}`)
        const ref = { space: SPACE, hash: hashOf(bytes) }
        return store.put(ref, 'a/b', once(bytes), LIMIT, { room: 50, document: 'a' })
      }),
    )
    const refused = results.filter((result) => result.status === 'rejected')
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'SPACE_FULL' })
    const { count, bytes } = await store.totals(SPACE)
    expect([count, bytes, refused.length]).toEqual([3, 48, 5])
    expect((await store.references(SPACE)).flatMap(({ hashes }) => hashes)).toHaveLength(3)
    // What is there already needs no room.
    expect(await store.refer(doc('b'), [(await all(store.blobs(SPACE)))[0]!.hash])).toMatchObject({ missing: [] })
    await store.close()
  })

  test('B10 a backup finds every blob and reference, and puts them back', async () => {
    const from = await make(() => 0)
    const hashes = [await put(from, 'one', 'a'), await put(from, 'two', 'a'), await put(from, 'three')]
    await from.refer(doc('b'), [hashes[0]!, hashOf(bytesOf('not there'))])
    await put(from, 'elsewhere', 'a', 'team')
    expect([...(await from.spaces())].sort()).toEqual([SPACE, 'team'])
    const to = await make(() => 0)
    for (const space of await from.spaces()) {
      for await (const { hash, type } of from.blobs(space)) {
        const found = await from.read({ space, hash })
        await to.put({ space, hash }, type, found!.content, LIMIT)
      }
      for (const { document, hashes } of await from.references(space)) await to.refer(doc(document, space), hashes)
    }
    const sorted = async (store: BlobStore) => ({
      blobs: (await all(store.blobs(SPACE)))
        .map(({ at: _, ...rest }) => rest)
        .sort((a, b) => a.bytes - b.bytes || +(a.hash > b.hash)),
      references: await store.references(SPACE),
      totals: await store.totals('team'),
    })
    expect(await sorted(to)).toEqual(await sorted(from))
    expect(await to.verify({ space: SPACE, hash: hashes[1]! })).toBe('whole')
    expect(await to.verify({ space: SPACE, hash: '0'.repeat(64) })).toBe('absent')
    await from.close()
    await to.close()
  })

  test('B11 bad names and too many references change nothing', async () => {
    const store = await make(() => 0)
    await expect(store.refer(doc('a'), ['x'])).rejects.toMatchObject({ code: 'BAD_NAME' })
    await expect(store.refer(doc('..'), [])).rejects.toMatchObject({ code: 'BAD_NAME' })
    await expect(put(store, 'x', '../x')).rejects.toMatchObject({ code: 'BAD_NAME' })
    const many = Array.from({ length: 10_001 }, (_, i) => hashOf(bytesOf(String(i))))
    await expect(store.refer(doc('a'), many)).rejects.toMatchObject({ code: 'TOO_MANY_REFERENCES' })
    expect(await store.references(SPACE)).toEqual([])
    expect(await store.totals(SPACE)).toEqual({ count: 0, bytes: 0 })
    await store.close()
  })
})

async function spaceFolder(directory: string): Promise<string> {
  const [name = ''] = (await readdir(directory)).filter((entry) => entry.length === 32)
  return join(directory, name)
}

test('B7 references are there after opening again, also when the file was written anew', async () => {
  const directory = await temporaryFolder()
  let time = 0
  const now = () => time
  const first = await openDiskBlobs(directory, { now })
  const kept = await put(first, 'kept', 'a')
  const gone = await put(first, 'gone', 'b')
  for (let i = 0; i < 700; i += 1) {
    await first.refer(doc(`x${i}`), [kept])
    await first.release(doc(`x${i}`))
  }
  await first.release(doc('b'))
  await first.close()
  const path = join(await spaceFolder(directory), 'references')
  const before = (await readFile(path, 'utf8')).split('\n').length
  const again = await openDiskBlobs(directory, { now })
  expect(again.opened).toEqual({ created: false, damaged: [] })
  expect(await again.spaces()).toEqual([SPACE])
  expect((await readFile(path, 'utf8')).split('\n').length).toBeLessThan(before / 100)
  expect(await again.references(SPACE)).toEqual([{ document: 'a', hashes: [kept] }])
  time = DAY
  expect((await again.sweep(DAY)).count).toBe(1)
  expect(await again.stat({ space: SPACE, hash: gone })).toBeNull()
  await again.close()
})

test('B12 a line that was cut is as if it was never begun; a damaged one is noticed, and nothing is swept until somebody says so', async () => {
  const directory = await temporaryFolder()
  let time = 0
  const now = () => time
  const first = await openDiskBlobs(directory, { now })
  const hash = await put(first, 'picture', 'a')
  await put(first, 'other', 'b')
  await first.close()
  const path = join(await spaceFolder(directory), 'references')
  await appendFile(path, '+ c 1234')
  const second = await openDiskBlobs(directory, { now })
  expect(second.opened.damaged).toEqual([])
  await second.refer(doc('d'), [hash])
  await second.release(doc('b'))
  await second.close()
  const text = await readFile(path, 'latin1')
  expect(text).not.toContain('c 1234')
  await writeFile(path, text.replace('+ a ', '+ q '), 'latin1')
  const third = await openDiskBlobs(directory, { now })
  expect(third.opened.damaged).toEqual([SPACE])
  expect((await third.references(SPACE)).map(({ document }) => document)).toEqual(['d'])
  time = 2 * DAY
  expect((await third.sweep(DAY)).count).toBe(0)
  await third.close()
  // Whoever opened it first may have told nobody.
  const untold = await openDiskBlobs(directory, { now })
  expect(untold.opened.damaged).toEqual([SPACE])
  await untold.lossTold()
  await untold.close()
  const fourth = await openDiskBlobs(directory, { now })
  expect(fourth.opened.damaged).toEqual([])
  expect((await fourth.sweep(DAY)).count).toBe(0)
  expect((await fourth.collect(SPACE, DAY)).count).toBe(1)
  expect(await fourth.stat({ space: SPACE, hash })).not.toBeNull()
  await fourth.close()
  expect(await readdir(join(directory, 'quarantine'))).toHaveLength(1)
})

const large = new Uint8Array(300_000).map((_, i) => (i * 7) % 251)
const largeRef = { space: SPACE, hash: hashOf(large) }

async function damage(directory: string, at: number): Promise<void> {
  const file = await open(join(await spaceFolder(directory), largeRef.hash.slice(0, 2), largeRef.hash), 'r+')
  await file.write(Uint8Array.of(0xfe), 0, 1, at)
  await file.close()
}

test.each([
  ['the content of its own part', 512 + 140_000],
  ['the hashes of parts', 512 + 300_000 + 70],
  ['the media type', 50],
])('B6 a part is checked: with damage in %s it gives nothing, and is set aside', async (_where, at) => {
  const directory = await temporaryFolder()
  const store = await openDiskBlobs(directory)
  await store.put(largeRef, 'image/png', once(large), LIMIT, { document: 'a' })
  await damage(directory, at)
  expect(await store.verify(largeRef)).toBe('damaged')
  const reading = async () => read(await store.read(largeRef, { from: 131_072, to: 131_080 }))
  await expect(reading()).rejects.toMatchObject({ code: 'DAMAGED' })
  expect(await store.read(largeRef)).toBeNull()
  expect(await store.wanted(SPACE, 10)).toEqual([largeRef.hash])
  await store.put(largeRef, 'image/png', once(large), LIMIT)
  expect((await read(await store.read(largeRef, { from: 131_072, to: 131_080 }))).length).toBeGreaterThan(0)
  await store.close()
})

test('B6 a part is given when only others are damaged, and nothing of those is', async () => {
  const directory = await temporaryFolder()
  const store = await openDiskBlobs(directory)
  await store.put(largeRef, 'image/png', once(large), LIMIT)
  await damage(directory, 512 + 140_000)
  const part = await store.read(largeRef, { from: 10, to: 70_000 })
  const chunks = await all(part!.content)
  expect(Buffer.compare(Buffer.concat(chunks), large.subarray(10, 70_001))).toBe(0)
  const whole: Uint8Array[] = []
  const reading = async () => {
    for await (const chunk of (await store.read(largeRef))!.content) whole.push(chunk)
  }
  await expect(reading()).rejects.toMatchObject({ code: 'DAMAGED' })
  expect(Buffer.compare(Buffer.concat(whole), large.subarray(0, 131_072))).toBe(0)
  await store.close()
})

test('B6 a file of version 1 is read from end to end before anything of it is given', async () => {
  const directory = await temporaryFolder()
  const store = await openDiskBlobs(directory)
  await store.put(largeRef, 'image/png', once(large), LIMIT)
  const path = join(await spaceFolder(directory), largeRef.hash.slice(0, 2), largeRef.hash)
  const header = JSON.stringify({ holdfast: 'blob', version: 1, type: 'image/png', bytes: large.length })
  const old = Buffer.concat([Buffer.from(`${header.padEnd(511)}\n`), large])
  await writeFile(path, old)
  const part = await all((await store.read(largeRef, { from: 5, to: 70_000 }))!.content)
  expect(Buffer.compare(Buffer.concat(part), large.subarray(5, 70_001))).toBe(0)
  await store.close()
  await damage(directory, 512 + 299_999)
  const again = await openDiskBlobs(directory)
  await expect(again.read(largeRef, { from: 0, to: 10 })).rejects.toMatchObject({ code: 'DAMAGED' })
  expect(await again.stat(largeRef)).toBeNull()
  await again.close()
})
