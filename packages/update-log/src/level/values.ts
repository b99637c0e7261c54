import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import type { Head } from '../head.ts'
import { crc32 } from './crc32.ts'
import type { Key } from './keys.ts'

/**
 * The values of the database. Each begins with four bytes of CRC-32 over its key and the rest of it, so that neither changed bytes
 * nor a value that belongs elsewhere is taken for good (LevelDB hands both out without an error).
 */
const SUM_BYTES = 4

/** A value that fails its checksum or cannot be read. Callers turn it into `DAMAGED` with the document's name. */
export class DamagedValue extends Error {
  override readonly name = 'DamagedValue'
}

export interface CommitRecord {
  readonly commit: number
  /** The number that the next new document gets. */
  readonly nextDocument: number
  readonly incarnation: string
}

/** What one record holds. */
export type RecordContent =
  | { readonly kind: 'updates'; readonly updates: readonly Uint8Array[] }
  | { readonly kind: 'state'; readonly coding: StateCoding; readonly bytes: Uint8Array }

export type StateCoding = 'plain' | 'brotli'

export interface LogRecord {
  /** The first update that it covers; the last one is in its key. */
  readonly first: number
  readonly content: RecordContent
}

const CONTENT_KIND = { updates: 0, plain: 1, brotli: 2 } as const

export function encodeCommit(key: Key, value: CommitRecord): Uint8Array {
  return sealed(key, (encoder) => {
    encoding.writeVarUint(encoder, value.commit)
    encoding.writeVarUint(encoder, value.nextDocument)
    encoding.writeVarString(encoder, value.incarnation)
  })
}

export function decodeCommit(key: Key, value: Uint8Array): CommitRecord {
  return opened(key, value, (decoder) => ({
    commit: decoding.readVarUint(decoder),
    nextDocument: decoding.readVarUint(decoder),
    incarnation: decoding.readVarString(decoder),
  }))
}

export function encodeNumber(key: Key, number: number): Uint8Array {
  return sealed(key, (encoder) => encoding.writeVarUint(encoder, number))
}

export function decodeNumber(key: Key, value: Uint8Array): number {
  return opened(key, value, decoding.readVarUint)
}

/** What a document's second name says besides its number, so that its epochs outlive a head that is lost (version 2 of the folder). */
export interface SecondName {
  readonly number: number
  /** Null when it was purged. */
  readonly epoch: string | null
  readonly refused: readonly string[]
}

export function encodeSecondName(key: Key, { number, epoch, refused }: SecondName): Uint8Array {
  return sealed(key, (encoder) => {
    // First, so that it is read as the first name is.
    encoding.writeVarUint(encoder, number)
    encoding.writeVarString(encoder, epoch ?? '')
    encoding.writeVarUint(encoder, refused.length)
    for (const past of refused) encoding.writeVarString(encoder, past)
  })
}

/** @returns null when it was written by version 1, which says the number only */
export function decodeSecondName(key: Key, value: Uint8Array): SecondName | null {
  return opened(key, value, (decoder) => {
    const number = decoding.readVarUint(decoder)
    if (!decoding.hasContent(decoder)) return null
    const epoch = decoding.readVarString(decoder)
    const refused = Array.from({ length: decoding.readVarUint(decoder) }, () => decoding.readVarString(decoder))
    return { number, epoch: epoch === '' ? null : epoch, refused }
  })
}

export function secondNameOf(number: number, head: Head): SecondName {
  return { number, epoch: head.kind === 'live' ? head.epoch : null, refused: head.refused }
}

export function encodeSummary(key: Key, summary: Uint8Array): Uint8Array {
  return sealed(key, (encoder) => encoding.writeUint8Array(encoder, summary))
}

export function decodeSummary(key: Key, value: Uint8Array): Uint8Array {
  return opened(key, value, decoding.readTailAsUint8Array)
}

/** Who stands at a place of the feed. */
export interface FeedPlace {
  readonly number: number
  readonly document: string
}

export function encodeFeedPlace(key: Key, place: FeedPlace): Uint8Array {
  return sealed(key, (encoder) => {
    encoding.writeVarUint(encoder, place.number)
    encoding.writeVarString(encoder, place.document)
  })
}

