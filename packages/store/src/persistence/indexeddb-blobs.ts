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

function putReference({ store }: Pick<Body, 'store'>, owner: string, sha256: string): void {
  store('references').put(true, [owner, sha256])
  store('referrers').put(true, [sha256, owner])
}

/** These are named, and to be told if they were not named before. */
export function noteReferences(
  { store, request }: Body,
  found: readonly (readonly [owner: string, sha256: string])[],
  then: () => void,
): void {
  let left = found.length
  if (left === 0) then()
  for (const [owner, sha256] of found) {
    request(store('references').getKey([owner, sha256]), (known) => {
      if (known === undefined && isConversation(owner)) store('untold').put(true, [owner, sha256])
      putReference({ store }, owner, sha256)
      left--
      if (left === 0) then()
    })
  }
}

/** What these documents refer to is to be told (again); null for what all of them do. */
export function retell({ store, request }: Body, ids: ReadonlySet<string> | null, then: () => void): void {
  if (ids?.size === 0) {
    then()
    return
  }
  request(store('references').getAllKeys(), (keys) => {
    for (const key of keys) {
      const owner = String((key as IDBValidKey[])[0])
      if (ids ? ids.has(owner) : isConversation(owner)) store('untold').put(true, key)
    }
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
      if (heir !== null) putReference({ store }, heir, sha256)
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

function readTally({ store, request }: Body, then: (tally: string | null) => void): void {
  request<string | undefined>(store('meta').get('tally'), (tally) => then(tally ?? null))
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
    untold: (limit, after) =>
      transact<BlobReference[]>(database, ['untold'], 'readonly', ({ store, request }, done) => {
        request(
          store('untold').getAllKeys(
            after ? IDBKeyRange.lowerBound([after.conversation, after.sha256], true) : null,
            limit,
          ),
          (keys) =>
            done(
              keys.map((key) => ({ conversation: String((key as string[])[0]), sha256: String((key as string[])[1]) })),
            ),
        )
      }),
    tally: () => transact<string | null>(database, ['meta'], 'readonly', (body, done) => readTally(body, done)),
    told: (conversation, hashes, missing, { from, to }) =>
      transact<string[] | null>(database, ['untold', 'blobs', 'uploads', 'meta'], 'readwrite', (body, done) => {
        readTally(body, (tally) => {
          if (tally !== from) {
            done(null)
            return
          }
          if (to !== from) body.store('meta').put(to, 'tally')
          for (const sha256 of hashes) {
            body.store('untold').delete([conversation, sha256])
            if (!missing.includes(sha256)) body.store('uploads').delete(sha256)
          }
          queue(body, missing, done)
        })
      }),
    refused: (conversation, hashes) =>
      transact<void>(database, ['untold'], 'readwrite', ({ store }, done) => {
        for (const sha256 of hashes) store('untold').delete([conversation, sha256])
        done()
      }),
    retell: (before) =>
      transact<void>(database, ['references', 'untold', 'meta'], 'readwrite', (body, done) => {
        readTally(body, (tally) => {
          if (tally !== before) {
            done()
            return
          }
          body.store('meta').delete('tally')
          retell(body, null, done)
        })
      }),
    want: (hashes) =>
      transact<string[]>(database, ['blobs', 'uploads'], 'readwrite', (body, done) => queue(body, hashes, done)),
    owners: (sha256) =>
      transact<string[]>(database, ['referrers'], 'readonly', ({ store, request }, done) => {
        request(store('referrers').getAllKeys(under(sha256)), (keys) =>
          done(keys.map((key) => String((key as string[])[1]))),
        )
      }),
    any: () =>
      transact<boolean>(database, ['blobs', 'references'], 'readonly', ({ store, request }, done) => {
        request(store('blobs').getAllKeys(null, 1), (blobs) => {
          request(store('references').getAllKeys(null, 1), (named) => done(blobs.length + named.length > 0))
        })
      }),
  }
}

/** References of rows that were written before they were kept (version 3 and older), within the upgrade. */
export function findReferences(upgrade: IDBTransaction): void {
  const store: Body['store'] = (name) => upgrade.objectStore(name)
  const note = (document: string, bytes: unknown): void => {
    if (!(bytes instanceof Uint8Array)) return
    for (const sha256 of blobsNamedIn(bytes)) {
      putReference({ store }, document, sha256)
      store('untold').put(true, [document, sha256])
    }
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
