import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seededRandom } from '@holdfast/testkit'
import { openLevelLog } from '@holdfast/update-log/level'
import { repairFolder, verifyFolder } from '@holdfast/update-log/upkeep'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { temporaryFolder } from './folders.ts'
import { docOf } from './yjs.ts'

const DOCUMENTS = 8
const ref = (i: number) => ({ space: i % 2 === 0 ? 'default' : 'other', document: `document-${i}` })

interface Made {
  readonly directory: string
  readonly incarnation: string
  readonly texts: string[]
  readonly purgedEpoch: string
}

/** Real documents: some just written, some compacted, one purged. In LevelDB's log, or (opened once more) in its tables. */
async function folderWith(where: 'log' | 'tables'): Promise<Made> {
  const directory = await temporaryFolder()
  const log = await openLevelLog({ directory })
  const docs = Array.from({ length: DOCUMENTS }, () => new Y.Doc())
  for (let n = 0; n < 40; n += 1) {
    await Promise.all(
      docs.map(async (doc, i) => {
        const before = Y.encodeStateVector(doc)
        doc.getText('text').insert(doc.getText('text').length, `${i}:${n};`)
        await log.append(ref(i), Y.encodeStateAsUpdate(doc, before), { summary: Uint8Array.of(i, n) })
      }),
    )
    if (n === 25) for (let i = 0; i < 4; i += 1) await log.compact(ref(i))
  }
  const gone = { space: 'default', document: 'gone' }
  const { epoch } = await log.append(gone, Uint8Array.of(0, 0))
  await log.purge(gone)
  const { incarnation } = log
  await log.close()
  if (where === 'tables') await (await openLevelLog({ directory })).close()
  return { directory, incarnation, purgedEpoch: epoch, texts: docs.map((doc) => doc.getText('text').toString()) }
}

/** What every repaired folder must be: it opens, every document is read and written, and none says what was never said. */
async function expectRepaired(directory: string, made: Made): Promise<number> {
  const log = await openLevelLog({ directory })
  expect(log.opened.renewed).toBeNull()
  let whole = 0
  for (let i = 0; i < DOCUMENTS; i += 1) {
    const loaded = await log.load(ref(i))
    if (loaded !== null) {
      const doc = docOf(...(loaded.snapshot === null ? [] : [loaded.snapshot]), ...loaded.updates)
      expect(doc.store.pendingStructs).toBeNull()
      const text = doc.getText('text').toString()
      // Each piece builds on the one before, so what is there is a beginning.
      expect(made.texts[i]?.startsWith(text)).toBe(true)
      expect(text.length).toBeGreaterThan(0)
      if (text === made.texts[i]) whole += 1
    }
    const { epoch, seq } = await log.append(ref(i), Uint8Array.of(0, 0))
    if (loaded !== null) expect({ epoch, seq }).toEqual({ epoch: loaded.epoch, seq: loaded.seq + 1 })
  }
  const pages = await Promise.all(['default', 'other'].map((space) => log.feed(space, { after: 0, limit: 100 })))
  expect(pages.flatMap(({ entries }) => entries).filter(({ purged }) => !purged).length).toBe(DOCUMENTS)
  await log.close()
  return whole
}

const options = { stamp: 'test' }

test('K4 a folder that is sound is left alone', async () => {
  const made = await folderWith('tables')
  const before = await readdir(made.directory)
  const verified = await verifyFolder(made.directory)
  expect(verified.problems).toEqual([])
  expect(verified.documents).toMatchObject({ documents: DOCUMENTS, purged: 1, updates: DOCUMENTS * 40 })
  const repaired = await repairFolder(made.directory, options)
  expect(repaired).toMatchObject({ problems: [], documents: [], incarnation: null, aside: null })
  expect((await readdir(made.directory)).filter((name) => name !== 'blobs')).toEqual(before)
  const log = await openLevelLog({ directory: made.directory })
  expect(log.incarnation).toBe(made.incarnation)
  await log.close()
})

