import { seededRandom, virtualClock } from '@holdfast/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { databaseName, indexedDbPersistence } from '../src/persistence/indexeddb.ts'
import { repack } from '../src/persistence/indexeddb-list.ts'
import { openDatabase } from '../src/persistence/indexeddb-open.ts'
import type { DocumentRecord, PersistenceHandle } from '../src/persistence/port.ts'
import { deleteDatabase } from './indexeddb-faults.ts'
import { updatesOf } from './persistence-contract.ts'

const space = 'packed'
const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
  await deleteDatabase(databaseName(space))
})

const sorted = (records: readonly DocumentRecord[]) => [...records].sort((a, b) => (a.id < b.id ? -1 : 1))

/** The records as the transactions that wrote them left them, read the slow way. */
async function truth(): Promise<DocumentRecord[]> {
  const database = await openDatabase(indexedDB, databaseName(space), virtualClock())
  const records = await new Promise<DocumentRecord[]>((resolve) => {
    const request = database.transaction('documents').objectStore('documents').getAll()
    request.onsuccess = () => resolve(request.result)
  })
  database.close()
  return sorted(records)
}

describe('the list in one row', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    test(`P20 whatever is written, compacted and packed in whatever order, the list is what the documents are (seed ${seed})`, async () => {
      const random = seededRandom(seed)
      const persistence = indexedDbPersistence({ space, clock: virtualClock() })
      const handles: PersistenceHandle[] = [await persistence.open(), await persistence.open()]
      const packer = await openDatabase(indexedDB, databaseName(space), virtualClock())
      open.push(...handles, packer)
      const [update] = updatesOf(['x'])
      const running: Promise<unknown>[] = []
      for (let step = 0; step < 120; step++) {
        const handle = random.pick(handles)
        const id = `doc-${random.int(30)}`
        const kind = random.int(10)
        if (kind < 6) {
          const summary = random.bytes(random.int(40))
          running.push(
            handle.write({ documents: [{ id, updates: [update!], local: random.chance(0.5), summary, epoch: 'e' }] }),
          )
        } else if (kind < 7) running.push(handle.compact(id, ([first]) => first!))
        else if (kind < 8) running.push(handle.write({ documents: [{ id, updates: [], local: false, offer: true }] }))
        else running.push(repack(packer))
        if (random.chance(0.2)) {
          await Promise.all(running.splice(0))
          expect(sorted(await random.pick(handles).documents()), `seed ${seed}, step ${step}`).toEqual(await truth())
        }
      }
      await Promise.all(running)
      expect(sorted(await handles[0]!.documents()), `seed ${seed}`).toEqual(await truth())
    })
  }

  test('P21 many changed records are packed by themselves, a second later', async () => {
    const clock = virtualClock()
    const handle = await indexedDbPersistence({ space, clock }).open()
    const [update] = updatesOf(['x'])
    const ids = Array.from({ length: 100 }, (_, i) => `doc-${i}`)
    await handle.write({ documents: ids.map((id) => ({ id, updates: [update!], local: true })) })
    await handle.documents()
    clock.advance(1_000)
    // Behind the packing in line, because it reads what that writes.
    while ((await recentCount()) > 0) await handle.cursor()
    expect(sorted(await handle.documents())).toEqual(await truth())
    await handle.close()
  })

  test('P22 a row that cannot be read is as good as none', async () => {
    const handle = await indexedDbPersistence({ space, clock: virtualClock() }).open()
    const [update] = updatesOf(['x'])
    await handle.write({ documents: [{ id: 'a', updates: [update!], local: true }] })
    const database = await openDatabase(indexedDB, databaseName(space), virtualClock())
    await new Promise((resolve) => {
      const break_ = database.transaction('list', 'readwrite')
      break_.objectStore('list').put({ version: 3, bytes: Uint8Array.of(200, 1, 2) }, 'packed')
      break_.oncomplete = resolve
    })
    database.close()
    expect(await handle.documents()).toEqual(await truth())
    await handle.close()
  })
})

async function recentCount(): Promise<number> {
  const database = await openDatabase(indexedDB, databaseName(space), virtualClock())
  const count = await new Promise<number>((resolve) => {
    const request = database.transaction('recent').objectStore('recent').count()
    request.onsuccess = () => resolve(request.result)
  })
  database.close()
  return count
}
