import type { Entry } from '../level/database.ts'
import { DamagedValue, opened } from '../level/values.ts'

/**
 * Entries of the log as a backup keeps them, one behind the other: length of the key (2 bytes, big-endian), length of the value (4), key, value.
 * Each value begins with a checksum over its key and itself (values.ts), so an entry shows by itself whether it is what was stored.
 */
const HEADER_BYTES = 6

export function encodeEntries(entries: readonly Entry[]): Uint8Array {
  const length = entries.reduce((sum, { key, value }) => sum + HEADER_BYTES + key.length + value.length, 0)
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const { key, value } of entries) {
    view.setUint16(at, key.length)
    view.setUint32(at + 2, value.length)
    bytes.set(key, at + HEADER_BYTES)
    bytes.set(value, at + HEADER_BYTES + key.length)
    at += HEADER_BYTES + key.length + value.length
  }
  return bytes
}

/** @throws DamagedValue when it is cut short, or an entry is not what was stored */
export function decodeEntries(bytes: Uint8Array): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries: Entry[] = []
  for (let at = 0; at < bytes.length; ) {
    if (at + HEADER_BYTES > bytes.length) throw new DamagedValue('an entry is cut short')
    const keyEnd = at + HEADER_BYTES + view.getUint16(at)
    const end = keyEnd + view.getUint32(at + 2)
    if (end > bytes.length) throw new DamagedValue('an entry is cut short')
    const entry = { key: bytes.subarray(at + HEADER_BYTES, keyEnd), value: bytes.subarray(keyEnd, end) }
    opened(entry.key, entry.value, () => null)
    entries.push(entry)
    at = end
  }
  return entries
}
