import { type Body, transact } from './indexeddb-transaction.ts'
import type { DocumentRecord } from './port.ts'
import { packRecords, unpackRecords } from './record-bytes.ts'
import { freshRecord } from './records.ts'

/** More changes than a row that cannot be read may have told of: tabs that knew of them must take the records made anew for newer. */
const REVISIONS = 1_000_000

/**
 * Makes the records again, when a row of them cannot be read, from what can be read and from the rows of the documents themselves. What
 * the relay has is not known any more: every document is offered to it, and the feed followed from its beginning.
 */
export function rebuildRecords(database: IDBDatabase): Promise<void> {
  return transact<void>(database, ['records', 'updates', 'meta'], 'readwrite', (body, done) => {
    readable(body, (known, version) => {
      body.request(body.store('updates').getAllKeys(), (keys) => {
        const records = new Map(known)
        for (const [id, { last, rows }] of count(keys)) {
          const record = known.get(id) ?? freshRecord(id)
          const end = Math.max(last, record.last)
          records.set(id, { ...offered(record), last: end, edited: end, rows })
        }
        body.store('records').clear()
        body.store('records').put(packRecords(version + 1, [...records.values()]), version + 1)
        body.store('meta').delete('cursor')
        done()
      })
    })
  })
}

function offered(record: DocumentRecord): DocumentRecord {
  return {
    ...record,
    sent: 0,
    have: 0,
    there: 0,
    untold: record.summary !== null,
    revision: record.revision + REVISIONS,
  }
}

function readable(
  { store, request }: Body,
  then: (records: ReadonlyMap<string, DocumentRecord>, version: number) => void,
): void {
  request(store('records').getAllKeys(), (keys) => {
    request<unknown[]>(store('records').getAll(), (rows) => {
      const records = new Map<string, DocumentRecord>()
      for (const row of rows) {
        const found = row instanceof Uint8Array ? (unpackRecords(row)?.records ?? []) : []
        for (const record of found) {
          if (record.revision > (records.get(record.id)?.revision ?? -1)) records.set(record.id, record)
        }
      }
      then(records, Number(keys.at(-1) ?? 0))
    })
  })
}

/** How many rows each document has, and the number of its last. */
function count(keys: readonly IDBValidKey[]): Map<string, { last: number; rows: number }> {
  const counted = new Map<string, { last: number; rows: number }>()
  for (const key of keys) {
    const [id, number] = key as [string, number]
    const { last, rows } = counted.get(id) ?? { last: 0, rows: 0 }
    counted.set(id, { last: Math.max(last, number), rows: rows + 1 })
  }
  return counted
}
