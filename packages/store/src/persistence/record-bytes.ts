import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import type { DocumentRecord } from './port.ts'

const FORMAT = 2
/** Without what `/sync` brought: positions, purging, whether the summary was told. */
const BEFORE_SYNC = 1
const HAS_EPOCH = 1
const HAS_SUMMARY = 2
const HAS_HEIR = 4
const UNTOLD = 8
const PURGED = ['no', 'asked', 'done'] as const

/** What an update log has no place for, packed into the one opaque register it keeps per document: its summary. */
export type PackedRecord = Omit<DocumentRecord, 'id' | 'last' | 'rows'>

export function packRecord(record: PackedRecord): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, FORMAT)
  encoding.writeVarUint(encoder, record.edited)
  encoding.writeVarUint(encoder, record.sent)
  encoding.writeVarUint(encoder, record.revision)
  const flags =
    (record.epoch === null ? 0 : HAS_EPOCH) |
    (record.summary ? HAS_SUMMARY : 0) |
    (record.heir === null ? 0 : HAS_HEIR) |
    (record.untold ? UNTOLD : 0)
  encoding.writeVarUint(encoder, flags)
  if (record.epoch !== null) encoding.writeVarString(encoder, record.epoch)
  if (record.summary) encoding.writeVarUint8Array(encoder, record.summary)
  encoding.writeVarUint(encoder, record.have)
  encoding.writeVarUint(encoder, record.there)
  encoding.writeVarUint(encoder, PURGED.indexOf(record.purged))
  if (record.heir !== null) encoding.writeVarString(encoder, record.heir)
  // Behind all that the version before reads.
  encoding.writeVarUint(encoder, record.reach)
  return encoding.toUint8Array(encoder)
}

/** Null for what this program did not write (a relay's summary, say). */
export function unpackRecord(bytes: Uint8Array | null): PackedRecord | null {
  if (!bytes) return null
  try {
    const decoder = decoding.createDecoder(bytes)
    const format = decoding.readVarUint(decoder)
    if (format !== FORMAT && format !== BEFORE_SYNC) return null
    const edited = decoding.readVarUint(decoder)
    const sent = decoding.readVarUint(decoder)
    const revision = decoding.readVarUint(decoder)
    const has = decoding.readVarUint(decoder)
    const epoch = has & HAS_EPOCH ? decoding.readVarString(decoder) : null
    // A copy: a view would drag all the bytes around it along wherever it is cloned to.
    const summary = has & HAS_SUMMARY ? decoding.readVarUint8Array(decoder).slice() : null
    const base = { edited, sent, revision, epoch, summary }
    if (format === BEFORE_SYNC) return { ...base, have: 0, there: 0, untold: false, purged: 'no', heir: null, reach: 0 }
    const have = decoding.readVarUint(decoder)
    const there = decoding.readVarUint(decoder)
    const purged = PURGED[decoding.readVarUint(decoder)]
    if (purged === undefined) return null
    const heir = has & HAS_HEIR ? decoding.readVarString(decoder) : null
    const reach = decoding.hasContent(decoder) ? decoding.readVarUint(decoder) : 0
    return { ...base, have, there, untold: (has & UNTOLD) !== 0, purged, heir, reach }
  } catch {
    return null
  }
}

/** Records together under the number of the transaction that wrote them. */
export function packRecords(version: number, records: readonly DocumentRecord[]): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, version)
  encoding.writeVarUint(encoder, records.length)
  for (const record of records) {
    encoding.writeVarString(encoder, record.id)
    encoding.writeVarUint(encoder, record.last)
    encoding.writeVarUint(encoder, record.rows)
    encoding.writeVarUint8Array(encoder, packRecord(record))
  }
  return encoding.toUint8Array(encoder)
}

/** Null for what cannot be read. */
export function unpackRecords(
  bytes: Uint8Array,
): { readonly version: number; readonly records: readonly DocumentRecord[] } | null {
  try {
    const decoder = decoding.createDecoder(bytes)
    const version = decoding.readVarUint(decoder)
    const records = Array.from({ length: decoding.readVarUint(decoder) }, () => {
      const id = decoding.readVarString(decoder)
      const last = decoding.readVarUint(decoder)
      const rows = decoding.readVarUint(decoder)
      const packed = unpackRecord(decoding.readVarUint8Array(decoder))
      if (!packed) throw new RangeError('a record that cannot be read')
      return { ...packed, id, last, rows }
    })
    return { version, records }
  } catch {
    return null
  }
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && a.every((byte, i) => byte === b[i]))
}
