import { masked } from './crc32.ts'
import type { Block } from './table.ts'

const TRAILER_BYTES = 5
/** A block holds one entry at least, and a commit is some 8 MB at most. */
const LONGEST = 24 << 20
/** After a place where no block was found, most blocks are this short; longer ones are found by what follows them. */
const SHORT = 128 << 10

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc >>> 0
})

/**
 * Finds the blocks of a table whose index is lost. They lie one behind the other, each followed by its kind and its checksum, so where one
 * begins its end is where the checksum of all up to there is what stands there. After a damaged block, the next beginning is looked for.
 */
export function* scanBlocks(bytes: Uint8Array): Generator<Block | { readonly skipped: number }> {
  let at = 0
  let skipped = 0
  while (at + TRAILER_BYTES < bytes.length) {
    const size = mayBegin(bytes, at) ? sizeAt(bytes, at, skipped === 0 ? LONGEST : SHORT) : null
    if (size === null) {
      at += 1
      skipped += 1
      continue
    }
    if (skipped > 0) yield { skipped }
    skipped = 0
    yield { offset: at, size }
    at += size + TRAILER_BYTES
  }
}

function sizeAt(bytes: Uint8Array, at: number, longest: number): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const last = Math.min(bytes.length - TRAILER_BYTES, at + longest)
  let crc = 0xffffffff
  for (let end = at; end <= last; end += 1) {
    const byte = bytes[end]!
    crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255]!
    // The kind is 0 (plain) or 1 (snappy), and has been counted in.
    if (byte <= 1 && end - at >= 8 && view.getUint32(end + 1, true) === masked(~crc >>> 0)) return end - at
  }
  return null
}

/** The first key of a block shares nothing with one before it: a plain block begins with 0, a packed one says its length and a literal 0. */
function mayBegin(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === 0) return true
  let next = at
  for (let i = 0; i < 4 && bytes[next]! >= 128; i += 1) next += 1
  const tag = bytes[next + 1] ?? 3
  if ((tag & 3) !== 0) return false
  const extra = tag >>> 2 < 60 ? 0 : (tag >>> 2) - 59
  return bytes[next + 2 + extra] === 0
}
