import { type Clock, systemRandom } from '../environment.ts'
import { persistenceError } from './errors.ts'
import { type Body, transact } from './indexeddb-transaction.ts'

/**
 * Rows so large that writing one would keep every edit behind it waiting (5 MB: 20 to 30 ms in Chromium, measured). Their bytes are
 * written first, into a store that no other transaction needs, and the transaction of the row only names them.
 */
export interface LargeRow {
  readonly large: string
}

/** In bytes. Smaller ones are written in a millisecond or so. */
const LARGE = 256 * 1024
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
        request(store('large').put(alone(update), name), () => done())
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
          put({ large: name })
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
    if (isLargeRow(row)) request<unknown>(store('large').get(row.large), take)
    else take(row)
  })
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
      for (const name of names) store(from).delete(name)
      done()
    })
  }
}

/** What may be stored along with bytes: an eighth of them. */
const BESIDE = 8

/**
 * Bytes with a buffer of their own. What came over the wire is a view of the frame it came in, and storing a view stores the whole
 * buffer behind it: a page of the feed once for each of its summaries. A frame that is little more than the bytes goes with them: copying 5 MB
 * holds the page up for longer than a hundred bytes are worth.
 */
export function alone(bytes: Uint8Array): Uint8Array {
  const beside = bytes.buffer.byteLength - bytes.byteLength
  return beside * BESIDE <= bytes.byteLength ? bytes : bytes.slice()
}
