import { IndexeddbPersistence } from 'y-indexeddb'
import * as Y from 'yjs'
import { systemRandom } from '../environment.ts'
import { noReferences } from './blob-references.ts'
import { persistenceError } from './errors.ts'
import {
  type AsideNote,
  type DocumentRecord,
  type FeedCursor,
  type Persistence,
  PersistenceError,
  type PersistenceHandle,
  type StoredDocument,
  type WriteBatch,
  type WritingNote,
} from './port.ts'
import { packRecord, unpackRecord } from './record-bytes.ts'
import { applyCompaction, applyRetirement, applyWrite, asideOf, freshRecord, whatHolds } from './records.ts'

export interface YIndexedDbOptions {
  /** Names of the databases begin with this; a program that has such databases hands in how it names them. */
  readonly prefix: string
}

interface Opened {
  readonly doc: Y.Doc
  readonly storage: IndexeddbPersistence
}

/**
 * The port over y-indexeddb 9, for programs that keep their conversations with it already. It holds less than our own
 * persistence, and says so: one database per document makes no transaction over an update and its marks, a write that
 * aborts looks stored, and rows are merged and multiplied as it sees fit (measured: recipes and decision 0040).
 */
export function yIndexedDbPersistence({ prefix }: YIndexedDbOptions): Persistence {
  return {
    name: 'y-indexeddb',
    capabilities: { strict: false, atomic: false, reportsAborts: false, exactRows: false, blobs: false },
    open: () => openHandle(prefix),
  }
}

