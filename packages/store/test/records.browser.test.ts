import { seededRandom, type VirtualClock, virtualClock } from '@holdfast/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { databaseName, indexedDbPersistence } from '../src/persistence/indexeddb.ts'
import { openDatabase, type StoreName } from '../src/persistence/indexeddb-open.ts'
import type { DocumentRecord, PersistenceHandle } from '../src/persistence/port.ts'
import { freshRecord } from '../src/persistence/records.ts'
import { deleteDatabase, failingPuts } from './indexeddb-faults.ts'
import { updatesOf } from './persistence-contract/samples.ts'

const space = 'records'
const HOUR = 60 * 60 * 1000
const [update] = updatesOf(['x']) as [Uint8Array]
const open: PersistenceHandle[] = []
let clock: VirtualClock

beforeEach(async () => {
  clock = virtualClock()
  await deleteDatabase(databaseName(space))
})
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
  await deleteDatabase(databaseName(space))
})

async function openHandle(): Promise<PersistenceHandle> {
  const handle = await indexedDbPersistence({ space, clock }).open()
  open.push(handle)
  return handle
}

/** One request of a transaction of its own on the database, behind all that was asked before. */
async function raw<T>(store: StoreName, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await openDatabase(indexedDB, databaseName(space), virtualClock())
  const transaction = database.transaction(store, 'readwrite')
  const request = ask(transaction.objectStore(store))
  await new Promise((resolve) => {
    transaction.oncomplete = resolve
  })
  database.close()
  return request.result
}
const countOf = (store: StoreName): Promise<number> => raw(store, (each) => each.count())
const sorted = (records: Iterable<DocumentRecord>) => [...records].sort((a, b) => (a.id < b.id ? -1 : 1))
const large = (byte: number): Uint8Array => new Uint8Array(300_000).fill(byte)

