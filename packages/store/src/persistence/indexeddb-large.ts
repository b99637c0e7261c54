import { type Clock, systemRandom } from '../environment.ts'
import { persistenceError } from './errors.ts'
import { type Body, transact } from './indexeddb-transaction.ts'

/**
 * Rows so large that writing one would keep every edit behind it waiting (5 MB: 20 to 30 ms in Chromium, measured). Their bytes are
 * written first, into a store that no other transaction needs, and the transaction of the row only names them.
 */
export interface LargeRow {
  /** Begins the keys of its slices. */
  readonly large: string
  /** In bytes. Missing in rows of version 4 and before, whose only slice has the name itself for a key. */
  readonly length?: number
}

/** In bytes. Smaller ones are written in a millisecond or so. */
const LARGE = 256 * 1024
/**
 * What a page hands over in one go: Chromium packs it in the thread that asks (Snappy), 12 ms for 5 MB and twice that on a busy machine, in which
 * no edit is shown or sent. Each slice is a file of its own there, so they are no smaller than they must be.
 */
const SLICE = 1024 * 1024
/** A tab that wrote bytes and not the row that names them may be asleep; after this it has died. */
const FORSAKEN_MS = 60 * 60 * 1000
const COLLECT_AFTER_MS = 5_000

export function isLargeRow(row: unknown): row is LargeRow {
  return typeof row === 'object' && row !== null && 'large' in row && typeof row.large === 'string'
}

export interface LargeRows {
  /** Writes the bytes of an update, if they are many. */
  stage(update: Uint8Array): Promise<void>
  /** Whether a transaction with this update needs `loose`. */
  isStaged(update: Uint8Array): boolean
  /** What to put for an update: its bytes, or the name of those that were staged. `loose` is part of the transaction if any is. */
  rowOf(body: Body, update: Uint8Array, put: (row: Uint8Array | LargeRow) => void): void
  /** Rows go; `loose` is part of the transaction. */
  release(body: Body, rows: readonly unknown[]): void
  close(): void
}

/** `loose` holds each name that no row needs: 0 for ever, or the time at which bytes were written whose row is to come. */
export function createLargeRows(database: IDBDatabase, clock: Clock): LargeRows {
  const staged = new WeakMap<Uint8Array, string>()
  let cancel: (() => void) | null = null

  const collectLater = (): void => {
    cancel ??= clock.after(COLLECT_AFTER_MS, () => {
      cancel = null
      // What stays is found by the next session.
      void collect(database, clock.now()).catch(() => null)
    })
  }
  collectLater()

  return {
    stage: async (update) => {
      if (update.length < LARGE || staged.has(update)) return
      const name = Array.from(systemRandom.bytes(16), (byte) => byte.toString(16).padStart(2, '0')).join('')
      await transact<void>(database, ['loose'], 'relaxed', ({ store, request }, done) => {
        request(store('loose').put(Math.max(1, clock.now()), name), () => done())
      })
      // Strict: the transaction of the row flushes what it writes, and need not flush this.
      await transact<void>(database, ['large'], 'readwrite', ({ store, request }, done) => {
        const put = (slice: number): void => {
          const bytes = update.subarray(slice * SLICE, (slice + 1) * SLICE)
          const isLast = (slice + 1) * SLICE >= update.length
          // The next when this one is there: whatever else the page has to do comes in between.
          request(store('large').put(alone(bytes), keyOf(name, slice)), () => (isLast ? done() : put(slice + 1)))
        }
        put(0)
      })
      staged.set(update, name)
    },
    isStaged: (update) => staged.has(update),
    rowOf: ({ store, request }, update, put) => {
      const name = staged.get(update)
      if (name === undefined) {
        put(alone(update))
        return
      }
      request<unknown>(store('loose').get(name), (since) => {
        // Written off meanwhile, by a tab that took this one for dead.
        if (!since) put(alone(update))
        else {
          store('loose').delete(name)
          put({ large: name, length: update.length })
        }
      })
    },
    release: ({ store }, rows) => {
      const large = rows.filter(isLargeRow)
      for (const row of large) store('loose').put(0, row.large)
      if (large.length > 0) collectLater()
    },
    close: () => cancel?.(),
  }
}

/** Gives rows as bytes; `large` is part of the transaction. */
export function readRows({ store, request }: Body, rows: readonly unknown[], then: (rows: Uint8Array[]) => void): void {
  const found: Uint8Array[] = []
  let missing = rows.length
  if (missing === 0) then(found)
  rows.forEach((row, i) => {
    const take = (bytes: unknown): void => {
      if (!(bytes instanceof Uint8Array)) throw persistenceError('CORRUPT')
      found[i] = bytes
      missing--
      if (missing === 0) then(found)
    }
    if (!isLargeRow(row)) take(row)
    else request<unknown[]>(store('large').getAll(slicesOf(row.large)), (slices) => take(joined(row, slices)))
  })
}

/** Enough digits for 10 GB. */
const keyOf = (name: string, slice: number): string => `${name}.${String(slice).padStart(4, '0')}`

/** The slices of a row, whichever version wrote it. Names are all of one length, so none begins another. */
const slicesOf = (name: string): IDBKeyRange => IDBKeyRange.bound(name, `${name}/`)

/** @returns null when not all of it is there */
function joined({ length }: LargeRow, slices: readonly unknown[]): Uint8Array | null {
  const parts = slices.filter((slice) => slice instanceof Uint8Array)
  const [first] = parts
  if (parts.length === 1 && (length === undefined || first?.length === length)) return first ?? null
  if (length === undefined || parts.reduce((sum, part) => sum + part.length, 0) !== length) return null
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

async function collect(database: IDBDatabase, now: number): Promise<void> {
  // First nobody may name it any more, then the bytes go, and last what says so: wherever this ends, it can go on from there.
  const names = await transact<string[]>(database, ['loose'], 'readwrite', ({ store, request }, done) => {
    request(store('loose').getAllKeys(), (keys) => {
      request<unknown[]>(store('loose').getAll(), (times) => {
        const doomed = keys.map(String).filter((_, i) => Number(times[i]) < Math.max(1, now - FORSAKEN_MS))
        for (const name of doomed) store('loose').put(0, name)
        done(doomed)
      })
    })
  })
  for (const from of ['large', 'loose'] as const) {
    await transact<void>(database, [from], 'relaxed', ({ store }, done) => {
      for (const name of names) store(from).delete(from === 'large' ? slicesOf(name) : name)
      done()
    })
  }
}

/**
 * Bytes with a buffer of their own. What came over the wire is a view of the frame it came in, and storing a view stores the whole
 * buffer behind it: a page of the feed once for each of its summaries.
 */
export function alone(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
}
