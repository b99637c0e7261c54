import type { Clock } from '../environment.ts'
import { namedError, persistenceError } from './errors.ts'
import { findReferences } from './indexeddb-blobs.ts'
import { type DocumentRecord, PersistenceError } from './port.ts'
import { packRecords } from './record-bytes.ts'
import { completeRecord } from './records.ts'

/** Version of the layout below. It only ever grows; an older program then refuses with `NEWER_VERSION`. */
export const VERSION = 5

/**
 * - `updates`: key [document, number], value: one Yjs update as bytes, or (since 3) `LargeRow` for one that is in `large`
 * - `records` (since 3): what is known of each document, see indexeddb-records.ts
 * - `large` (since 3): bytes of large rows by a random name, since 5 in slices by name and number, `loose` (since 3): the names that no row needs
 *   (yet), see indexeddb-large.ts
 * - `meta`: `identity` (random, made with the database), `cursor` (`FeedCursor`) and `tally` (what the relay was told of references)
 * - `writing`: `WritingNote` by [conversation, message]
 * - `drafts`: text by conversation
 * - `blobs`: `StoredBlob` by SHA-256
 * - `uploads` (since 2): true, by the SHA-256 of each blob that the relay is not known to have
 * - `references` (since 4): [conversation, SHA-256] of each blob that a conversation here names, `referrers` (since 4): the same the other way
 *   round, `untold` (since 4): those that the relay is to be told. What was set aside has a name with a slash in front
 * - `aside` (since 2): `AsideNote`, `asideBytes` (since 2): its update, both by the note's key
 */
export const STORES = [
  'updates',
  'records',
  'large',
  'loose',
  'meta',
  'writing',
  'drafts',
  'blobs',
  'uploads',
  'references',
  'referrers',
  'untold',
  'aside',
  'asideBytes',
] as const
export type StoreName = (typeof STORES)[number]

/** Until version 3 each document had a `DocumentRecord` of its own in `documents`, and the list was kept packed beside them. */
const BEFORE_RECORDS = ['documents', 'list', 'recent'] as const

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
    request.onupgradeneeded = (event) => {
      for (const store of STORES) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store)
      }
      if (!request.transaction) return
      packDocuments(request.result, request.transaction)
      if (event.oldVersion > 0 && event.oldVersion < 4) findReferences(request.transaction)
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

/** Brings the records of an older layout over, within the upgrade: it is the new layout with all of them or the old one. */
function packDocuments(database: IDBDatabase, upgrade: IDBTransaction): void {
  if (!database.objectStoreNames.contains('documents')) return
  const reading: IDBRequest<DocumentRecord[]> = upgrade.objectStore('documents').getAll()
  reading.onsuccess = () => {
    upgrade.objectStore('records').put(packRecords(1, reading.result.map(completeRecord)), 1)
    for (const store of BEFORE_RECORDS) database.deleteObjectStore(store)
  }
}