describe('records as a log', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    test(`P20 whatever two tabs write, compact, retire and pack, each reads the records as they were left (seed ${seed})`, async () => {
      const random = seededRandom(seed)
      const handles = [await openHandle(), await openHandle()]
      const left = new Map<string, DocumentRecord>()
      const took = (records: readonly (DocumentRecord | null | undefined)[]): void => {
        for (const record of records) {
          if (record && record.revision > (left.get(record.id)?.revision ?? 0)) left.set(record.id, record)
        }
      }
      const running: Promise<unknown>[] = []
      for (let step = 0; step < 400; step++) {
        const handle = random.pick(handles)
        const id = `doc-${random.int(30)}`
        const kind = random.int(20)
        if (kind < 14) {
          const summary = random.bytes(random.int(40))
          const documents = [{ id, updates: [update], local: random.chance(0.5), summary, epoch: 'e' }]
          running.push(handle.write({ documents }).then(took))
        } else if (kind < 17) running.push(handle.compact(id, ([first]) => first!).then((record) => took([record])))
        else if (kind < 18) {
          const how = { purged: 'asked', aside: null } as const
          running.push(handle.retire(id, how, ([first]) => first!).then((retired) => took([retired?.record])))
        } else clock.advance(random.int(2_000))
        if (random.chance(0.1)) {
          await Promise.all(running.splice(0))
          expect(sorted(await random.pick(handles).documents()), `seed ${seed}, step ${step}`).toEqual(
            sorted(left.values()),
          )
        }
      }
      await Promise.all(running)
      for (const handle of [...handles, await openHandle()]) {
        expect(sorted(await handle.documents()), `seed ${seed}`).toEqual(sorted(left.values()))
      }
      for (const { id, rows } of left.values()) {
        expect((await handles[0]!.load(id))?.updates.length, `seed ${seed}, ${id}`).toBe(rows)
      }
    })
  }

  test('P21 a log of many rows is packed by itself, a second later, and another tab reads on', async () => {
    const [handle, other] = [await openHandle(), await openHandle()]
    await other.documents()
    for (let i = 0; i < 100; i++)
      await handle.write({ documents: [{ id: `doc-${i % 7}`, updates: [update], local: true }] })
    expect(await countOf('records')).toBe(100)
    clock.advance(1_000)
    expect(await countOf('records')).toBeLessThan(10)
    const record = { last: 15, rows: 15, edited: 15 }
    expect(sorted(await other.documents()).slice(0, 2)).toMatchObject([record, record])
    expect((await other.write({ documents: [{ id: 'doc-0', updates: [update], local: true }] }))[0]?.last).toBe(16)
  })

  test('P22 records that cannot be read are made again from the rows of the documents, and all of it is offered', async () => {
    const handle = await openHandle()
    const summary = Uint8Array.of(1)
    await handle.write({ documents: [{ id: 'a', updates: [update, update], local: true, summary }] })
    await handle.write({ documents: [{ id: 'b', updates: [update], local: false, sent: 1, summary }] })
    await handle.write({ cursor: { incarnation: 'i', feed: 5 } })
    await raw('records', (store) => store.put(Uint8Array.of(2, 200, 1), 2))
    const again = await openHandle()
    expect(sorted(await again.documents())).toMatchObject([
      { id: 'a', last: 2, rows: 2, edited: 2, sent: 0, summary },
      { id: 'b', last: 1, rows: 1, edited: 1, sent: 0, summary: null },
    ])
    expect(await again.cursor()).toBeNull()
    expect((await again.load('b'))?.updates).toEqual([update])
    const written = await again.write({ documents: [{ id: 'b', updates: [update], local: true }] })
    expect(written).toMatchObject([{ last: 2, rows: 2 }])
  })

  test('P23 the records of an older layout are brought over when it is opened', async () => {
    const old = { ...freshRecord('a'), last: 1, rows: 1, edited: 1, summary: Uint8Array.of(7), revision: 3 }
    await new Promise<void>((resolve) => {
      const request = indexedDB.open(databaseName(space), 2)
      request.onupgradeneeded = () => {
        for (const store of [
          'updates',
          'list',
          'meta',
          'writing',
          'drafts',
          'blobs',
          'uploads',
          'aside',
          'asideBytes',
        ]) {
          request.result.createObjectStore(store)
        }
        for (const store of ['documents', 'recent']) request.result.createObjectStore(store, { keyPath: 'id' })
        request.transaction!.objectStore('documents').put(old)
        request.transaction!.objectStore('updates').put(update, ['a', 1])
      }
      request.onsuccess = () => {
        request.result.close()
        resolve()
      }
    })
    const handle = await openHandle()
    expect(await handle.documents()).toEqual([old])
    expect(await handle.load('a')).toEqual({ record: old, updates: [update] })
  })
})

