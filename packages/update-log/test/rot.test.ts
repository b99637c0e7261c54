import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seededRandom } from '@holdfast/testkit'
import { isUpdateLogError, type UpdateLog } from '@holdfast/update-log'
import { openLevelLog } from '@holdfast/update-log/level'
import { expect, test } from 'vitest'
import { temporaryFolder } from './folders.ts'

const DOCUMENTS = 6
const UPDATES = 60

const ref = (i: number) => ({ space: 'default', document: `document-${i}` })
const update = (i: number, n: number): Uint8Array =>
  new TextEncoder().encode(`update ${n} of document ${i}, `.repeat(3))

/** A folder with documents in commits of their own. In LevelDB's log, or (opened once more) in its tables. */
async function folderWith(where: 'log' | 'tables'): Promise<{ directory: string; incarnation: string }> {
  const directory = await temporaryFolder()
  const log = await openLevelLog({ directory })
  for (let n = 0; n < UPDATES; n += 1) {
    await Promise.all(Array.from({ length: DOCUMENTS }, (_, i) => log.append(ref(i), update(i, n))))
  }
  const { incarnation } = log
  await log.close()
  if (where === 'tables') await (await openLevelLog({ directory })).close()
  return { directory, incarnation }
}

type Outcome = 'unreadable' | 'renewed' | 'damaged' | 'whole'

/** Opens and reads everything; anything that is not as it was and is not said fails the test. */
async function outcomeOf(directory: string, incarnation: string): Promise<Outcome> {
  let log: UpdateLog
  try {
    log = await openLevelLog({ directory })
  } catch (error) {
    if (isUpdateLogError(error, 'UNREADABLE')) return 'unreadable'
    throw error
  }
  const renewed = log.incarnation !== incarnation
  expect(log.opened.renewed !== null).toBe(renewed)
  let damaged = false
  for (let i = 0; i < DOCUMENTS; i += 1) {
    try {
      const loaded = await log.load(ref(i))
      const updates = loaded?.updates ?? []
      // Never wrong; short only when the loss was told.
      expect(updates).toEqual(updates.map((_, n) => update(i, n)))
      if (!renewed) expect(updates.length).toBe(UPDATES)
    } catch (error) {
      if (!isUpdateLogError(error, 'DAMAGED')) throw error
      damaged = true
    }
  }
  try {
    // Whatever happened, it goes on, unless the very place where a name would be cannot be read.
    await log.append({ space: 'default', document: 'another' }, Uint8Array.of(1))
    const { entries } = await log.feed('default', { after: 0, limit: 100 })
    expect(entries.length > DOCUMENTS || damaged || renewed).toBe(true)
  } catch (error) {
    if (!isUpdateLogError(error, 'DAMAGED')) throw error
    damaged = true
  }
  await log.close()
  return renewed ? 'renewed' : damaged ? 'damaged' : 'whole'
}

async function filesOf(directory: string, kind: RegExp): Promise<string[]> {
  return (await readdir(join(directory, 'log'))).filter((name) => kind.test(name)).map((name) => join('log', name))
}

async function flipEach(
  where: 'log' | 'tables',
  kind: RegExp | 'mark',
  seed: number,
  count: number,
): Promise<Outcome[]> {
  const { directory, incarnation } = await folderWith(where)
  const random = seededRandom(seed)
  const names = kind === 'mark' ? ['mark'] : await filesOf(directory, kind)
  const outcomes: Outcome[] = []
  for (let n = 0; n < count; n += 1) {
    const name = random.pick(names)
    const bytes = await readFile(join(directory, name))
    if (bytes.length === 0) continue
    const at = random.int(bytes.length)
    bytes[at] = bytes[at]! ^ (1 << random.int(8))
    const copy = `${directory}-copy`
    try {
      await cp(directory, copy, { recursive: true })
      await writeFile(join(copy, name), bytes)
      outcomes.push(await outcomeOf(copy, incarnation))
    } catch (error) {
      throw new Error(`seed ${seed}, flip ${n}: byte ${at} of ${name}`, { cause: error })
    } finally {
      await rm(copy, { recursive: true, force: true })
    }
  }
  return outcomes
}

test('U12 a flipped byte in LevelDB’s log is noticed: another incarnation, a copy in quarantine', async () => {
  const outcomes = await flipEach('log', /\d+\.log$/, 1, 120)
  expect(outcomes.length).toBe(120)
  expect(outcomes).not.toContain('unreadable')
  expect(outcomes.filter((outcome) => outcome === 'renewed').length).toBeGreaterThan(110)
})

test('U4 a flipped byte in a table never gives a wrong or a short document', async () => {
  const outcomes = await flipEach('tables', /\.ldb$/, 2, 160)
  expect(outcomes.length).toBe(160)
  expect(outcomes.filter((outcome) => outcome !== 'whole').length).toBeGreaterThan(60)
})

