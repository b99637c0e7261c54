import { persistenceError } from './errors.ts'
import type { Ask, Body } from './indexeddb-transaction.ts'
import type { DocumentRecord } from './port.ts'
import { packRecords, unpackRecords } from './record-bytes.ts'

/** With this many rows behind the last packing it is time for the next; with fewer if they are large, which the browser keeps in files. */
const PACK = { rows: 64, largeRows: 4, largeBytes: 256 * 1024 }
/** Rows are packed together with newer ones until one is this many times as large as all those: each record is packed a few times in its life. */
const LARGER = 2

/**
 * The records of all documents as a log: each transaction that changes some adds one row with all that it changed, under a number that
 * only grows. Reading 10,000 records one by one takes Chromium 80 to 110 ms, packed in one row 10 ms, and writing one record per
 * changed document twice as long as the documents themselves (measured).
 *
 * A tab keeps them in memory, and a transaction begins by reading what others have added since: mostly nothing. Rows are packed
 * into the newest of them, so that who has read up to a number never misses what was below it.
 */
export interface RecordLog {
  /** Takes what was added since; part of every transaction that needs records, which must include `records`. */
  catchUp(body: Body, then: () => void): void
  get(id: string): DocumentRecord | undefined
  all(): DocumentRecord[]
  /** Adds a row behind `catchUp` in the same transaction. What it gives is told to `committed` when that is complete. */
  append(body: Body, records: readonly DocumentRecord[]): Appended
  committed(appended: Appended): void
  /** Enough rows have gathered. */
  wantsPacking(): boolean
  /** Packs the newest rows into one; a transaction of its own. */
  pack(body: Body, done: () => void): void
}

export interface Appended {
  readonly version: number
  readonly bytes: number
  readonly records: readonly DocumentRecord[]
}

interface Row {
  readonly version: number
  readonly bytes: number
}

export function createRecordLog(): RecordLog {
  const records = new Map<string, DocumentRecord>()
  let rows: Row[] = []
  let unpacked = { rows: 0, bytes: 0 }

  const version = (): number => rows.at(-1)?.version ?? 0

  const take = (row: Row, found: readonly DocumentRecord[]): void => {
    // Told of twice: by the transaction's end and by the next one.
    if (row.version <= version()) return
    for (const record of found) keepNewer(records, record)
    rows.push({ version: row.version, bytes: row.bytes })
    unpacked = { rows: unpacked.rows + 1, bytes: unpacked.bytes + row.bytes }
  }

  const catchUp: RecordLog['catchUp'] = ({ store, request }, then) => {
    request<unknown[]>(store('records').getAll(IDBKeyRange.lowerBound(version(), true)), (added) => {
      for (const bytes of added) {
        const row = readRow(bytes)
        take({ version: row.version, bytes: row.bytes }, row.records)
      }
      then()
    })
  }

  return {
    catchUp,
    get: (id) => records.get(id),
    all: () => [...records.values()],
    append: ({ store }, changed) => {
      const next = version() + 1
      const bytes = packRecords(next, changed)
      store('records').put(bytes, next)
      return { version: next, bytes: bytes.length, records: changed }
    },
    committed: (appended) => take(appended, appended.records),
    wantsPacking: () =>
      unpacked.rows >= PACK.rows || (unpacked.rows >= PACK.largeRows && unpacked.bytes >= PACK.largeBytes),
    pack: (body, done) => {
      catchUp(body, () => {
        unpacked = { rows: 0, bytes: 0 }
        const from = firstToPack(rows)
        packFrom(body.store('records'), body.request, from, (packed) => {
          if (packed) rows = [...rows.filter((row) => row.version < from), packed]
          done()
        })
      })
    },
  }
}

/** Packs every row from this number on into the newest of them, as they are now: another tab may have packed some. */
function packFrom(store: IDBObjectStore, request: Ask, from: number, then: (packed: Row | null) => void): void {
  request<unknown[]>(store.getAll(IDBKeyRange.lowerBound(from)), (found) => {
    const all = found.map(readRow)
    const newest = all.at(-1)
    if (!newest || all.length < 2) {
      then(null)
      return
    }
    const merged = new Map<string, DocumentRecord>()
    for (const row of all) for (const record of row.records) keepNewer(merged, record)
    const bytes = packRecords(newest.version, [...merged.values()])
    store.delete(IDBKeyRange.bound(from, newest.version))
    store.put(bytes, newest.version)
    then({ version: newest.version, bytes: bytes.length })
  })
}

function firstToPack(rows: readonly Row[]): number {
  let sum = 0
  let from = rows.at(-1)?.version ?? 0
  for (const row of rows.toReversed()) {
    if (sum > 0 && row.bytes > LARGER * sum) break
    sum += row.bytes
    from = row.version
  }
  return from
}

function keepNewer(records: Map<string, DocumentRecord>, record: DocumentRecord): void {
  const known = records.get(record.id)
  if (!known || record.revision > known.revision) records.set(record.id, record)
}

function readRow(value: unknown): Row & { readonly records: readonly DocumentRecord[] } {
  const row = value instanceof Uint8Array ? unpackRecords(value) : null
  if (!row) throw persistenceError('CORRUPT')
  return { ...row, bytes: (value as Uint8Array).length }
}
