import { namedIn, noteReferences, REFERENCES, retell } from './indexeddb-blobs.ts'
import type { LargeRows } from './indexeddb-large.ts'
import { alone } from './indexeddb-large.ts'
import type { Appended, RecordLog } from './indexeddb-records.ts'
import { type Body, transact } from './indexeddb-transaction.ts'
import type { DocumentRecord, FeedCursor, WriteBatch } from './port.ts'
import { applyWrite, freshRecord, type Holds, whatHolds } from './records.ts'

/** One transaction of a `WriteBatch`. */
export async function writeBatch(
  database: IDBDatabase,
  log: RecordLog,
  large: LargeRows,
  batch: WriteBatch,
): Promise<DocumentRecord[]> {
  const blobs = batch.blobs?.length ? (['blobs', 'uploads'] as const) : []
  const staged = batch.documents?.some(({ updates }) => updates.some(large.isStaged)) ? (['loose'] as const) : []
  const notes = batch.writing?.add?.length || batch.writing?.remove?.length ? (['writing'] as const) : []
  const named = namedIn(batch.documents ?? [])
  const offered = new Set((batch.documents ?? []).filter(({ offer }) => offer).map(({ id }) => id))
  const references = named.size > 0 || offered.size > 0 ? REFERENCES : []
  const names = ['records', 'updates', 'meta', ...notes, ...blobs, ...staged, ...references] as const
  const appended = await transact<Appended | null>(database, names, 'readwrite', (body, done) => {
    // The first requests of the transaction are reads, and what they bring decides the rest in their callbacks:
    // other tabs number rows of the same documents, and only inside the transaction do they stand still.
    log.catchUp(body, () => {
      readCursor(body, batch, (cursor) => {
        const holds = whatHolds(batch, cursor)
        putRest(body, batch, holds.cursor)
        const found = [...named].flatMap(([{ id }, hashes]) => hashes.map((hash) => [id, hash] as const))
        noteReferences(body, found, () => {
          retell(body, offered, () => {
            putDocuments(body, batch, log, large, holds, (records) => {
              done(records.length > 0 ? log.append(body, records) : null)
            })
          })
        })
      })
    })
  })
  if (!appended) return []
  log.committed(appended)
  return [...appended.records]
}

function readCursor({ store, request }: Body, batch: WriteBatch, then: (cursor: FeedCursor | null) => void): void {
  if (batch.history === undefined) then(null)
  else request<FeedCursor | undefined>(store('meta').get('cursor'), (cursor) => then(cursor ?? null))
}

function putDocuments(
  body: Body,
  batch: WriteBatch,
  log: RecordLog,
  large: LargeRows,
  holds: Holds,
  then: (records: DocumentRecord[]) => void,
): void {
  const written = new Map<string, DocumentRecord>()
  const rows: { readonly update: Uint8Array; readonly key: [string, number] }[] = []
  for (const change of batch.documents ?? []) {
    const record = written.get(change.id) ?? log.get(change.id) ?? freshRecord(change.id)
    change.updates.forEach((update, i) => {
      rows.push({ update, key: [change.id, record.last + 1 + i] })
    })
    const next = applyWrite(record, change, holds)
    written.set(change.id, { ...next, summary: next.summary && alone(next.summary) })
  }
  let left = rows.length
  if (left === 0) then([...written.values()])
  for (const { update, key } of rows) {
    large.rowOf(body, update, (row) => {
      body.store('updates').put(row, key)
      left--
      if (left === 0) then([...written.values()])
    })
  }
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
