import { crc32c, masked } from './crc32.ts'

/**
 * LevelDB's log format (leveldb/doc/log_format.md), in which it writes its logs and its list of files: blocks of 32 KiB; pieces of masked
 * crc32c (4 bytes), length (2), type (1), data; type is FULL, FIRST, MIDDLE or LAST.
 */
const BLOCK_BYTES = 32 * 1024
const HEADER_BYTES = 7
const FULL = 1
const FIRST = 2
const LAST = 4

export type LogItem =
  | { readonly kind: 'record'; readonly pieces: readonly Uint8Array[] }
  /** Something that is no whole piece: rot, or the torn end that a power cut leaves. */
  | { readonly kind: 'hole'; readonly at: number }

/** The records of a log and the places where there is none, in order. */
export function* logItems(bytes: Uint8Array): Generator<LogItem> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  /** The pieces of a record that has begun. */
  let pieces: Uint8Array[] | null = null
  for (let block = 0; block < bytes.length; block += BLOCK_BYTES) {
    const end = Math.min(block + BLOCK_BYTES, bytes.length)
    let at = block
    while (at + HEADER_BYTES <= end) {
      const next = at + HEADER_BYTES + view.getUint16(at + 4, true)
      const type = view.getUint8(at + 6)
      const whole = next <= end && type >= FULL && type <= LAST
      if (whole && view.getUint32(at, true) === masked(crc32c(bytes.subarray(at + 6, next)))) {
        const data = bytes.subarray(at + HEADER_BYTES, next)
        if (type === FULL || type === FIRST) pieces = []
        if (pieces === null) yield { kind: 'hole', at }
        else {
          pieces.push(data)
          if (type === FULL || type === LAST) {
            yield { kind: 'record', pieces }
            pieces = null
          }
        }
      } else {
        yield { kind: 'hole', at }
        pieces = null
        // Where the length can be believed, the pieces after it in the block are looked at too.
        if (!whole) break
      }
      at = next
    }
  }
}

/**
 * @returns the offset of the first hole that has a whole record after it, or null when there is none: a torn end has nothing after it that
 * anyone was told of
 */
export function findHole(bytes: Uint8Array): number | null {
  let hole: number | null = null
  for (const item of logItems(bytes)) {
    if (item.kind === 'hole') hole ??= item.at
    else if (hole !== null) return hole
  }
  return null
}
