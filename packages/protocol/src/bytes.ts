/**
 * What the decoders of this package throw among themselves when bytes are not what they claim to be. It never passes
 * the package's boundary: every exported decoder answers with a `garbage` value instead.
 */
export class MalformedError extends Error {
  readonly code = 'MALFORMED'
  override readonly name = 'MalformedError'
}

const BITS7 = 0x7f
const BIT8 = 0x80

/**
 * A bounds-checked position in bytes. Nothing is ever allocated by a length that the bytes declare: lengths are first
 * held against what is left.
 */
export class ByteReader {
  readonly bytes: Uint8Array
  /** Index of the next byte. */
  pos: number
  /** One past the last byte that may be read. */
  readonly end: number

  constructor(bytes: Uint8Array, pos = 0, end = bytes.length) {
    this.bytes = bytes
    this.pos = pos
    this.end = end
  }

  byte(): number {
    if (this.pos >= this.end) throw new MalformedError('ends too early')
    return this.bytes[this.pos++]!
  }

  /**
   * lib0's variable length unsigned integer: 7 bits per byte, lowest first. At most 8 bytes and 2^53 - 1 (lib0 itself
   * lets larger values through and reads endless zero bytes as NaN).
   */
  varUint(): number {
    const { bytes, end } = this
    let pos = this.pos
    if (pos >= end) throw new MalformedError('ends inside a number')
    let byte = bytes[pos++]!
    if (byte < BIT8) {
      this.pos = pos
      return byte
    }
    let value = byte & BITS7
    let factor = 128
    for (let i = 1; i < 8; i++) {
      if (pos >= end) throw new MalformedError('ends inside a number')
      byte = bytes[pos++]!
      value += (byte & BITS7) * factor
      if (byte < BIT8) {
        if (value > Number.MAX_SAFE_INTEGER) break
        this.pos = pos
        return value
      }
      factor *= 128
    }
    throw new MalformedError('a number over 2^53 - 1')
  }

  /** Moves past `length` bytes and returns where they begin. */
  skip(length: number): number {
    const start = this.pos
    if (length > this.end - start) throw new MalformedError('a length beyond the end')
    this.pos = start + length
    return start
  }

  /** A view (no copy) of a length-prefixed byte string. */
  varBytes(): Uint8Array {
    const length = this.varUint()
    const start = this.skip(length)
    return this.bytes.subarray(start, start + length)
  }

  /** A number of things to come, each at least `atLeast` bytes long. */
  count(atLeast: number): number {
    const count = this.varUint()
    if (count > (this.end - this.pos) / atLeast) throw new MalformedError('a count beyond the end')
    return count
  }
}

/** How many bytes `value` takes as a variable length unsigned integer. */
export function varUintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1
  return length
}

/** Writes `value` at `pos` and returns the position after it. */
export function writeVarUint(target: Uint8Array, pos: number, value: number): number {
  let at = pos
  let rest = value
  while (rest >= 128) {
    target[at++] = (rest % 128) | BIT8
    rest = Math.floor(rest / 128)
  }
  target[at++] = rest
  return at
}
