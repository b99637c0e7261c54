import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seededRandom } from '@holdfast/testkit'
import { inlineCompactor, isUpdateLogError, type UpdateLog } from '@holdfast/update-log'
import { type Database, type OpenDatabase, openClassicLevel, openLevelLog } from '@holdfast/update-log/level'
import { expect, test } from 'vitest'
import { temporaryFolder } from './folders.ts'
import { edits, textOf } from './yjs.ts'

const one = { space: 'default', document: 'one' }
const two = { space: 'default', document: 'two' }
const SEED = 7

/** The first byte of a key says what it is (keys.ts). */
const KIND = { head: 'h', name: 'N', nameAgain: 'n', record: 'r', summary: 's' } as const

/** LevelDB's own handle, to change entries behind the log's back. */
function withHandle(): { openDatabase: OpenDatabase; database: () => Database } {
  let held: Database | null = null
  return {
    openDatabase: async (directory) => {
      held = await openClassicLevel(directory)
      return held
    },
    database: () => held!,
  }
}

async function keysOf(database: Database, kind: string): Promise<Uint8Array[]> {
  const view = database.view()
  const first = kind.charCodeAt(0)
  const entries = await view.range({ gte: Uint8Array.of(first), lt: Uint8Array.of(first + 1) })
  await view.close()
  return entries.map(({ key }) => key)
}

async function flip(database: Database, key: Uint8Array): Promise<void> {
  const view = database.view()
  const value = (await view.get(key))!.slice()
  await view.close()
  value[value.length - 1]! ^= 1
  await database.write([{ type: 'put', key, value }], { sync: true })
}

async function drop(database: Database, key: Uint8Array): Promise<void> {
  await database.write([{ type: 'del', key }], { sync: true })
}

async function withDocuments(): Promise<{
  log: UpdateLog
  directory: string
  database: Database
  updates: Uint8Array[]
}> {
  const directory = await temporaryFolder()
  const { openDatabase, database } = withHandle()
  const log = await openLevelLog({ directory, openDatabase, compactor: inlineCompactor })
  const { updates } = edits(SEED, 12)
  for (const update of updates) {
    await log.append(one, update, { epoch: 'e1', summary: Uint8Array.of(1, 2) })
    await log.append(two, update)
  }
  return { log, directory, database: database(), updates }
}

async function again(directory: string): Promise<UpdateLog> {
  return openLevelLog({ directory, compactor: inlineCompactor })
}

test('U20 a document that is sound stays as it is', async () => {
  const { log } = await withDocuments()
  const { incarnation } = log
  const before = await log.load(one)
  expect(await log.setAside(one)).toEqual({ kind: 'sound' })
  expect(await log.setAside({ space: 'default', document: 'never' })).toEqual({ kind: 'sound' })
  expect(await log.load(one)).toEqual(before)
  expect(log.incarnation).toBe(incarnation)
  expect(await log.quarantine()).toEqual([])
  await log.close()
})

test('U20 the whole beginning of a damaged document is kept, the rest is in quarantine, and the history is another', async () => {
  const { log, directory, database, updates } = await withDocuments()
  const { incarnation } = log
  const records = await keysOf(database, KIND.record)
  // Documents are numbered in the order they came: the first twelve records are the first document's.
  await flip(database, records[7]!)
  await expect(log.load(one)).rejects.toMatchObject({ code: 'DAMAGED' })
  const done = await log.setAside(one)
  expect(done).toMatchObject({ kind: 'set-aside', kept: 7 })
  const loaded = await log.load(one)
  expect(loaded).toMatchObject({ epoch: 'e1', seq: 7, summary: Uint8Array.of(1, 2) })
  expect(loaded?.updates).toEqual(updates.slice(0, 7))
  expect(log.incarnation).not.toBe(incarnation)
  // Others are as they were.
  expect((await log.load(two))?.updates).toEqual(updates)
  // The copy has all that was there.
  const [name = ''] = await log.quarantine()
  const [said = '', ...entries] = (await readFile(join(directory, 'quarantine', name), 'utf8')).trim().split('\n')
  expect(JSON.parse(said)).toMatchObject({ holdfast: 'set-aside', space: 'default', document: 'one' })
  const copied = entries.map((line) => Buffer.from((JSON.parse(line) as { key: string }).key, 'base64'))
  expect(copied.filter((key) => String.fromCharCode(key[0]!) === KIND.record)).toHaveLength(12)
  // A client brings what is missing, and a restart finds it.
  for (const update of updates.slice(7)) await log.append(one, update, { epoch: 'e1' })
  await log.close()
  const reopened = await again(directory)
  expect(reopened.opened.renewed).toBeNull()
  expect(textOf(...((await reopened.load(one))?.updates ?? []))).toBe(textOf(...updates))
  await reopened.close()
})

