import type { PackedList } from './indexeddb-list.ts'
import { type Body, transact } from './indexeddb-transaction.ts'
import type { DocumentRecord, FeedCursor, WriteBatch } from './port.ts'
import { applyWrite, completeRecord, freshRecord, type Holds, whatHolds } from './records.ts'

/** From this many documents on, one read of all records is quicker than one each, and the packed row is written along. */
const MANY = 400

/** One transaction of a `WriteBatch`. */
export function writeBatch(database: IDBDatabase, list: PackedList, batch: WriteBatch): Promise<DocumentRecord[]> {
  const many = (batch.documents?.length ?? 0) >= MANY
  const names = ['documents', 'recent', 'updates', 'meta', 'writing'] as const
  const blobs = batch.blobs?.length ? (['blobs', 'uploads'] as const) : []
  const all = [...names, ...blobs, ...(many ? (['list'] as const) : [])]
  return transact(database, all, 'readwrite', (body, done) => {
    // The first requests of the transaction are reads, and what they bring decides the rest in their callbacks:
    // other tabs number rows of the same documents, and only inside the transaction do they stand still.
    readRecords(body, batch, many, (records, everything) => {
      readCursor(body, batch, (cursor) => {
        const holds = whatHolds(batch, cursor)
        const written = putDocuments(body, batch, records, holds)
        if (everything) list.putAll(body, merged(everything, written))
        else for (const record of written) list.note(body.store('recent'), record)
        putRest(body, batch, holds.cursor)
        done(written)
      })
    })
  })
}

type Records = Map<string, DocumentRecord>

function readRecords(
  { store, request }: Body,
  batch: WriteBatch,
  many: boolean,
  then: (records: Records, everything: DocumentRecord[] | null) => void,
): void {
  const ids = new Set((batch.documents ?? []).map((change) => change.id))
  const records: Records = new Map()
  if (many) {
    request<DocumentRecord[]>(store('documents').getAll(), (found) => {
      const everything = found.map(completeRecord)
      for (const record of everything) if (ids.has(record.id)) records.set(record.id, record)
      then(records, everything)
    })
    return
  }
  let unread = ids.size
  if (unread === 0) then(records, null)
  for (const id of ids) {
    request<DocumentRecord | undefined>(store('documents').get(id), (record) => {
      if (record) records.set(id, completeRecord(record))
      unread--
      if (unread === 0) then(records, null)
    })
  }
}

function readCursor({ store, request }: Body, batch: WriteBatch, then: (cursor: FeedCursor | null) => void): void {
  if (batch.history === undefined) then(null)
  else request<FeedCursor | undefined>(store('meta').get('cursor'), (cursor) => then(cursor ?? null))
}

function putDocuments({ store }: Body, batch: WriteBatch, records: Records, holds: Holds): DocumentRecord[] {
  const written = new Map<string, DocumentRecord>()
  for (const change of batch.documents ?? []) {
    const record = written.get(change.id) ?? records.get(change.id) ?? freshRecord(change.id)
    change.updates.forEach((update, i) => {
      store('updates').put(alone(update), [change.id, record.last + 1 + i])
    })
    const next = applyWrite(record, change, holds)
    written.set(change.id, { ...next, summary: next.summary && alone(next.summary) })
  }
  for (const record of written.values()) store('documents').put(record)
  return [...written.values()]
}

/**
 * Bytes with a buffer of their own. What came over the wire is a view of the frame it came in, and storing a view stores the whole
 * buffer behind it: a page of the feed once for each of its summaries.
 */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
}

function putRest({ store }: Body, batch: WriteBatch, cursor: FeedCursor | null): void {
  if (cursor) store('meta').put(cursor, 'cursor')
  for (const note of batch.writing?.add ?? []) store('writing').put(note, [note.conversation, note.message])
  for (const note of batch.writing?.remove ?? []) store('writing').delete([note.conversation, note.message])
  for (const { sha256, upload, bytes, type } of batch.blobs ?? []) {
    store('blobs').put({ bytes, type }, sha256)
    if (upload) store('uploads').put(true, sha256)
  }
}

function merged(everything: readonly DocumentRecord[], written: readonly DocumentRecord[]): DocumentRecord[] {
  const all = new Map(everything.map((record) => [record.id, record]))
  for (const record of written) all.set(record.id, record)
  return [...all.values()]
}
