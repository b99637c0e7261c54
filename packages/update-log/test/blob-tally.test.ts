import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobStore } from '@holdfast/update-log'
import { createMemoryBlobFolder, createMemoryBlobs, openDiskBlobs } from '@holdfast/update-log/blobs'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from './folders.ts'

const SPACE = 'default'
const doc = (document: string) => ({ space: SPACE, document })
const hash = (digit: string): string => digit.repeat(64)

/** A folder that can be opened, one time after the other, and copied. */
interface Folder {
  open(): Promise<BlobStore>
  copy(): Promise<Folder>
}

const memoryFolder = (folder = createMemoryBlobFolder()): Folder => ({
  open: async () => createMemoryBlobs({ folder }),
  copy: async () => memoryFolder(folder.copy()),
})

const diskFolder = (directory: string): Folder => ({
  open: () => openDiskBlobs(directory),
  copy: async () => {
    const to = join(await temporaryFolder(), 'copy')
    await cp(directory, to, { recursive: true })
    return diskFolder(to)
  },
})

describe.each([
  ['memory', async () => memoryFolder()],
  ['disk', async () => diskFolder(await temporaryFolder())],
] as [string, () => Promise<Folder>][])('%s', (_name, make) => {
  test('B14 what was told holds in every later opening, and in what is told then', async () => {
    const folder = await make()
    const first = await folder.open()
    expect((await first.tally(SPACE)).holds).toBe(true)
    const one = await first.refer(doc('a'), [hash('1')])
    expect(one).toMatchObject({ missing: [hash('1')], holds: true })
    // What is known already is told all the same.
    expect(await first.refer(doc('a'), [hash('1')], one.tally)).toEqual({ ...one, holds: true })
    const two = await first.refer(doc('a'), [hash('2')], one.tally)
    expect(two.holds).toBe(true)
    expect(two.tally).not.toBe(one.tally)
    await first.close()
    const second = await folder.open()
    expect(await second.tally(SPACE, two.tally)).toEqual({ tally: two.tally, holds: true })
    const three = await second.refer(doc('b'), [hash('1')], two.tally)
    await second.release(doc('b'))
    for (const { tally } of [one, two, three]) expect((await second.tally(SPACE, tally)).holds).toBe(true)
    // Spaces are apart.
    expect((await second.tally('team', one.tally)).holds).toBe(false)
    await second.close()
  })

  test('B14 what was told to a folder after it was copied does not hold in the copy, whatever that is told by itself', async () => {
    const folder = await make()
    const first = await folder.open()
    const before = await first.refer(doc('a'), [hash('1')])
    const copy = await folder.copy()
    const after = await first.refer(doc('a'), [hash('2')], before.tally)
    await first.close()
    const put = await copy.open()
    expect((await put.tally(SPACE, before.tally)).holds).toBe(true)
    expect((await put.tally(SPACE, after.tally)).holds).toBe(false)
    for (const digit of ['3', '4', '5']) {
      const { holds } = await put.refer(doc('a'), [hash(digit)], after.tally)
      expect(holds).toBe(false)
    }
    const there = await put.tally(SPACE)
    await put.close()
    // Both go on.
    const again = await folder.open()
    expect((await again.tally(SPACE, after.tally)).holds).toBe(true)
    expect((await again.refer(doc('a'), [hash('6')], there.tally)).holds).toBe(false)
    await again.close()
  })

  test('B14 a folder that was wiped holds nothing, nor does anything that is no tally', async () => {
    const old = await (await make()).open()
    const told = await old.refer(doc('a'), [hash('1')])
    await old.close()
    const store = await (await make()).open()
    for (const point of [told.tally, 'none', '', '.', '0.1', '__proto__.1', `${told.tally}9`, '1.1e1', ' 0.0']) {
      expect([point, (await store.tally(SPACE, point)).holds]).toEqual([point, false])
    }
    await store.close()
  })
})

async function referencesOf(directory: string): Promise<string> {
  const [name = ''] = (await readdir(directory)).filter((entry) => entry.length === 32)
  return join(directory, name, 'references')
}

test('B14 the tally is kept when the file is written anew, and after 512 openings the oldest are forgotten', async () => {
  const directory = await temporaryFolder()
  const first = await openDiskBlobs(directory)
  const { tally } = await first.refer(doc('a'), [hash('1')])
  for (let i = 0; i < 700; i += 1) {
    await first.refer(doc(`x${i}`), [hash('1')])
    await first.release(doc(`x${i}`))
  }
  const last = await first.tally(SPACE)
  await first.close()
  const path = await referencesOf(directory)
  const lines = async () => (await readFile(path, 'latin1')).split('\n').length
  const before = await lines()
  const second = await openDiskBlobs(directory)
  expect(await lines()).toBeLessThan(before / 100)
  expect((await second.tally(SPACE, tally)).holds).toBe(true)
  expect(await second.tally(SPACE, last.tally)).toEqual({ tally: last.tally, holds: true })
  await second.close()
  for (let i = 0; i < 512; i += 1) {
    const store = await openDiskBlobs(directory)
    await store.refer(doc(`y${i}`), [hash('2')])
    await store.close()
  }
  const store = await openDiskBlobs(directory)
  expect((await store.tally(SPACE, last.tally)).holds).toBe(false)
  expect((await store.references(SPACE)).length).toBe(513)
  await store.close()
})

test('B14 references that are damaged hold nothing that was told before', async () => {
  const directory = await temporaryFolder()
  const first = await openDiskBlobs(directory)
  const told = await first.refer(doc('a'), [hash('1')])
  await first.refer(doc('b'), [hash('1')])
  await first.close()
  const path = await referencesOf(directory)
  const text = await readFile(path, 'latin1')
  await writeFile(path, text.replace('+ b ', '+ q '), 'latin1')
  for (let i = 0; i < 2; i += 1) {
    const store = await openDiskBlobs(directory)
    expect((await store.tally(SPACE, told.tally)).holds).toBe(false)
    const again = await store.refer(doc('b'), [hash('1')], told.tally)
    expect(again.holds).toBe(false)
    expect((await store.tally(SPACE, again.tally)).holds).toBe(true)
    await store.close()
  }
})