test('U20 U9 whoever reads the feed of the new history is told of it', async () => {
  const { log, database } = await withDocuments()
  const { head: cursor } = await log.feed('default', { after: 0, limit: 10 })
  const records = await keysOf(database, KIND.record)
  await flip(database, records[3]!)
  await log.setAside(one)
  const { entries } = await log.feed('default', { after: cursor, limit: 10 })
  expect(entries).toMatchObject([{ document: 'one', epoch: 'e1', seq: 3, purged: false }])
  const all = await log.feed('default', { after: 0, limit: 10 })
  expect(all.entries.map(({ document }) => document).sort()).toEqual(['one', 'two'])
  await log.close()
})

test('U20 a head that is lost is made again from the second name and the records', async () => {
  for (const harm of [flip, drop]) {
    const { log, database, updates } = await withDocuments()
    const [head] = await keysOf(database, KIND.head)
    await harm(database, head!)
    const done = await log.setAside(one)
    expect(done).toMatchObject({ kind: 'set-aside', kept: 12 })
    expect(await log.load(one)).toMatchObject({ epoch: 'e1', seq: 12, updates })
    // Its old place in the feed could not be told by the head that was lost.
    const { entries, head: end } = await log.feed('default', { after: 0, limit: 10 })
    expect(entries.map(({ document }) => document)).toEqual(['two', 'one'])
    expect(entries.at(-1)?.feed).toBe(end)
    await log.close()
  }
})

test('U4 a head that is older than its document is damage, with a state and without, whatever came in one commit', async () => {
  for (const [together, compacted] of [
    [1, true],
    [3, true],
    [1, false],
    [3, false],
  ] as const) {
    const directory = await temporaryFolder()
    const { openDatabase, database } = withHandle()
    const log = await openLevelLog({ directory, openDatabase, compactor: inlineCompactor })
    const { updates } = edits(SEED, 8)
    for (const update of updates.slice(0, 4)) await log.append(one, update)
    if (compacted) await log.compact(one)
    const [key] = await keysOf(database(), KIND.head)
    const before = database().view()
    const old = (await before.get(key!))!.slice()
    await before.close()
    expect((await log.load(one))?.seq).toBe(4)
    // One commit for all of them.
    await Promise.all(updates.slice(4, 4 + together).map((update) => log.append(one, update)))
    expect((await log.load(one))?.updates).toEqual(updates.slice(compacted ? 4 : 0, 4 + together))
    await database().write([{ type: 'put', key: key!, value: old }], { sync: true })
    await expect(log.load(one)).rejects.toMatchObject({ code: 'DAMAGED' })
    await log.close()
  }
})

test('U20 a name that is lost is written again, and nothing is asked of anybody', async () => {
  for (const kind of [KIND.name, KIND.nameAgain]) {
    const { log, directory, database, updates } = await withDocuments()
    const [name] = await keysOf(database, kind)
    await drop(database, name!)
    await log.close()
    const opened = await again(directory)
    const { incarnation } = opened
    await expect(opened.load(one)).rejects.toMatchObject({ code: 'DAMAGED' })
    expect(await opened.setAside(one)).toMatchObject({ kind: 'set-aside', kept: 12 })
    expect(await opened.load(one)).toMatchObject({ epoch: 'e1', seq: 12, updates })
    expect(opened.incarnation).toBe(incarnation)
    expect(await opened.append(one, Uint8Array.of(0, 0), { epoch: 'e1' })).toMatchObject({ seq: 13 })
    await opened.close()
  }
})