export function decodeFeedPlace(key: Key, value: Uint8Array): FeedPlace {
  return opened(key, value, (decoder) => ({
    number: decoding.readVarUint(decoder),
    document: decoding.readVarString(decoder),
  }))
}

export function encodeHead(key: Key, head: Head): Uint8Array {
  return sealed(key, (encoder) => {
    encoding.writeVarUint(encoder, head.kind === 'live' ? 1 : 0)
    encoding.writeVarUint(encoder, head.feed)
    encoding.writeVarUint(encoder, head.refused.length)
    for (const epoch of head.refused) encoding.writeVarString(encoder, epoch)
    if (head.kind === 'purged') return
    encoding.writeVarString(encoder, head.epoch)
    encoding.writeVarUint(encoder, head.seq)
    encoding.writeVarUint(encoder, head.stats.snapshotBytes)
    encoding.writeVarUint(encoder, head.stats.tailUpdates)
    encoding.writeVarUint(encoder, head.stats.tailBytes)
  })
}

export function decodeHead(key: Key, value: Uint8Array): Head {
  return opened(key, value, (decoder) => {
    const live = decoding.readVarUint(decoder) === 1
    const feed = decoding.readVarUint(decoder)
    const refused = Array.from({ length: decoding.readVarUint(decoder) }, () => decoding.readVarString(decoder))
    if (!live) return { kind: 'purged', feed, refused }
    return {
      kind: 'live',
      feed,
      refused,
      epoch: decoding.readVarString(decoder),
      seq: decoding.readVarUint(decoder),
      stats: {
        snapshotBytes: decoding.readVarUint(decoder),
        tailUpdates: decoding.readVarUint(decoder),
        tailBytes: decoding.readVarUint(decoder),
      },
    }
  })
}

export function encodeRecord(key: Key, record: LogRecord): Uint8Array {
  return sealed(key, (encoder) => {
    encoding.writeVarUint(encoder, record.first)
    const { content } = record
    if (content.kind === 'state') {
      encoding.writeUint8(encoder, CONTENT_KIND[content.coding])
      encoding.writeUint8Array(encoder, content.bytes)
      return
    }
    encoding.writeUint8(encoder, CONTENT_KIND.updates)
    encoding.writeVarUint(encoder, content.updates.length)
    for (const update of content.updates) encoding.writeVarUint8Array(encoder, update)
  })
}

export function decodeRecord(key: Key, value: Uint8Array): LogRecord {
  return opened(key, value, (decoder) => {
    const first = decoding.readVarUint(decoder)
    const kind = decoding.readUint8(decoder)
    if (kind === CONTENT_KIND.updates) {
      const count = decoding.readVarUint(decoder)
      const updates: Uint8Array[] = []
      for (let i = 0; i < count; i += 1) updates.push(decoding.readVarUint8Array(decoder))
      return { first, content: { kind: 'updates', updates } }
    }
    if (kind !== CONTENT_KIND.plain && kind !== CONTENT_KIND.brotli) throw new DamagedValue('unknown kind of record')
    const coding = kind === CONTENT_KIND.plain ? 'plain' : 'brotli'
    return { first, content: { kind: 'state', coding, bytes: decoding.readTailAsUint8Array(decoder) } }
  })
}

export function sealed(key: Key, write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeUint32(encoder, 0)
  write(encoder)
  const value = encoding.toUint8Array(encoder)
  new DataView(value.buffer).setUint32(0, sumOf(key, value))
  return value
}

export function opened<T>(key: Key, value: Uint8Array, read: (decoder: decoding.Decoder) => T): T {
  if (value.length < SUM_BYTES) throw new DamagedValue('too short')
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  if (view.getUint32(0) !== sumOf(key, value)) throw new DamagedValue('checksum does not match')
  try {
    // A plain Uint8Array, so that what is cut out of it is one too (LevelDB gives Buffers).
    return read(
      decoding.createDecoder(new Uint8Array(value.buffer, value.byteOffset + SUM_BYTES, value.length - SUM_BYTES)),
    )
  } catch (error) {
    throw error instanceof DamagedValue ? error : new DamagedValue('cannot be read', { cause: error })
  }
}

function sumOf(key: Key, value: Uint8Array): number {
  return crc32(value.subarray(SUM_BYTES), crc32(key))
}
