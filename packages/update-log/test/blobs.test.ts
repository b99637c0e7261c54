import { createHash } from 'node:crypto'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobContent, BlobStore } from '@holdfast/update-log'
import { createMemoryBlobs, openDiskBlobs } from '@holdfast/update-log/blobs'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from './folders.ts'

const LIMIT = 1_000_000

function blob(bytes: Uint8Array, space = 'default') {
  return { space, hash: createHash('sha256').update(bytes).digest('hex') }
}

async function* parts(bytes: Uint8Array, size = 50_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(found: BlobContent | null): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of found?.content ?? []) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const small = new TextEncoder().encode('hello')
const large = new Uint8Array(300_000).map((_, i) => i % 251)

describe.each([
  ['memory', async () => createMemoryBlobs()],
  ['disk', async () => openDiskBlobs(await temporaryFolder())],
] as [string, () => Promise<BlobStore>][])('%s', (_name, make) => {
  test('B1 what was put is read byte for byte, whole and in part, with its type', async () => {
    const store = await make()
    for (const bytes of [small, large, new Uint8Array(0)]) {
      expect(await store.put(blob(bytes), 'image/png', parts(bytes), LIMIT)).toEqual({ created: true })
      expect(await store.stat(blob(bytes))).toEqual({ bytes: bytes.length, type: 'image/png' })
      const found = await store.read(blob(bytes))
      expect(found).toMatchObject({ bytes: bytes.length, type: 'image/png' })
      expect(Buffer.compare(await read(found), bytes)).toBe(0)
    }
    expect(
      Buffer.compare(
        await read(await store.read(blob(large), { from: 65_000, to: 140_000 })),
        large.subarray(65_000, 140_001),
      ),
    ).toBe(0)
    await store.close()
  })

  test('B2 content with another hash, or over the limit, or that breaks off, leaves nothing', async () => {
    const store = await make()
    await expect(store.put(blob(small), 'a/b', parts(large), LIMIT)).rejects.toMatchObject({ code: 'HASH_MISMATCH' })
    await expect(store.put(blob(large), 'a/b', parts(large), 299_999)).rejects.toMatchObject({ code: 'TOO_LARGE' })
    async function* broken() {
      yield large.subarray(0, 100)
      throw new Error('gone')
    }
    await expect(store.put(blob(large), 'a/b', broken(), LIMIT)).rejects.toThrow('gone')
    expect(await store.stat(blob(small))).toBeNull()
    expect(await store.read(blob(large))).toBeNull()
    expect(await store.totals('default')).toEqual({ count: 0, bytes: 0 })
    await store.put(blob(large), 'a/b', parts(large), 300_000)
    await store.close()
  })

  test('B3 the same again changes nothing, and is made once however many come at a time', async () => {
    const store = await make()
    const made = await Promise.all(
      Array.from({ length: 5 }, (_, i) => store.put(blob(large), `a/${i}`, parts(large), LIMIT)),
    )
    expect(made.filter(({ created }) => created)).toHaveLength(1)
    const before = await store.stat(blob(large))
    expect(await store.put(blob(large), 'other/type', parts(small), LIMIT)).toEqual({ created: false })
    expect(await store.stat(blob(large))).toEqual(before)
    expect(await store.totals('default')).toEqual({ count: 1, bytes: large.length })
    await store.close()
  })

  test('B4 spaces are apart, and each is counted; deleting says whether there was one', async () => {
    const store = await make()
    expect(await store.totals('a')).toEqual({ count: 0, bytes: 0 })
    await store.put(blob(small, 'a'), 'a/b', parts(small), LIMIT)
    await store.put(blob(large, 'a'), 'a/b', parts(large), LIMIT)
    await store.put(blob(small, 'A'), 'a/b', parts(small), LIMIT)
    expect(await store.stat(blob(small, 'b'))).toBeNull()
    expect(await store.totals('a')).toEqual({ count: 2, bytes: 300_005 })
    expect(await store.totals('A')).toEqual({ count: 1, bytes: 5 })
    expect(await store.delete(blob(small, 'a'))).toBe(true)
    expect(await store.delete(blob(small, 'a'))).toBe(false)
    expect(await store.totals('a')).toEqual({ count: 1, bytes: 300_000 })
    expect(await store.stat(blob(small, 'A'))).not.toBeNull()
    await store.close()
  })

  test('B5 bad names reach nothing, and after closing nothing is done', async () => {
    const store = await make()
    for (const hash of ['', 'x', '../../etc', 'A'.repeat(64), 'a'.repeat(65)]) {
      await expect(store.stat({ space: 'default', hash })).rejects.toMatchObject({ code: 'BAD_NAME' })
    }
    await expect(store.stat({ space: '..', hash: 'a'.repeat(64) })).rejects.toMatchObject({ code: 'BAD_NAME' })
    await store.close()
    await expect(store.stat(blob(small))).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(store.totals('default')).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

test('B1 on disk it is there after opening again, what was being received is not, and all is counted', async () => {
  const directory = await temporaryFolder()
  const first = await openDiskBlobs(directory)
  await first.put(blob(large), 'image/png', parts(large), LIMIT)
  await first.close()
  await (await open(join(directory, 'tmp', 'half'), 'w')).close()
  const again = await openDiskBlobs(directory)
  expect(await again.totals('default')).toEqual({ count: 1, bytes: 300_000 })
  expect(Buffer.compare(await read(await again.read(blob(large))), large)).toBe(0)
  expect(await readdir(join(directory, 'tmp'))).toEqual([])
  await again.close()
})

test.each([600, 100_000, 300_511])(
  'B6 a flipped byte at %i fails the read before its end, and it is set aside',
  async (at) => {
    const directory = await temporaryFolder()
    const store = await openDiskBlobs(directory)
    const ref = blob(large)
    await store.put(ref, 'image/png', parts(large), LIMIT)
    const [space = ''] = (await readdir(directory)).filter((name) => name.length === 32)
    const file = await open(join(directory, space, ref.hash.slice(0, 2), ref.hash), 'r+')
    await file.write(Uint8Array.of(0xff), 0, 1, at)
    await file.close()
    const chunks: Uint8Array[] = []
    const reading = (async () => {
      for await (const chunk of (await store.read(ref))!.content) chunks.push(chunk)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'DAMAGED' })
    expect(Buffer.concat(chunks).length).toBeLessThan(large.length)
    expect(await store.stat(ref)).toBeNull()
    expect(await store.put(ref, 'image/png', parts(large), LIMIT)).toEqual({ created: true })
    expect(await readdir(join(directory, 'quarantine'))).toHaveLength(1)
    await store.close()
  },
)

test('B6 a blob that was cut is set aside when somebody asks for it', async () => {
  const directory = await temporaryFolder()
  const store = await openDiskBlobs(directory)
  const ref = blob(large)
  await store.put(ref, 'image/png', parts(large), LIMIT)
  const [space = ''] = (await readdir(directory)).filter((name) => name.length === 32)
  const file = await open(join(directory, space, ref.hash.slice(0, 2), ref.hash), 'r+')
  await file.truncate(1_000)
  await file.close()
  await expect(store.read(ref)).rejects.toMatchObject({ code: 'DAMAGED' })
  expect(await store.stat(ref)).toBeNull()
  expect(await store.read(ref)).toBeNull()
  await store.close()
})
