import { type Clock, systemClock, systemRandom } from '../environment.ts'
import { persistenceError } from './errors.ts'
import { indexedDbHandle } from './indexeddb-handle.ts'
import { openDatabase } from './indexeddb-open.ts'
import { transact } from './indexeddb-transaction.ts'
import type { Persistence, PersistenceError } from './port.ts'

export interface IndexedDbOptions {
  readonly space: string
  /** Another factory than the browser's own, for tests. */
  readonly indexedDB?: IDBFactory
  readonly clock?: Clock
}

/** The name of the database that holds a space. */
export function databaseName(space: string): string {
  return `holdfast:${space}`
}

/** Keeps a space in one IndexedDB database of its own (design §5). */
export function indexedDbPersistence(options: IndexedDbOptions): Persistence {
  const clock = options.clock ?? systemClock
  return {
    name: 'indexeddb',
    capabilities: { strict: true, atomic: true, reportsAborts: true, exactRows: true, blobs: true },
    open: async () => {
      const factory = options.indexedDB ?? globalThis.indexedDB
      if (!factory) throw persistenceError('UNAVAILABLE')
      const database = await openDatabase(factory, databaseName(options.space), clock)
      const lost = whenLost(database)
      try {
        return indexedDbHandle(database, await identify(database), lost, clock)
      } catch (error) {
        database.close()
        throw error
      }
    },
  }
}

/** Reads the identity of this database, or gives it one when it is new. */
function identify(database: IDBDatabase): Promise<string> {
  return transact(database, ['meta'], 'readwrite', ({ store, request }, done) => {
    request<unknown>(store('meta').get('identity'), (found) => {
      if (typeof found === 'string') {
        done(found)
        return
      }
      const identity = Array.from(systemRandom.bytes(16), (byte) => byte.toString(16).padStart(2, '0')).join('')
      request(store('meta').put(identity, 'identity'), () => done(identity))
    })
  })
}

/** Settles when the database is taken from us. We let go at once: whoever holds on blocks every other tab. */
function whenLost(database: IDBDatabase): Promise<PersistenceError> {
  return new Promise((resolve) => {
    database.onversionchange = (event) => {
      database.close()
      resolve(persistenceError(event.newVersion === null ? 'DELETED' : 'NEWER_VERSION'))
    }
    database.onclose = () => resolve(persistenceError('CLOSED'))
  })
}