test('K4 without CURRENT, without its list of files, or with both damaged, everything is rebuilt', async () => {
  for (const where of ['log', 'tables'] as const) {
    const made = await folderWith(where)
    for (const damage of ['CURRENT gone', 'CURRENT damaged', 'MANIFEST gone', 'MANIFEST damaged'] as const) {
      const directory = `${made.directory}-${damage.replace(' ', '-')}`
      await cp(made.directory, directory, { recursive: true })
      const names = await readdir(join(directory, 'log'))
      const name = names.find((file) => file.startsWith(damage.split(' ')[0]!))!
      const path = join(directory, 'log', name)
      if (damage.endsWith('gone')) await rm(path)
      else await writeFile(path, 'nonsense, which is no list of files')
      await expect(openLevelLog({ directory }), damage).rejects.toMatchObject({ code: 'UNREADABLE' })
      expect((await verifyFolder(directory)).problems.length, damage).toBeGreaterThan(0)
      const dry = await repairFolder(directory, { ...options, dryRun: true })
      expect(dry.aside).toBeNull()
      await expect(openLevelLog({ directory }), damage).rejects.toMatchObject({ code: 'UNREADABLE' })
      const repaired = await repairFolder(directory, options)
      expect(repaired.documents, damage).toEqual([])
      expect(repaired.incarnation).not.toBe(made.incarnation)
      expect(await expectRepaired(directory, made), damage).toBe(DOCUMENTS)
      // What was there is kept as it was.
      expect(await readdir(join(directory, 'quarantine', 'repair-test', 'log'))).toContain(
        damage.endsWith('gone') ? names.find((file) => /^\d+\.(log|ldb)$/.test(file)) : name,
      )
      await rm(directory, { recursive: true })
    }
  }
})

test('K4 what was purged stays refused after a repair', async () => {
  const made = await folderWith('tables')
  await rm(join(made.directory, 'log', 'CURRENT'))
  await repairFolder(made.directory, options)
  const log = await openLevelLog({ directory: made.directory })
  const gone = { space: 'default', document: 'gone' }
  await expect(log.append(gone, Uint8Array.of(0, 0), { epoch: made.purgedEpoch })).rejects.toMatchObject({
    code: 'PURGED',
  })
  await log.close()
})

for (const [kind, where, seed] of [
  ['flipped', 'log', 11],
  ['flipped', 'tables', 12],
  ['cut', 'log', 13],
  ['cut', 'tables', 14],
  ['gone', 'tables', 15],
] as const) {
  test(`K4 a file that is ${kind}, in the ${where}: never wrong, all can be written again, the rest is whole`, async () => {
    const made = await folderWith(where)
    const random = seededRandom(seed)
    const names = (await readdir(join(made.directory, 'log'))).filter((name) =>
      /^(\d+\.(log|ldb)|CURRENT|MANIFEST)/.test(name),
    )
    let wholes = 0
    const rounds = 8
    for (let n = 0; n < rounds; n += 1) {
      const directory = `${made.directory}-copy`
      await cp(made.directory, directory, { recursive: true })
      const name = random.pick(names)
      const path = join(directory, 'log', name)
      const bytes = await readFile(path)
      const at = random.int(Math.max(1, bytes.length))
      try {
        if (kind === 'gone') await rm(path)
        else if (kind === 'cut') await truncate(path, at)
        else {
          for (let flips = 1 + random.int(3); flips > 0; flips -= 1) {
            const place = random.int(Math.max(1, bytes.length))
            bytes[place] = (bytes[place] ?? 0) ^ (1 << random.int(8))
          }
          await writeFile(path, bytes)
        }
        const { problems } = await repairFolder(directory, options)
        expect((await verifyFolder(directory)).problems).toEqual([])
        if (problems.length > 0) wholes += await expectRepaired(directory, made)
        else wholes += DOCUMENTS
      } catch (error) {
        throw new Error(`seed ${seed}, round ${n}: ${name} at ${at}`, { cause: error })
      }
      await rm(directory, { recursive: true, force: true })
    }
    if (kind === 'flipped') expect(wholes).toBeGreaterThan(rounds * DOCUMENTS * 0.5)
  })
}