async function openHandle(prefix: string): Promise<PersistenceHandle> {
  const opened = new Map<string, Promise<Opened>>()
  let closed = false
  let tail: Promise<unknown> = Promise.resolve()

  const open = (name: string): Promise<Opened> => {
    let entry = opened.get(name)
    if (!entry) {
      const doc = new Y.Doc()
      const storage = new IndexeddbPersistence(name, doc)
      // Its `whenSynced` never settles when the database cannot be opened; `_db` does.
      entry = storage._db.then(() => storage.whenSynced).then(() => ({ doc, storage }))
      opened.set(name, entry)
    }
    return entry
  }
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(async () => {
      if (closed) throw new PersistenceError('CLOSED', 'it was closed by this program')
      return work()
    })
    tail = result.catch(() => null)
    return result
  }

  const index = await open(`${prefix}:index`).catch((error: unknown) => {
    throw persistenceError('UNAVAILABLE', error)
  })
  const register = async <T>(key: string): Promise<T | null> =>
    ((await index.storage.get(key)) as T | undefined) ?? null
  const put = async (key: string, value: unknown): Promise<void> => {
    if (value === null) await index.storage.del(key)
    else await index.storage.set(key, value as string)
  }
  let identity = await register<string>('identity')
  if (!identity) {
    identity = Array.from(systemRandom.bytes(16), (byte) => byte.toString(16).padStart(2, '0')).join('')
    await put('identity', identity)
  }

  const recordOf = async (id: string): Promise<DocumentRecord | null> => {
    const stored = await register<{ last: number; rows: number; packed: Uint8Array }>(`record:${id}`)
    if (!stored) return null
    return { ...freshRecord(id), ...unpackRecord(stored.packed), last: stored.last, rows: stored.rows }
  }
  const putRecord = (record: DocumentRecord): Promise<void> =>
    put(`record:${record.id}`, { last: record.last, rows: record.rows, packed: packRecord(record) })

  const unsupported = async (): Promise<never> => {
    throw new PersistenceError('UNSUPPORTED', 'y-indexeddb keeps no blobs')
  }

  const write = async (batch: WriteBatch): Promise<DocumentRecord[]> => {
    if (batch.blobs?.length) await unsupported()
    const written = new Map<string, DocumentRecord>()
    const holds = whatHolds(batch, await register<FeedCursor>('cursor'))
    for (const change of batch.documents ?? []) {
      if (change.updates.length > 0) {
        const { doc, storage } = await open(`${prefix}:${change.id}`)
        for (const update of change.updates) Y.applyUpdate(doc, update)
        // Its own write began when the document changed; a later transaction of the same store comes after it.
        await storage.get('written')
      }
      const record = applyWrite((await recordOf(change.id)) ?? freshRecord(change.id), change, holds)
      await putRecord(record)
      written.set(change.id, record)
    }
    if (holds.cursor) await put('cursor', holds.cursor)
    if (batch.writing) {
      const notes = new Map(((await register<WritingNote[]>('writing')) ?? []).map((note) => [noteKey(note), note]))
      for (const note of batch.writing.add ?? []) notes.set(noteKey(note), note)
      for (const note of batch.writing.remove ?? []) notes.delete(noteKey(note))
      await put('writing', [...notes.values()])
    }
    return [...written.values()]
  }

  const load = async (id: string): Promise<StoredDocument | null> => {
    const record = await recordOf(id)
    if (!record) return null
    return { record, updates: [await readState(`${prefix}:${id}`)] }
  }

  return {
    identity,
    lost: new Promise(() => undefined),
    documents: () =>
      inTurn(async () => {
        const records = await Promise.all(
          (await keysOf(index, 'record:')).map((key) => recordOf(key.slice('record:'.length))),
        )
        return records.filter((record) => record !== null)
      }),
    load: (id) => inTurn(() => load(id)),
    write: (batch) => inTurn(() => write(batch)),
    compact: (id) =>
      inTurn(async () => {
        // It compacts by itself, at 500 rows and a second of quiet.
        const record = await recordOf(id)
        if (!record || record.rows < 2) return record
        const next = applyCompaction(record, record.rows)
        await putRecord(next)
        return next
      }),
    cursor: () => inTurn(() => register<FeedCursor>('cursor')),
    writing: () => inTurn(async () => (await register<WritingNote[]>('writing')) ?? []),
    draft: (id) => inTurn(() => register<string>(`draft:${id}`)),
    setDraft: (id, text) => inTurn(() => put(`draft:${id}`, text)),
    putBlob: unsupported,
    getBlob: unsupported,
    uploads: async () => [],
    uploaded: unsupported,
    references: noReferences,
    retire: (id, how, merge) =>
      inTurn(async () => {
        const stored = await load(id)
        if (!stored) return null
        const aside = stored.record.rows > 0 ? asideOf(stored.record, how) : null
        if (aside) await put(`aside:${aside.key}`, { note: aside, update: merge(stored.updates) })
        const { doc, storage } = await open(`${prefix}:${id}`)
        opened.delete(`${prefix}:${id}`)
        await storage.clearData()
        doc.destroy()
        const record = applyRetirement(stored.record, how)
        await putRecord(record)
        return { record, aside }
      }),
    asides: () =>
      inTurn(async () => {
        const found = await Promise.all((await keysOf(index, 'aside:')).map((key) => register<Aside>(key)))
        return found.filter((each) => each !== null).map(({ note }) => note)
      }),
    aside: (key) => inTurn(async () => (await register<Aside>(`aside:${key}`))?.update ?? null),
    putAside: (note, update) => inTurn(() => put(`aside:${note.key}`, { note, update })),
    dropAside: (key) => inTurn(() => put(`aside:${key}`, null)),
    close: async () => {
      closed = true
      await tail
      for (const entry of opened.values()) {
        const { doc, storage } = await entry
        await storage.destroy()
        doc.destroy()
      }
    },
  }
}

interface Aside {
  readonly note: AsideNote
  readonly update: Uint8Array
}

const noteKey = (note: WritingNote): string => `${note.conversation}\n${note.message}`

function keysOf(index: Opened, prefix: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const { db } = index.storage
    if (!db) {
      reject(persistenceError('CLOSED'))
      return
    }
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`)
    const request = db.transaction('custom').objectStore('custom').getAllKeys(range)
    request.onsuccess = () => resolve(request.result.map(String))
    request.onerror = () => reject(persistenceError('CORRUPT', request.error))
  })
}

/** What is stored now, other handles' rows too: a document of its own is opened for it and closed again. */
async function readState(name: string): Promise<Uint8Array> {
  const doc = new Y.Doc()
  const storage = new IndexeddbPersistence(name, doc)
  await storage._db
  await storage.whenSynced
  const state = Y.encodeStateAsUpdate(doc)
  await storage.destroy()
  doc.destroy()
  return state
}
