import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import type { Clock } from '../environment.ts'
import { type Ask, type Body, transact } from './indexeddb-transaction.ts'
import type { DocumentRecord } from './port.ts'
import { packRecord, unpackRecord } from './record-bytes.ts'
import { completeRecord, freshRecord } from './records.ts'

/**
 * The list in one row. Reading 10,000 records with `getAll` takes Chromium 80 to 110 ms, one row of 3 MB 10 ms (measured), and
 * the list is what a person waits for. So `list` holds all records as they were at some time, `recent` those that changed since,
 * and together they are `documents`, from which both can be made again.
 */
const PACKED = 'packed'
/** With fewer changed records the row is left as it is. */
const REPACK_ABOVE = 64
/** Nobody waits for it, and at the start everybody waits for something else. */
const REPACK_AFTER_MS = 1_000

interface Packed {
  readonly version: number
  readonly bytes: Uint8Array
}

interface Found {
  readonly packed: Packed | null
  readonly recent: readonly DocumentRecord[]
  readonly records: DocumentRecord[]
}

export interface PackedList {
  read(): Promise<DocumentRecord[]>
  /** Keeps a changed record findable; part of the transaction that changes it, which must include `recent`. */
  note(recent: IDBObjectStore, record: DocumentRecord): void
  /** Writes the row anew from all records as they then are; part of a transaction that changes many, with `list` and `recent`. */
  putAll(body: Body, records: readonly DocumentRecord[]): void
  close(): void
}

export function createPackedList(database: IDBDatabase, clock: Clock): PackedList {
  const noted = new Set<string>()
  let cancel: (() => void) | null = null

  const later = (): void => {
    cancel ??= clock.after(REPACK_AFTER_MS, () => {
      cancel = null
      noted.clear()
      // It is a copy: when it cannot be written the next start is slower, and nothing else.
      void repack(database).catch(() => null)
    })
  }

  return {
    read: async () => {
      const { packed, recent, records } = await find(database)
      if (recent.length >= REPACK_ABOVE || (!packed && records.length >= REPACK_ABOVE)) later()
      return records
    },
    note: (recent, record) => {
      recent.put(record)
      noted.add(record.id)
      if (noted.size >= REPACK_ABOVE * 8) later()
    },
    putAll: ({ store, request }, records) => {
      request<Packed | undefined>(store('list').get(PACKED), (now) => {
        store('list').put({ version: (now?.version ?? 0) + 1, bytes: packList(records) } satisfies Packed, PACKED)
        store('recent').clear()
      })
    },
    close: () => cancel?.(),
  }
}

function find(database: IDBDatabase): Promise<Found> {
  return transact(database, ['list', 'recent', 'documents'], 'readonly', ({ store, request }, done) => {
    request<Packed | undefined>(store('list').get(PACKED), (packed) => {
      const all = packed ? unpackList(packed.bytes) : null
      if (!packed || !all) {
        request<DocumentRecord[]>(store('documents').getAll(), (records) =>
          done({ packed: null, recent: [], records: records.map(completeRecord) }),
        )
        return
      }
      request<DocumentRecord[]>(store('recent').getAll(), (recent) => {
        const changed = new Map(recent.map((record) => [record.id, completeRecord(record)]))
        const records = all.map((record) => {
          const newer = changed.get(record.id)
          changed.delete(record.id)
          return newer ?? record
        })
        done({ packed, recent, records: [...records, ...changed.values()] })
      })
    })
  })
}

/** Writes the row anew, unless another tab just did, and forgets the changes that are in it now. */
export async function repack(database: IDBDatabase): Promise<void> {
  const { packed, records } = await find(database)
  const bytes = packList(records)
  const revisions = new Map(records.map((record) => [record.id, record.revision]))
  await transact<void>(database, ['list', 'recent'], 'readwrite', ({ store, request }, done) => {
    request<Packed | undefined>(store('list').get(PACKED), (now) => {
      if (now?.version !== packed?.version) {
        done()
        return
      }
      store('list').put({ version: (packed?.version ?? 0) + 1, bytes } satisfies Packed, PACKED)
      forget(store('recent'), revisions, request, done)
    })
  })
}

function forget(recent: IDBObjectStore, packed: ReadonlyMap<string, number>, request: Ask, done: () => void): void {
  request<DocumentRecord[]>(recent.getAll(), (records) => {
    const newer = records.filter((record) => record.revision !== packed.get(record.id))
    recent.clear()
    for (const record of newer) recent.put(record)
    done()
  })
}

function packList(records: readonly DocumentRecord[]): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, records.length)
  for (const record of records) {
    encoding.writeVarString(encoder, record.id)
    encoding.writeVarUint(encoder, record.last)
    encoding.writeVarUint(encoder, record.rows)
    encoding.writeVarUint8Array(encoder, packRecord(record))
  }
  return encoding.toUint8Array(encoder)
}

/** Null for what cannot be read: `documents` is asked then. */
function unpackList(bytes: Uint8Array): DocumentRecord[] | null {
  try {
    const decoder = decoding.createDecoder(bytes)
    return Array.from({ length: decoding.readVarUint(decoder) }, () => {
      const id = decoding.readVarString(decoder)
      const last = decoding.readVarUint(decoder)
      const rows = decoding.readVarUint(decoder)
      const packed = unpackRecord(decoding.readVarUint8Array(decoder))
      if (!packed) throw new RangeError('a record that cannot be read')
      return { ...freshRecord(id), ...packed, last, rows }
    })
  } catch {
    return null
  }
}
