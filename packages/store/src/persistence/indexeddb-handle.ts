import type { Clock } from '../environment.ts'
import { persistenceError } from './errors.ts'
import { createPackedList, type PackedList } from './indexeddb-list.ts'
import { type Body, transact } from './indexeddb-transaction.ts'
import type {
  DocumentRecord,
  FeedCursor,
  PersistenceError,
  PersistenceHandle,
  StoredBlob,
  StoredDocument,
  WriteBatch,
  WritingNote,
} from './port.ts'
import { applyCompaction, applyWrite, freshRecord } from './records.ts'

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
  const get = <T>(name: 'meta' | 'drafts' | 'blobs', key: string): Promise<T | null> =>
    transact<T | null>(database, [name], 'readonly', ({ store, request }, done) => {
      request<T | undefined>(store(name).get(key), (found) => done(found ?? null))
    })
  const put = (name: 'drafts' | 'blobs', key: string, value: unknown): Promise<void> =>
    transact<void>(database, [name], 'readwrite', ({ store, request }, done) => {
      if (value === null) request(store(name).delete(key), () => done())
      else request(store(name).put(value, key), () => done())
    })
  return {
    identity,
    lost,
    documents: list.read,
    load: (id, after) => load(database, id, after),
    write: (batch) => write(database, list, batch),
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
        done({ record, updates: rows.map(bytes) })
      })
    })
  })
}

function bytes(row: unknown): Uint8Array {
  if (!(row instanceof Uint8Array)) throw persistenceError('CORRUPT')
  return row
}

function write(database: IDBDatabase, list: PackedList, batch: WriteBatch): Promise<DocumentRecord[]> {
  return transact(
    database,
    ['documents', 'recent', 'updates', 'meta', 'writing'],
    'readwrite',
    ({ store, request }: Body, done) => {
      const changes = batch.documents ?? []
      const records = new Map<string, DocumentRecord>()
      // The first requests of the transaction are reads, and what they bring decides the rest in their callbacks:
      // other tabs number rows of the same documents, and only inside the transaction do they stand still.
      let unread = new Set(changes.map((change) => change.id)).size
      const putAll = (): void => {
        for (const change of changes) {
          const record = records.get(change.id) ?? freshRecord(change.id)
          change.updates.forEach((update, i) => {
            store('updates').put(update, [change.id, record.last + 1 + i])
          })
          records.set(change.id, applyWrite(record, change))
        }
        for (const record of records.values()) {
          store('documents').put(record)
          list.note(store('recent'), record)
        }
        if (batch.cursor) store('meta').put(batch.cursor, 'cursor')
        for (const note of batch.writing?.add ?? []) store('writing').put(note, [note.conversation, note.message])
        for (const note of batch.writing?.remove ?? []) store('writing').delete([note.conversation, note.message])
        done([...records.values()])
      }
      if (unread === 0) putAll()
      for (const id of new Set(changes.map((change) => change.id))) {
        request<DocumentRecord | undefined>(store('documents').get(id), (record) => {
          records.set(id, record ?? freshRecord(id))
          unread--
          if (unread === 0) putAll()
        })
      }
    },
  )
}

function compact(
  database: IDBDatabase,
  list: PackedList,
  id: string,
  merge: (updates: readonly Uint8Array[]) => Uint8Array,
): Promise<DocumentRecord | null> {
  return transact(database, ['documents', 'recent', 'updates'], 'readwrite', ({ store, request }, done) => {
    request<DocumentRecord | undefined>(store('documents').get(id), (record) => {
      if (!record || record.rows < 2) {
        done(record ?? null)
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