test('U13 a flipped byte in LevelDB’s list of files is named or harmless', async () => {
  const outcomes = await flipEach('tables', /^(MANIFEST|CURRENT)/, 3, 60)
  expect(outcomes).toContain('unreadable')
})

test('U12 a flipped byte in the mark is harmless or noticed', async () => {
  const outcomes = await flipEach('log', 'mark', 4, 40)
  expect(outcomes).not.toContain('unreadable')
  expect(outcomes).not.toContain('damaged')
})

test('U12 a lost tail is noticed, wherever the log was cut', async () => {
  const { directory, incarnation } = await folderWith('log')
  const [name = ''] = (await filesOf(directory, /\d+\.log$/)).sort().reverse()
  const { length } = await readFile(join(directory, name))
  const random = seededRandom(5)
  for (let n = 0; n < 40; n += 1) {
    const size = random.int(length)
    const copy = `${directory}-copy`
    await cp(directory, copy, { recursive: true })
    await truncate(join(copy, name), size)
    expect(await outcomeOf(copy, incarnation), `cut at ${size} of ${length}`).toBe('renewed')
    await rm(copy, { recursive: true, force: true })
  }
})

test('U12 a renewed incarnation stays, and what is left is told why', async () => {
  const { directory, incarnation } = await folderWith('log')
  const [name = ''] = (await filesOf(directory, /\d+\.log$/)).sort().reverse()
  await truncate(join(directory, name), 1_000)
  const log = await openLevelLog({ directory })
  expect(log.opened.renewed?.reason).toBe('tail-lost')
  const { incarnation: renewed } = log
  expect(renewed).not.toBe(incarnation)
  await log.close()
  const again = await openLevelLog({ directory })
  expect(again.opened.renewed).toBeNull()
  expect(again.incarnation).toBe(renewed)
  await again.close()
})

test('U12 a mark that is missing or of another history is noticed', async () => {
  const { directory, incarnation } = await folderWith('log')
  const other = await folderWith('log')
  await rm(join(directory, 'mark'))
  const log = await openLevelLog({ directory })
  expect(log.opened.renewed?.reason).toBe('mark-missing')
  expect(log.incarnation).not.toBe(incarnation)
  await log.close()
  await cp(join(other.directory, 'mark'), join(directory, 'mark'))
  const again = await openLevelLog({ directory })
  expect(again.opened.renewed?.reason).toBe('mark-foreign')
  await again.close()
})

test('U12 a log folder that was emptied is noticed', async () => {
  const { directory, incarnation } = await folderWith('log')
  await rm(join(directory, 'log'), { recursive: true })
  const log = await openLevelLog({ directory })
  expect(log.opened).toMatchObject({ created: false, renewed: { reason: 'tail-lost' } })
  expect(log.incarnation).not.toBe(incarnation)
  expect(await log.load(ref(0))).toBeNull()
  await log.close()
})

test('U12 a damaged log is copied aside before LevelDB deletes it', async () => {
  const { directory } = await folderWith('log')
  const [name = ''] = (await filesOf(directory, /\d+\.log$/)).sort().reverse()
  const bytes = await readFile(join(directory, name))
  bytes[3_000] = bytes[3_000]! ^ 1
  await writeFile(join(directory, name), bytes)
  const log = await openLevelLog({ directory })
  expect(log.opened.renewed?.reason).toBe('log-damaged')
  await log.close()
  const [copy = ''] = await readdir(join(directory, 'quarantine'))
  expect(await readFile(join(directory, 'quarantine', copy))).toEqual(bytes)
})

test('U7 what was purged is on the disk no more, nor is its summary', async () => {
  const directory = await temporaryFolder()
  const log = await openLevelLog({ directory })
  const random = seededRandom(6)
  // Random bytes: compressing does not hide them.
  const [content, summary] = [random.bytes(200), random.bytes(200)]
  const found = async (bytes: Uint8Array): Promise<string[]> => {
    const names = await readdir(join(directory, 'log'))
    const files = await Promise.all(names.map((name) => readFile(join(directory, 'log', name))))
    return names.filter((_, i) => files[i]?.includes(Buffer.from(bytes.subarray(50, 90))))
  }
  for (let i = 0; i < 20; i += 1) await log.append(ref(i), update(i, 0), { summary: update(i, 1) })
  await log.append(ref(7), content, { summary })
  for (let i = 0; i < 20; i += 1) await log.append(ref(i), update(i, 2))
  expect(await found(content)).not.toEqual([])
  expect(await found(summary)).not.toEqual([])
  await log.purge(ref(7))
  expect(await found(content)).toEqual([])
  expect(await found(summary)).toEqual([])
  for (let i = 0; i < 20; i += 1) {
    if (i !== 7) expect(await log.load(ref(i))).toMatchObject({ seq: 2, summary: update(i, 1) })
  }
  await log.close()
})
