import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import type { DocumentRecord } from './port.ts'

const FORMAT = 1
const HAS_EPOCH = 1
const HAS_SUMMARY = 2

/** What an update log has no place for, packed into the one opaque register it keeps per document: its summary. */
export type PackedRecord = Pick<DocumentRecord, 'edited' | 'sent' | 'epoch' | 'revision' | 'summary'>

export function packRecord(record: PackedRecord): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, FORMAT)
  encoding.writeVarUint(encoder, record.edited)
  encoding.writeVarUint(encoder, record.sent)
  encoding.writeVarUint(encoder, record.revision)
  encoding.writeVarUint(encoder, (record.epoch === null ? 0 : HAS_EPOCH) | (record.summary ? HAS_SUMMARY : 0))
  if (record.epoch !== null) encoding.writeVarString(encoder, record.epoch)
  if (record.summary) encoding.writeVarUint8Array(encoder, record.summary)
  return encoding.toUint8Array(encoder)
}

/** Null for what this program did not write (a relay's summary, say). */
export function unpackRecord(bytes: Uint8Array | null): PackedRecord | null {
  if (!bytes) return null
  try {
    const decoder = decoding.createDecoder(bytes)
    if (decoding.readVarUint(decoder) !== FORMAT) return null
    const edited = decoding.readVarUint(decoder)
    const sent = decoding.readVarUint(decoder)
    const revision = decoding.readVarUint(decoder)
    const has = decoding.readVarUint(decoder)
    const epoch = has & HAS_EPOCH ? decoding.readVarString(decoder) : null
    // A copy: a view would drag all the bytes around it along wherever it is cloned to.
    const summary = has & HAS_SUMMARY ? decoding.readVarUint8Array(decoder).slice() : null
    return { edited, sent, revision, epoch, summary }
  } catch {
    return null
  }
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && a.every((byte, i) => byte === b[i]))
}
