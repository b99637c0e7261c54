import { blobsNamedIn } from '@holdfast/conversation'
import type { Clock } from '../environment.ts'
import { asideOwner } from './blob-references.ts'
import { blobReferences, noteReferences, REFERENCES, RELEASING, releaseReferences } from './indexeddb-blobs.ts'
import { createLargeRows } from './indexeddb-large.ts'
import { rebuildRecords } from './indexeddb-rebuild.ts'
import { createRecordLog } from './indexeddb-records.ts'
import { compactRows, createLoader, retireRows } from './indexeddb-rows.ts'
import { transact } from './indexeddb-transaction.ts'
import { writeBatch } from './indexeddb-write.ts'
import {
  type AsideNote,
  type DocumentRecord,
  type FeedCursor,
  PersistenceError,
  type PersistenceHandle,
  type StoredBlob,
  type WritingNote,
} from './port.ts'

/** Nobody waits for it, and at the start everybody waits for something else. */
const PACK_AFTER_MS = 1_000

/** One open database behind the port. */
export function indexedDbHandle(
  database: IDBDatabase,
  identity: string,
  lost: Promise<PersistenceError>,
  clock: Clock,
): PersistenceHandle {
  const log = createRecordLog()
  const large = createLargeRows(database, clock)
  const load = createLoader(database, log)
  let cancelPacking: (() => void) | null = null

  const packLater = (): void => {
    if (!log.wantsPacking()) return
    cancelPacking ??= clock.after(PACK_AFTER_MS, () => {
      cancelPacking = null
      void pack()
    })
  }
  // When it cannot be done the next start is slower, and nothing else.
  const pack = (): Promise<unknown> => transact<void>(database, ['records'], 'relaxed', log.pack).catch(() => null)
  const packing = <T>(work: Promise<T>): Promise<T> =>
    work.then((value) => {
      packLater()
      return value
    })

  const readRecords = (): Promise<DocumentRecord[]> =>
    transact<DocumentRecord[]>(database, ['records'], 'readonly', (body, done) => {
      log.catchUp(body, () => done(log.all()))
    })
  const documents = async (): Promise<DocumentRecord[]> => {
    try {
      return await readRecords()
    } catch (error) {
      if (!(error instanceof PersistenceError) || error.code !== 'CORRUPT') throw error
      await rebuildRecords(database)
      return await readRecords()
    }
  }
  const get = <T>(name: 'meta' | 'drafts' | 'blobs' | 'asideBytes', key: string): Promise<T | null> =>
    transact<T | null>(database, [name], 'readonly', ({ store, request }, done) => {
      request<T | undefined>(store(name).get(key), (found) => done(found ?? null))
    })
  const put = (name: 'drafts' | 'blobs' | 'uploads', key: string, value: unknown): Promise<void> =>
    transact<void>(database, [name], 'readwrite', ({ store, request }, done) => {
      if (value === null) request(store(name).delete(key), () => done())
      else request(store(name).put(value, key), () => done())
    })
  return {
    identity,
    lost,
    documents: () => packing(documents()),
    load,
    stage: large.stage,
    write: (batch) => packing(writeBatch(database, log, large, batch)),
    compact: (id, merge) => packing(compactRows(database, log, large, id, merge)),
    cursor: () => get<FeedCursor>('meta', 'cursor'),
    writing: () =>
      transact(database, ['writing'], 'readonly', ({ store, request }, done) => {
        request<WritingNote[]>(store('writing').getAll(), done)
      }),
    draft: (id) => get<string>('drafts', id),
    setDraft: (id, text) => put('drafts', id, text),
    putBlob: (sha256, blob) => put('blobs', sha256, blob),
    getBlob: (sha256) => get<StoredBlob>('blobs', sha256),
    uploads: () =>
      transact(database, ['uploads'], 'readonly', ({ store, request }, done) => {
        request(store('uploads').getAllKeys(), (keys) => done(keys.map(String)))
      }),
    uploaded: (sha256) => put('uploads', sha256, null),
    references: blobReferences(database),
    retire: (id, how, merge) => packing(retireRows(database, log, large, id, how, merge)),
    asides: () =>
      transact(database, ['aside'], 'readonly', ({ store, request }, done) => {
        request<AsideNote[]>(store('aside').getAll(), done)
      }),
    aside: (key) => get<Uint8Array>('asideBytes', key),
    putAside: (note, update) =>
      transact<void>(database, ['aside', 'asideBytes', ...REFERENCES], 'readwrite', (body, done) => {
        body.store('aside').put(note, note.key)
        body.store('asideBytes').put(update, note.key)
        const owner = asideOwner(note.key)
        noteReferences(
          body,
          blobsNamedIn(update).map((hash) => [owner, hash]),
          done,
        )
      }),
    dropAside: (key) =>
      transact<void>(database, ['aside', 'asideBytes', ...RELEASING], 'readwrite', (body, done) => {
        body.store('aside').delete(key)
        body.store('asideBytes').delete(key)
        releaseReferences(body, asideOwner(key), null, done)
      }),
    close: async () => {
      cancelPacking?.()
      if (log.wantsPacking()) await pack()
      large.close()
      database.close()
    },
  }
}
