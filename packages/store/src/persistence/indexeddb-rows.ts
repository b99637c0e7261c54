import { asideOwner } from './blob-references.ts'
import { RELEASING, releaseReferences } from './indexeddb-blobs.ts'
import { type LargeRows, readRows } from './indexeddb-large.ts'
import type { StoreName } from './indexeddb-open.ts'
import type { Appended, RecordLog } from './indexeddb-records.ts'
import { type Body, transact } from './indexeddb-transaction.ts'
import type { DocumentRecord, Retired, Retirement, StoredDocument } from './port.ts'
import { applyCompaction, applyRetirement, asideOf } from './records.ts'

type Merge = (updates: readonly Uint8Array[]) => Uint8Array

/** The rows of a document numbered above `after`. */
function rowsOf(id: string, after = 0): IDBKeyRange {
  return IDBKeyRange.bound([id, after], [id, Number.POSITIVE_INFINITY], true, false)
}

const isPlain = (rows: readonly unknown[]): boolean => rows.every((row) => row instanceof Uint8Array)

interface Load {
  readonly id: string
  readonly after: number | undefined
  readonly resolve: (found: StoredDocument | null) => void
  readonly reject: (error: unknown) => void
}

/** Reads documents. What is asked for in one task is read in one transaction: each has its price, and stands in line behind writes. */
export function createLoader(
  database: IDBDatabase,
  log: RecordLog,
): (id: string, after?: number) => Promise<StoredDocument | null> {
  let asked: Load[] = []

  const readAll = async (loads: readonly Load[], withLarge: boolean): Promise<void> => {
    const again: Load[] = []
    const found = new Map<Load, StoredDocument | null>()
    const names = withLarge ? (['records', 'updates', 'large'] as const) : (['records', 'updates'] as const)
    await transact<void>(database, names, 'readonly', (body, done) => {
      let left = loads.length
      const ended = (): void => {
        left--
        if (left === 0) done()
      }
      log.catchUp(body, () => {
        for (const load of loads) {
          const record = log.get(load.id)
          if (!record) {
            found.set(load, null)
            ended()
            continue
          }
          body.request<unknown[]>(body.store('updates').getAll(rowsOf(load.id, load.after)), (rows) => {
            if (!withLarge && !isPlain(rows)) {
              again.push(load)
              ended()
              return
            }
            readRows(body, rows, (updates) => {
              found.set(load, { record, updates })
              ended()
            })
          })
        }
      })
    })
    for (const [load, document] of found) load.resolve(document)
    if (again.length > 0) await readAll(again, true)
  }

  return (id, after) =>
    new Promise((resolve, reject) => {
      asked.push({ id, after, resolve, reject })
      if (asked.length > 1) return
      queueMicrotask(() => {
        const loads = asked
        asked = []
        readAll(loads, false).catch((error: unknown) => {
          // Those that were answered are settled already.
          for (const load of loads) load.reject(error)
        })
      })
    })
}

/** Runs what needs a document's rows as bytes; with `large` in the transaction only when they turn out to need it. */
async function withRows<T>(
  database: IDBDatabase,
  log: RecordLog,
  id: string,
  use: (
    body: Body,
    record: DocumentRecord,
    rows: readonly unknown[],
    updates: readonly Uint8Array[],
    done: (result: T) => void,
  ) => void,
  otherwise: (record: DocumentRecord | null) => T | null,
  also: readonly StoreName[] = [],
): Promise<T | null> {
  const run = (withLarge: boolean): Promise<T | 'large' | null> =>
    transact<T | 'large' | null>(
      database,
      ['records', 'updates', 'loose', 'aside', 'asideBytes', ...also, ...(withLarge ? (['large'] as const) : [])],
      'readwrite',
      (body, done) => {
        log.catchUp(body, () => {
          const record = log.get(id) ?? null
          const instead = otherwise(record)
          if (!record || instead !== null) {
            done(instead)
            return
          }
          body.request<unknown[]>(body.store('updates').getAll(rowsOf(id)), (rows) => {
            if (!withLarge && !isPlain(rows)) done('large')
            else readRows(body, rows, (updates) => use(body, record, rows, updates, done))
          })
        })
      },
    )
  const first = await run(false)
  return first === 'large' ? ((await run(true)) as T | null) : first
}

export async function compactRows(
  database: IDBDatabase,
  log: RecordLog,
  large: LargeRows,
  id: string,
  merge: Merge,
): Promise<DocumentRecord | null> {
  const done = await withRows<{ record: DocumentRecord; appended: Appended | null }>(
    database,
    log,
    id,
    (body, record, rows, updates, finish) => {
      const merged = merge(updates)
      const next = { ...applyCompaction(record, rows.length), rows: 1 }
      // Nobody can have added a row since: one transaction at a time writes, in whichever tab.
      body.store('updates').delete(rowsOf(id))
      large.release(body, rows)
      body.store('updates').put(merged, [id, next.last])
      finish({ record: next, appended: log.append(body, [next]) })
    },
    (record) => (record && record.rows < 2 ? { record, appended: null } : null),
  )
  if (done?.appended) log.committed(done.appended)
  return done?.record ?? null
}

export async function retireRows(
  database: IDBDatabase,
  log: RecordLog,
  large: LargeRows,
  id: string,
  how: Retirement,
  merge: Merge,
): Promise<Retired | null> {
  const done = await withRows<Retired & { appended: Appended }>(
    database,
    log,
    id,
    (body, record, rows, updates, finish) => {
      const note = rows.length > 0 ? asideOf(record, how) : null
      if (note) {
        body.store('aside').put(note, note.key)
        body.store('asideBytes').put(merge(updates), note.key)
      }
      body.store('updates').delete(rowsOf(id))
      large.release(body, rows)
      const next = applyRetirement(record, how)
      releaseReferences(body, id, note && asideOwner(note.key), () => {
        finish({ record: next, aside: note, appended: log.append(body, [next]) })
      })
    },
    () => null,
    RELEASING,
  )
  if (!done) return null
  log.committed(done.appended)
  return { record: done.record, aside: done.aside }
}
