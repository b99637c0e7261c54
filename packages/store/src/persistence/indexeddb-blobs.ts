import { blobsNamedIn } from '@holdfast/conversation'
import { type BlobReference, type BlobReferences, isConversation } from './blob-references.ts'
import { isLargeRow } from './indexeddb-large.ts'
import { type Body, transact } from './indexeddb-transaction.ts'
import type { DocumentWrite } from './port.ts'

/** What a transaction needs that notes or releases references. */
export const REFERENCES = ['references', 'referrers', 'untold'] as const
export const RELEASING = [...REFERENCES, 'blobs', 'uploads'] as const

/** Every key that begins with this text: [text, ...]. */
const under = (first: string): IDBKeyRange => IDBKeyRange.bound([first], [first, []])

export type Named = ReadonlyMap<DocumentWrite, readonly string[]>

/** What a batch names, found before its transaction begins. */
export function namedIn(documents: readonly DocumentWrite[]): Named {
  const named = new Map<DocumentWrite, readonly string[]>()
  for (const change of documents) {
    const hashes = [...new Set(change.updates.flatMap(blobsNamedIn))]
    if (hashes.length > 0) named.set(change, hashes)
  }
  return named
}

export function noteReference({ store }: Pick<Body, 'store'>, owner: string, sha256: string, untold: boolean): void {
  store('references').put(true, [owner, sha256])
  store('referrers').put(true, [sha256, owner])
  if (untold) store('untold').put(true, [owner, sha256])
}

/** What these documents refer to is to be told (again). */
export function retell({ store, request }: Body, ids: ReadonlySet<string>, then: () => void): void {
  if (ids.size === 0) {
    then()
    return
  }
  request(store('references').getAllKeys(), (keys) => {
    for (const key of keys) if (Array.isArray(key) && ids.has(String(key[0]))) store('untold').put(true, key)
    then()
  })
}

/** An owner names nothing any more; `heir` does in its place, or blobs go that nobody names. Needs `RELEASING`. */
export function releaseReferences(
  { store, request }: Body,
  owner: string,
  heir: string | null,
  then: () => void,
): void {
  request(store('references').getAllKeys(under(owner)), (keys) => {
    store('references').delete(under(owner))
    store('untold').delete(under(owner))
    let left = keys.length
    if (left === 0) then()
    const settled = (): void => {
      left--
      if (left === 0) then()
    }
    for (const key of keys) {
      const sha256 = String((key as IDBValidKey[])[1])
      store('referrers').delete([sha256, owner])
      if (heir !== null) noteReference({ store }, heir, sha256, false)
      request(store('referrers').count(under(sha256)), (others) => {
        if (others === 0) {
          store('blobs').delete(sha256)
          store('uploads').delete(sha256)
        }
        settled()
      })
    }
  })
}

export function blobReferences(database: IDBDatabase): BlobReferences {
  /** Those of these that are here wait from now on. */
  const queue = ({ store, request }: Body, hashes: readonly string[], then: (here: string[]) => void): void => {
    const here: string[] = []
    let left = hashes.length
    if (left === 0) then(here)
    for (const sha256 of hashes) {
      request(store('blobs').getKey(sha256), (found) => {
        if (found !== undefined) {
          here.push(sha256)
          store('uploads').put(true, sha256)
        }
        left--
        if (left === 0) then(here)
      })
    }
  }
  return {
    untold: (limit) =>
      transact<BlobReference[]>(database, ['untold'], 'readonly', ({ store, request }, done) => {
        request(store('untold').getAllKeys(null, limit), (keys) =>
          done(
            keys.map((key) => ({ conversation: String((key as string[])[0]), sha256: String((key as string[])[1]) })),
          ),
        )
      }),
    told: (conversation, hashes, missing) =>
      transact<string[]>(database, ['untold', 'blobs', 'uploads'], 'readwrite', (body, done) => {
        for (const sha256 of hashes) {
          body.store('untold').delete([conversation, sha256])
          if (missing !== null && !missing.includes(sha256)) body.store('uploads').delete(sha256)
        }
        queue(body, missing ?? [], done)
      }),
    want: (hashes) =>
      transact<string[]>(database, ['blobs', 'uploads'], 'readwrite', (body, done) => queue(body, hashes, done)),
    referrer: (sha256) =>
      transact<string | null>(database, ['referrers'], 'readonly', ({ store, request }, done) => {
        request(store('referrers').getAllKeys(under(sha256)), (keys) => {
          const owners = keys.map((key) => String((key as string[])[1]))
          done(owners.find(isConversation) ?? null)
        })
      }),
    count: () =>
      transact<number>(database, ['blobs'], 'readonly', ({ store, request }, done) => {
        request(store('blobs').count(), done)
      }),
  }
}

/** References of rows that were written before they were kept (version 3 and older), within the upgrade. */
export function findReferences(upgrade: IDBTransaction): void {
  const store: Body['store'] = (name) => upgrade.objectStore(name)
  const note = (document: string, bytes: unknown): void => {
    if (!(bytes instanceof Uint8Array)) return
    for (const sha256 of blobsNamedIn(bytes)) noteReference({ store }, document, sha256, true)
  }
  const counting = store('blobs').count()
  counting.onsuccess = () => {
    if (counting.result === 0) return
    const reading = store('updates').openCursor()
    reading.onsuccess = () => {
      const at = reading.result
      if (!at) return
      const document = String((at.key as IDBValidKey[])[0])
      const row: unknown = at.value
      if (isLargeRow(row)) {
        const large: IDBRequest<unknown> = store('large').get(row.large)
        large.onsuccess = () => note(document, large.result)
      } else note(document, row)
      at.continue()
    }
  }
}
