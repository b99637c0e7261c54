import { type BlobAddress, fetchBlob, uploadBlob } from './blobs-relay.ts'
import type { Clock, Environment } from './environment.ts'
import type { Journal } from './journal-port.ts'
import type { StoredBlob } from './persistence/port.ts'
import { sha256Of } from './sha256.ts'
import type { Blobs, Reason } from './types.ts'

/** Uploads at a time. */
const CONCURRENCY = 2
const RETRY_MS = 5_000
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
}

export interface BlobSync extends Blobs {
  /** Sends what waits, if that is not under way. */
  upload(): void
  /** How many wait to be sent, and why the last of them was refused. */
  waiting(): number
  refusal(): Reason | null
  /** Reads what an earlier session left to be sent. */
  load(): Promise<void>
  /** There is another connection: what was refused may be tried again. */
  forget(): void
}

/** Bytes by their hash: on this device at once, on the relay when there is one. Never in a document (design §4). */
export function createBlobs(options: BlobSyncOptions): BlobSync {
  const { space, journal, clock, fetch, supported, address, onChange } = options
  /** On its way to the device. */
  const fresh = new Map<string, StoredBlob>()
  const waiting = new Set<string>()
  const refused = new Set<string>()
  let refusal: Reason | null = null
  let running = 0
  let cancel: (() => void) | null = null

  const stored = async (sha256: string): Promise<StoredBlob | null> =>
    fresh.get(sha256) ?? (supported ? await journal.read((handle) => handle.getBlob(sha256)) : null)

  const send = async (sha256: string, to: BlobAddress): Promise<void> => {
    // Another tab may have sent it.
    if (!fresh.has(sha256) && !(await journal.read((handle) => handle.uploads())).includes(sha256)) {
      waiting.delete(sha256)
      return
    }
    const blob = await stored(sha256)
    const answer = blob ? await uploadBlob(space, to, sha256, blob, fetch) : null
    if (answer === null) {
      await journal.read((handle) => handle.uploaded(sha256))
      waiting.delete(sha256)
      return
    }
    if (answer.kind === 'offline') {
      cancel ??= clock.after(RETRY_MS, () => {
        cancel = null
        upload()
      })
      return
    }
    refused.add(sha256)
    refusal =
      answer.kind === 'refused' ? answer : { code: 'NOT_FOUND', message: 'the relay keeps no files; it may be too old' }
  }

  const busy = new Set<string>()
  const upload = (): void => {
    const to = address()
    if (!to || cancel) return
    for (const sha256 of waiting) {
      if (running >= CONCURRENCY) return
      if (busy.has(sha256) || refused.has(sha256)) continue
      busy.add(sha256)
      running++
      void send(sha256, to)
        // A storage that cannot be read is the journal's matter.
        .catch(() => null)
        .finally(() => {
          busy.delete(sha256)
          running--
          onChange()
          if (!cancel) upload()
        })
    }
  }

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

  return {
    put: async (bytes, mediaType) => {
      if (!supported) throw new BlobError('UNSUPPORTED', 'this storage keeps no files')
      const sha256 = await sha256Of(bytes)
      const blob = { bytes, type: mediaType }
      fresh.set(sha256, blob)
      journal.putBlob({ sha256, ...blob, upload: true })
      waiting.add(sha256)
      refused.delete(sha256)
      onChange()
      const onDevice = (): void => {
        if (fresh.get(sha256) === blob) fresh.delete(sha256)
        upload()
      }
      // If it cannot be written the status says so, and memory is where it is until it is.
      void journal.settled().then(onDevice, () => null)
      return { sha256, size: bytes.length, mediaType }
    },
    get,
    url: async (sha256) => {
      const { bytes, mediaType } = await get(sha256)
      return URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mediaType }))
    },
    upload,
    waiting: () => waiting.size,
    refusal: () => refusal,
    load: async () => {
      if (!supported) return
      for (const sha256 of await journal.read((handle) => handle.uploads())) waiting.add(sha256)
      onChange()
      upload()
    },
    forget: () => {
      refused.clear()
      refusal = null
    },
  }
}
