import type { Clock } from '../environment.ts'
import { namedError, persistenceError } from './errors.ts'
import { PersistenceError } from './port.ts'

/** Version of the layout below. It only ever grows; an older program then refuses with `NEWER_VERSION`. */
export const VERSION = 2

/**
 * - `updates`: key [document, number], value: one Yjs update as bytes
 * - `documents`: `DocumentRecord` by id
 * - `list`, `recent`: the same records again, quick to read: see indexeddb-list.ts
 * - `meta`: `identity` (random, made with the database) and `cursor` (`FeedCursor`)
 * - `writing`: `WritingNote` by [conversation, message]
 * - `drafts`: text by conversation
 * - `blobs`: `StoredBlob` by SHA-256
 * - `uploads` (since 2): true, by the SHA-256 of each blob that the relay is not known to have
 * - `aside` (since 2): `AsideNote`, `asideBytes` (since 2): its update, both by the note's key
 */
export const STORES = [
  'updates',
  'documents',
  'list',
  'recent',
  'meta',
  'writing',
  'drafts',
  'blobs',
  'uploads',
  'aside',
  'asideBytes',
] as const
export type StoreName = (typeof STORES)[number]

/** A browser whose IndexedDB hangs (seen in several) never answers; a person must hear of it all the same. */
const OPEN_TIMEOUT_MS = 10_000

/** Opens the database, making it if need be. Never stays unsettled. */
export function openDatabase(factory: IDBFactory, name: string, clock: Clock, version = VERSION): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    let settled = false
    const fail = (error: PersistenceError): void => {
      settled = true
      cancel()
      reject(error)
    }
    const cancel = clock.after(OPEN_TIMEOUT_MS, () => {
      fail(new PersistenceError('UNAVAILABLE', 'the storage on this device does not answer'))
    })
    let request: IDBOpenDBRequest
    try {
      request = factory.open(name, version)
    } catch (error) {
      fail(namedError(error, 'UNAVAILABLE'))
      return
    }
    request.onupgradeneeded = () => {
      for (const store of STORES) {
        if (request.result.objectStoreNames.contains(store)) continue
        request.result.createObjectStore(store, store === 'documents' || store === 'recent' ? { keyPath: 'id' } : {})
      }
    }
    // The request goes on waiting for the other tab. We do not: the next attempt stands in line behind it.
    request.onblocked = () => fail(persistenceError('BLOCKED'))
    request.onerror = (event) => {
      event.preventDefault()
      fail(namedError(request.error, 'UNAVAILABLE'))
    }
    request.onsuccess = () => {
      if (settled) {
        request.result.close()
        return
      }
      settled = true
      cancel()
      resolve(request.result)
    }
  })
}
