import { type ByteReader, MalformedError } from './bytes.ts'

/**
 * How many UTF-16 units the UTF-8 bytes hold: Yjs counts text so. Throws on what `TextDecoder` with `fatal` would refuse,
 * because that is what every client reads strings with: one bad string would keep all of them from the whole document.
 */
export function utf16Length(bytes: Uint8Array, start: number, end: number): number {
  let units = 0
  let pos = start
  while (pos < end) {
    const lead = bytes[pos]!
    if (lead < 0x80) {
      pos += 1
      units += 1
      continue
    }
    const length = sequenceLength(lead)
    if (pos + length > end || !isSequence(bytes, pos, length)) throw new MalformedError('text that is not UTF-8')
    pos += length
    units += length === 4 ? 2 : 1
  }
  return units
}

function sequenceLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2
  if (lead >= 0xe0 && lead <= 0xef) return 3
  if (lead >= 0xf0 && lead <= 0xf4) return 4
  throw new MalformedError('text that is not UTF-8')
}

function isSequence(bytes: Uint8Array, pos: number, length: number): boolean {
  const lead = bytes[pos]!
  const second = bytes[pos + 1]!
  // The second byte's range is narrower after four leads: no overlong forms, no surrogates, nothing above U+10FFFF.
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return false
  for (let i = 2; i < length; i++) if ((bytes[pos + i]! & 0xc0) !== 0x80) return false
  return true
}

/** Moves past a length-prefixed string and returns its length in UTF-16 units. */
export function skipString(reader: ByteReader): number {
  const length = reader.varUint()
  const start = reader.skip(length)
  return utf16Length(reader.bytes, start, start + length)
}

/**
 * The index of the byte where UTF-16 unit `units` begins, and whether that unit is the second half of a surrogate pair (the
 * index is then that of the pair). The bytes have been checked.
 */
export function byteOfUnit(bytes: Uint8Array, start: number, units: number): { at: number; insidePair: boolean } {
  let at = start
  let left = units
  while (left > 0) {
    const lead = bytes[at]!
    const length = lead < 0x80 ? 1 : sequenceLength(lead)
    if (length === 4 && left === 1) return { at, insidePair: true }
    left -= length === 4 ? 2 : 1
    at += length
  }
  return { at, insidePair: false }
}