describe('large rows', () => {
  test('P24 one written ahead is not saved by that, and is a row like any other when it is written', async () => {
    const [handle, other] = [await openHandle(), await openHandle()]
    const bytes = large(1)
    await handle.stage!(bytes)
    expect(await other.load('a')).toBeNull()
    await handle.write({ documents: [{ id: 'a', updates: [update, bytes], local: false }] })
    for (const each of [handle, other, await openHandle()]) {
      expect((await each.load('a'))?.updates).toEqual([update, bytes])
      expect((await each.load('a', 1))?.updates).toEqual([bytes])
    }
    expect(await raw('updates', (store) => store.get(['a', 2]))).toEqual({
      large: expect.any(String),
      length: bytes.length,
    })
    expect([await countOf('large'), await countOf('loose')]).toEqual([1, 0])
  })

  test('P24 its bytes go with its row, by compaction and by retirement, and are set aside with it', async () => {
    const handle = await openHandle()
    for (const id of ['a', 'b']) {
      const bytes = large(2)
      await handle.stage!(bytes)
      await handle.write({ documents: [{ id, updates: [update, bytes], local: true }] })
    }
    await handle.compact('a', (rows) => rows[1]!)
    expect((await handle.load('a'))?.updates).toEqual([large(2)])
    const aside = { key: 'k', code: 'EPOCH_PURGED', text: '', at: 0 }
    await handle.retire('b', { purged: 'done', aside }, (rows) => rows[1]!)
    expect(await handle.aside('k')).toEqual(large(2))
    expect(await countOf('large')).toBe(2)
    clock.advance(5_000)
    while ((await countOf('loose')) > 0) await handle.cursor()
    expect(await countOf('large')).toBe(0)
  })

  test('P24 bytes whose row never came go after an hour; if it comes after all, it brings them itself', async () => {
    const asleep = await openHandle()
    const bytes = large(3)
    await asleep.stage!(bytes)
    await openHandle()
    clock.advance(5_000)
    await raw('meta', (store) => store.count())
    expect(await countOf('large')).toBe(1)
    clock.advance(HOUR)
    await openHandle()
    clock.advance(5_000)
    while ((await countOf('loose')) > 0) await asleep.cursor()
    expect(await countOf('large')).toBe(0)
    await asleep.write({ documents: [{ id: 'a', updates: [bytes], local: false }] })
    expect((await (await openHandle()).load('a'))?.updates).toEqual([bytes])
  })

  const megabytes = (seed: number): Uint8Array => {
    const bytes = new Uint8Array(2_600_000)
    for (let at = 0; at < bytes.length; at += 1000) bytes.set(seededRandom(seed + at).bytes(16), at)
    return bytes
  }

  test('P34 one of megabytes is written in slices, read as one row, and all of them go with it', async () => {
    const handle = await openHandle()
    const bytes = megabytes(1)
    await handle.stage!(bytes)
    await handle.write({ documents: [{ id: 'a', updates: [bytes, update], local: false }] })
    expect([await countOf('large'), await countOf('loose')]).toEqual([3, 0])
    const [row] = (await (await openHandle()).load('a'))?.updates ?? []
    expect(row && indexedDB.cmp(row, bytes)).toBe(0)
    await handle.compact('a', (rows) => rows[1]!)
    clock.advance(5_000)
    while ((await countOf('loose')) > 0) await handle.cursor()
    expect(await countOf('large')).toBe(0)
  })

  test('P34 slices that could not all be written are none, and the row brings its bytes itself', async () => {
    const handle = await openHandle()
    const bytes = megabytes(2)
    const puts = failingPuts()
    try {
      for (const error of ['QuotaExceededError', 'LateAbort', 'AbortError'] as const) {
        puts.set({ after: 1, error, store: 'large' })
        await expect(handle.stage!(bytes)).rejects.toMatchObject({ name: 'PersistenceError' })
      }
    } finally {
      puts.restore()
    }
    expect(await countOf('large')).toBe(0)
    await handle.write({ documents: [{ id: 'a', updates: [bytes], local: false }] })
    const [row] = (await (await openHandle()).load('a'))?.updates ?? []
    expect(row && indexedDB.cmp(row, bytes)).toBe(0)
  })

  test('P34 a row that lacks a slice is damaged, and one that version 4 wrote is read', async () => {
    const handle = await openHandle()
    const bytes = megabytes(3)
    await handle.stage!(bytes)
    await handle.write({ documents: [{ id: 'a', updates: [bytes], local: false }] })
    await handle.write({ documents: [{ id: 'b', updates: [update], local: false }] })
    await raw('updates', (store) => store.put({ large: 'x' }, ['b', 1]))
    await raw('large', (store) => store.put(large(4), 'x'))
    expect((await handle.load('b'))?.updates).toEqual([large(4)])
    const keys = await raw('large', (store) => store.getAllKeys())
    await raw('large', (store) => store.delete(keys[1]!))
    await expect(handle.load('a')).rejects.toMatchObject({ code: 'CORRUPT' })
  })
})
