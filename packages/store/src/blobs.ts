import { blobsNamedIn } from '@holdfast/conversation'
import { createBlobOutbox } from './blob-outbox.ts'
import { type BlobAddress, fetchBlob } from './blobs-relay.ts'
import type { Clock, Environment } from './environment.ts'
import type { Journal } from './journal-port.ts'
import type { StoredBlob } from './persistence/port.ts'
import { sha256Of } from './sha256.ts'
import type { Blobs, Reason } from './types.ts'

const HASH = /^[0-9a-f]{64}$/

/**
 * - `NOT_HERE` it is not on this device, and there is no way to the relay now
 * - `NOT_FOUND` neither this device nor the relay has it (yet)
 * - `WRONG_HASH` what the relay gave is not what was asked for
 * - `BAD_HASH` that is no SHA-256 in lower-case hex
 * - `REFUSED` the relay does not give it; `message` says why
 * - `UNSUPPORTED` this persistence keeps no blobs
 */
export type BlobErrorCode = 'NOT_HERE' | 'NOT_FOUND' | 'WRONG_HASH' | 'BAD_HASH' | 'REFUSED' | 'UNSUPPORTED'

export class BlobError extends Error {
  override readonly name = 'BlobError'
  readonly code: BlobErrorCode
  constructor(code: BlobErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

export interface BlobSyncOptions {
  readonly space: string
  readonly journal: Journal
  readonly clock: Clock
  readonly fetch: Environment['fetch']
  /** Whether the persistence keeps blobs. */
  readonly supported: boolean
  /** Where blobs are asked for; null without a relay. */
  readonly address: () => BlobAddress | null
  readonly onChange: () => void
  /** There may be something to send. */
  readonly wake: () => void
  /** Tells the other tabs that something else waits now. */
  readonly tellTabs: () => void
  /** Tells the other tabs why a file is refused, or that none is any more. */
  readonly tellRefusal: (reason: Reason | null) => void
}

export interface BlobSync extends Blobs {
  /** Sends what waits, if that is not under way. For whoever works for all tabs. */
  upload(): void
  /** How many wait to be sent, and why one of them was refused. */
  waiting(): number
  refusal(): Reason | null
  /** See `BlobOutbox`. */
  hear(reason: Reason | null): void
  greet(): void
  /** Reads what waits to be sent: of an earlier session, or of a storage that was made anew. */
  load(): Promise<void>
  /** There is another connection: what was refused may be tried again. */
  forget(): void
  /** The relay has another history. */
  reset(): void
  close(): void
  /** Something else may wait than did: another tab says so, or a conversation was purged. */
  changed(): Promise<void>
  /** An update is on the device. */
  onUpdate(update: Uint8Array): void
}

/** Bytes by their hash: on this device at once, on the relay when there is one. Never in a document (design §4). */
export function createBlobs(options: BlobSyncOptions): BlobSync {
  const { space, journal, clock, fetch, supported, address, onChange } = options
  /** On its way to the device. */
  const fresh = new Map<string, StoredBlob>()
  const stored = async (sha256: string): Promise<StoredBlob | null> =>
    fresh.get(sha256) ?? (supported ? await journal.read((handle) => handle.getBlob(sha256)) : null)

  const outbox = createBlobOutbox({
    space,
    journal,
    clock,
    fetch,
    address,
    stored,
    isFresh: (sha256) => fresh.has(sha256),
    onChange,
    wake: options.wake,
    tellTabs: options.tellTabs,
    tellRefusal: options.tellRefusal,
  })

  const get: Blobs['get'] = async (sha256) => {
    if (!HASH.test(sha256)) throw new BlobError('BAD_HASH', `${sha256} is no SHA-256 in lower-case hex`)
    const here = await stored(sha256)
    if (here) return { bytes: here.bytes, mediaType: here.type }
    const from = address()
    if (!from) throw new BlobError('NOT_HERE', 'it is not on this device, and there is no relay to ask')
    const answer = await fetchBlob(space, from, sha256, fetch)
    switch (answer.kind) {
      case 'offline':
        throw new BlobError('NOT_HERE', 'it is not on this device, and the relay cannot be reached')
      case 'not-found':
        throw new BlobError('NOT_FOUND', 'neither this device nor the relay has it; another device may still send it')
      case 'refused':
        throw new BlobError('REFUSED', answer.message)
      case 'found': {
        const { bytes, type } = answer
        if ((await sha256Of(bytes)) !== sha256) {
          throw new BlobError('WRONG_HASH', 'what the relay gave is not what was asked for')
        }
        if (supported) journal.putBlob({ sha256, bytes, type, upload: false })
        return { bytes, mediaType: type }
      }
    }
  }

  /** If it cannot be written the status says so, and memory is where it is until it is. */
  const untilWritten = (run: () => void): void => {
    void journal.settled().then(run, () => {
      const off = journal.changes.add(() => {
        if (journal.failure()) return
        off()
        untilWritten(run)
      })
    })
  }

  return {
    put: async (bytes, mediaType) => {
      if (!supported) throw new BlobError('UNSUPPORTED', 'this storage keeps no files')
      const sha256 = await sha256Of(bytes)
      const blob = { bytes, type: mediaType }
      fresh.set(sha256, blob)
      journal.putBlob({ sha256, ...blob, upload: true })
      outbox.add(sha256)
      onChange()
      const onDevice = (): void => {
        if (fresh.get(sha256) === blob) fresh.delete(sha256)
        outbox.touched()
        options.tellTabs()
        options.wake()
      }
      untilWritten(onDevice)
      return { sha256, size: bytes.length, mediaType }
    },
    get,
    url: async (sha256) => {
      const { bytes, mediaType } = await get(sha256)
      return URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mediaType }))
    },
    upload: () => (supported ? outbox.work() : undefined),
    waiting: outbox.waiting,
    refusal: outbox.refusal,
    hear: outbox.hear,
    greet: outbox.greet,
    load: async () => (supported ? outbox.load() : undefined),
    forget: outbox.forget,
    reset: outbox.reset,
    close: outbox.close,
    changed: async () => {
      if (!supported) return
      await outbox.prune()
      outbox.touched()
      options.wake()
    },
    onUpdate: (update) => {
      if (!supported || blobsNamedIn(update).length === 0) return
      outbox.touched()
      options.wake()
    },
  }
}