test('K4 documents that were refused as damaged can be written again, with what of them is good', async () => {
  const made = await folderWith('tables')
  // Records stand behind names and heads.
  const tables = (await readdir(join(made.directory, 'log'))).filter((name) => name.endsWith('.ldb'))
  const sized = await Promise.all(
    tables.map(async (name) => ({
      path: join(made.directory, 'log', name),
      bytes: await readFile(join(made.directory, 'log', name)),
    })),
  )
  const { path, bytes } = sized.toSorted((a, b) => b.bytes.length - a.bytes.length)[0]!
  const at = Math.floor(bytes.length * 0.7)
  bytes[at] = bytes[at]! ^ 16
  await writeFile(path, bytes)
  const log = await openLevelLog({ directory: made.directory })
  const refused: number[] = []
  for (let i = 0; i < DOCUMENTS; i += 1) {
    await log.load(ref(i)).catch(() => refused.push(i))
  }
  await log.close()
  expect(refused.length).toBeGreaterThan(0)
  const { documents } = await repairFolder(made.directory, options)
  expect(documents.length).toBeGreaterThanOrEqual(refused.length)
  await expectRepaired(made.directory, made)
})

test('K1 a folder that is in use or is none is refused, and nothing is made', async () => {
  const made = await folderWith('log')
  const log = await openLevelLog({ directory: made.directory })
  const before = await readdir(made.directory)
  await log.append(ref(0), Uint8Array.of(0, 0))
  const other = await temporaryFolder()
  await expect(verifyFolder(other)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(repairFolder(join(other, 'none'), options)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await readdir(other)).toEqual([])
  // This process itself has it open: the system alone would not say no.
  await expect(verifyFolder(made.directory)).rejects.toMatchObject({ code: 'LOCKED' })
  await expect(repairFolder(made.directory, options)).rejects.toMatchObject({ code: 'LOCKED' })
  expect(await readdir(made.directory)).toEqual(before)
  await log.close()
})

test('K4 a folder that does not say any more which version wrote it is repaired', async () => {
  const made = await folderWith('tables')
  for (const text of ['nonsense', null]) {
    const path = join(made.directory, 'format')
    await (text === null ? rm(path) : writeFile(path, text))
    expect((await verifyFolder(made.directory)).problems).toMatchObject([{ part: 'file' }])
    const { documents, sound } = await repairFolder(made.directory, { stamp: String(text) })
    expect({ documents, sound }).toEqual({ documents: [], sound: DOCUMENTS + 1 })
    expect((await verifyFolder(made.directory)).problems).toEqual([])
  }
  expect(await expectRepaired(made.directory, made)).toBe(DOCUMENTS)
})

test('K2 a repair that is interrupted leaves the folder as it was', async () => {
  const made = await folderWith('tables')
  await rm(join(made.directory, 'log', 'CURRENT'))
  const before = await readdir(made.directory, { recursive: true })
  for (let stop = 1; stop < 12; stop += 2) {
    const controller = new AbortController()
    let steps = 0
    const onProgress = (): void => {
      steps += 1
      if (steps === stop) controller.abort()
    }
    const interrupted = repairFolder(made.directory, { ...options, signal: controller.signal, onProgress })
    await expect(interrupted).rejects.toMatchObject({ name: 'AbortError' })
    const now = await readdir(made.directory, { recursive: true })
    expect(now.filter((name) => !/^blobs|LOCK$/.test(name))).toEqual(before.filter((name) => !/LOCK$/.test(name)))
  }
  await repairFolder(made.directory, options)
  expect(await expectRepaired(made.directory, made)).toBe(DOCUMENTS)
})
