import type { Clock } from '../environment.ts'
import { persistenceError } from './errors.ts'
import { createPackedList, type PackedList } from './indexeddb-list.ts'
import { transact } from './indexeddb-transaction.ts'
import { writeBatch } from './indexeddb-write.ts'
import type {
  AsideNote,
  DocumentRecord,
  FeedCursor,
  PersistenceError,
  PersistenceHandle,
  Retired,
  Retirement,
  StoredBlob,
  StoredDocument,
  WritingNote,
} from './port.ts'
import { applyCompaction, applyRetirement, asideOf, completeRecord } from './records.ts'

/** The rows of a document numbered above `after`. */
function rowsOf(id: string, after = 0): IDBKeyRange {
  return IDBKeyRange.bound([id, after], [id, Number.POSITIVE_INFINITY], true, false)
}

/** One open database behind the port. */
export function indexedDbHandle(
  database: IDBDatabase,
  identity: string,
  lost: Promise<PersistenceError>,
  clock: Clock,
): PersistenceHandle {
  const list = createPackedList(database, clock)
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
    documents: list.read,
    load: (id, after) => load(database, id, after),
    write: (batch) => writeBatch(database, list, batch),
    compact: (id, merge) => compact(database, list, id, merge),
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
    retire: (id, how, merge) => retire(database, list, id, how, merge),
    asides: () =>
      transact(database, ['aside'], 'readonly', ({ store, request }, done) => {
        request<AsideNote[]>(store('aside').getAll(), done)
      }),
    aside: (key) => get<Uint8Array>('asideBytes', key),
    putAside: (note, update) =>
      transact<void>(database, ['aside', 'asideBytes'], 'readwrite', ({ store, request }, done) => {
        store('aside').put(note, note.key)
        request(store('asideBytes').put(update, note.key), () => done())
      }),
    dropAside: (key) =>
      transact<void>(database, ['aside', 'asideBytes'], 'readwrite', ({ store, request }, done) => {
        store('aside').delete(key)
        request(store('asideBytes').delete(key), () => done())
      }),
    close: async () => {
      list.close()
      database.close()
    },
  }
}

function load(database: IDBDatabase, id: string, after?: number): Promise<StoredDocument | null> {
  return transact(database, ['documents', 'updates'], 'readonly', ({ store, request }, done) => {
    request<DocumentRecord | undefined>(store('documents').get(id), (record) => {
      if (!record) {
        done(null)
        return
      }
      request<unknown[]>(store('updates').getAll(rowsOf(id, after)), (rows) => {
        done({ record: completeRecord(record), updates: rows.map(bytes) })
      })
    })
  })
}

function bytes(row: unknown): Uint8Array {
  if (!(row instanceof Uint8Array)) throw persistenceError('CORRUPT')
  return row
}

function compact(
  database: IDBDatabase,
  list: PackedList,
  id: string,
  merge: (updates: readonly Uint8Array[]) => Uint8Array,
): Promise<DocumentRecord | null> {
  return transact(database, ['documents', 'recent', 'updates'], 'readwrite', ({ store, request }, done) => {
    request<DocumentRecord | undefined>(store('documents').get(id), (stored) => {
      const record = stored ? completeRecord(stored) : null
      if (!record || record.rows < 2) {
        done(record)
        return
      }
      request<unknown[]>(store('updates').getAll(rowsOf(id)), (rows) => {
        const merged = merge(rows.map(bytes))
        const next = applyCompaction(record, rows.length)
        // Nobody can have added a row since: one transaction at a time writes, in whichever tab.
        store('updates').delete(rowsOf(id))
        store('updates').put(merged, [id, next.last])
        const compacted = { ...next, rows: 1 }
        store('documents').put(compacted)
        list.note(store('recent'), compacted)
        done(compacted)
      })
    })
  })
}

function retire(
  database: IDBDatabase,
  list: PackedList,
  id: string,
  how: Retirement,
  merge: (updates: readonly Uint8Array[]) => Uint8Array,
): Promise<Retired | null> {
  const names = ['documents', 'recent', 'updates', 'aside', 'asideBytes'] as const
  return transact(database, names, 'readwrite', ({ store, request }, done) => {
    request<DocumentRecord | undefined>(store('documents').get(id), (stored) => {
      if (!stored) {
        done(null)
        return
      }
      const record = completeRecord(stored)
      request<unknown[]>(store('updates').getAll(rowsOf(id)), (rows) => {
        const note = rows.length > 0 ? asideOf(record, how) : null
        if (note) {
          store('aside').put(note, note.key)
          store('asideBytes').put(merge(rows.map(bytes)), note.key)
        }
        store('updates').delete(rowsOf(id))
        const next = applyRetirement(record, how)
        store('documents').put(next)
        list.note(store('recent'), next)
        done({ record: next, aside: note })
      })
    })
  })
}