test('U20 of a document whose records are all gone the epoch stays; of one with nothing left whoever comes begins it anew', async () => {
  const { log, directory, database } = await withDocuments()
  for (const key of (await keysOf(database, KIND.record)).slice(0, 12)) await drop(database, key)
  expect(await log.setAside(one)).toMatchObject({ kept: 0 })
  expect(await log.load(one)).toMatchObject({ epoch: 'e1', seq: 0, updates: [], snapshot: null })
  const [head] = await keysOf(database, KIND.head)
  const [again1] = await keysOf(database, KIND.nameAgain)
  await flip(database, head!)
  await flip(database, again1!)
  await log.close()
  const opened = await again(directory)
  expect(await opened.setAside(one)).toMatchObject({ kept: 0 })
  expect(await opened.load(one)).toBeNull()
  expect(await opened.append(one, Uint8Array.of(1), { epoch: 'e2' })).toMatchObject({ epoch: 'e2', seq: 1 })
  expect(await opened.load(one)).toMatchObject({ epoch: 'e2', seq: 1 })
  await opened.close()
})

test('U20 W9 what was purged stays refused, under each of its epochs', async () => {
  const { log, directory, database } = await withDocuments()
  await log.purge(one)
  await log.purge(one, { epoch: 'e0' })
  const [head] = await keysOf(database, KIND.head)
  await flip(database, head!)
  await log.close()
  const opened = await again(directory)
  await opened.setAside(one)
  for (const epoch of ['e0', 'e1']) {
    await expect(opened.append(one, Uint8Array.of(1), { epoch })).rejects.toMatchObject({ code: 'PURGED' })
  }
  expect(await opened.stat(one)).toMatchObject({ kind: 'purged', refused: ['e0', 'e1'] })
  await opened.close()
})

test('U20 a snapshot that is damaged takes what was built on it along', async () => {
  const { log, database, updates } = await withDocuments()
  await log.compact(one)
  await log.append(one, updates[0]!, { epoch: 'e1' })
  const [snapshot] = await keysOf(database, KIND.record)
  await flip(database, snapshot!)
  expect(await log.setAside(one)).toMatchObject({ kept: 0 })
  expect(await log.load(one)).toMatchObject({ epoch: 'e1', seq: 0 })
  await log.close()
})

test('U20 writers that go on meanwhile are kept or told, and the numbers stay without a gap', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = seededRandom(seed)
    const { log, database } = await withDocuments()
    const records = await keysOf(database, KIND.record)
    const at = random.int(12)
    await flip(database, records[at]!)
    const later: Promise<unknown>[] = []
    const { updates } = edits(SEED + seed, 8)
    for (const update of updates) {
      later.push(
        log.append(one, update, { epoch: 'e1' }).catch((error: unknown) => {
          if (!isUpdateLogError(error)) throw error
        }),
      )
      if (random.chance(0.3)) later.push(log.setAside(one))
      if (random.chance(0.3)) await later.at(-1)
    }
    await Promise.all(later)
    await log.setAside(one)
    const loaded = await log.load(one)
    expect(loaded?.seq, `seed ${seed}`).toBe(loaded?.updates.length)
    expect(loaded?.seq, `seed ${seed}`).toBeGreaterThanOrEqual(at)
    await log.close()
  }
})

test('U9 a damaged place in the feed does not end a page early', async () => {
  const { log, database } = await withDocuments()
  for (let i = 0; i < 6; i += 1) await log.append({ space: 'default', document: `more${i}` }, Uint8Array.of(1))
  const heads = await keysOf(database, KIND.head)
  await flip(database, heads[1]!)
  const { entries } = await log.feed('default', { after: 0, limit: 4 })
  // Fewer than asked for would mean that there are no more.
  expect(entries).toHaveLength(4)
  await log.close()
})
