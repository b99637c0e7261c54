import { type ByteReader, MalformedError } from './bytes.ts'
import { utf16Length } from './text-content.ts'

/** Deepest nesting taken in JSON and in lib0's `any`: readers of both recurse, and must not run out of stack. */
export const MAX_DEPTH = 1024

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const COMMA = 0x2c
const COLON = 0x3a

/** Moves past a length-prefixed string that must be one JSON text. `JSON.parse` of it, anywhere, does not throw. */
export function skipJson(reader: ByteReader, extraWord?: string): void {
  const length = reader.varUint()
  const start = reader.skip(length)
  requireJson(reader.bytes, start, start + length, extraWord)
}

/**
 * Throws unless the bytes are one JSON text, without building it. No recursion: `nesting` holds what each open bracket was.
 * `extraWord` is taken too, as a whole text (Yjs writes `undefined` so).
 */
export function requireJson(bytes: Uint8Array, start: number, end: number, extraWord?: string): void {
  utf16Length(bytes, start, end)
  if (extraWord !== undefined && end - start === extraWord.length && isWord(bytes, start, extraWord)) return
  const nesting: number[] = []
  let pos = skipSpace(bytes, start, end)
  for (;;) {
    // A value is due at `pos`.
    const lead = pos < end ? bytes[pos]! : 0
    if (lead === OPEN_OBJECT || lead === OPEN_ARRAY) {
      const close = lead + 2
      pos = skipSpace(bytes, pos + 1, end)
      if (bytes[pos] !== close || pos >= end) {
        if (nesting.length >= MAX_DEPTH) throw new MalformedError('JSON nested too deeply')
        nesting.push(close)
        if (close === CLOSE_OBJECT) pos = skipKey(bytes, pos, end)
        continue
      }
      pos += 1
    } else {
      pos = skipScalar(bytes, pos, end, lead)
    }
    // A value has ended: close what closes here, then a comma brings the next.
    pos = skipSpace(bytes, pos, end)
    while (nesting.length > 0 && pos < end && bytes[pos] === nesting[nesting.length - 1]) {
      nesting.pop()
      pos = skipSpace(bytes, pos + 1, end)
    }
    const inside = nesting[nesting.length - 1]
    if (inside === undefined) {
      if (pos !== end) throw notJson()
      return
    }
    if (pos >= end || bytes[pos] !== COMMA) throw notJson()
    pos = skipSpace(bytes, pos + 1, end)
    if (inside === CLOSE_OBJECT) pos = skipKey(bytes, pos, end)
    else if (inside !== CLOSE_ARRAY) throw notJson()
  }
}

function notJson(): MalformedError {
  return new MalformedError('text that is not JSON')
}

function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let pos = start
  while (pos < end) {
    const byte = bytes[pos]!
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
    pos += 1
  }
  return pos
}

/** A key and its colon; returns where the value begins. */
function skipKey(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end || bytes[start] !== QUOTE) throw notJson()
  const pos = skipSpace(bytes, skipQuoted(bytes, start, end), end)
  if (pos >= end || bytes[pos] !== COLON) throw notJson()
  return skipSpace(bytes, pos + 1, end)
}

function skipQuoted(bytes: Uint8Array, start: number, end: number): number {
  let pos = start + 1
  while (pos < end) {
    const byte = bytes[pos]!
    if (byte === QUOTE) return pos + 1
    if (byte < 0x20) throw notJson()
    pos = byte === BACKSLASH ? skipEscape(bytes, pos + 1, end) : pos + 1
  }
  throw notJson()
}

function skipEscape(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) throw notJson()
  switch (String.fromCharCode(bytes[start]!)) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return start + 1
    case 'u':
      for (let i = 1; i <= 4; i++) {
        if (start + i >= end || !isHexDigit(bytes[start + i]!)) throw notJson()
      }
      return start + 5
    default:
      throw notJson()
  }
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function skipScalar(bytes: Uint8Array, pos: number, end: number, lead: number): number {
  if (lead === QUOTE) return skipQuoted(bytes, pos, end)
  for (const word of ['true', 'false', 'null']) {
    if (pos + word.length <= end && isWord(bytes, pos, word)) return pos + word.length
  }
  return skipNumber(bytes, pos, end)
}

function isWord(bytes: Uint8Array, pos: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[pos + i] !== word.charCodeAt(i)) return false
  return true
}

function skipNumber(bytes: Uint8Array, start: number, end: number): number {
  let pos = start
  if (pos < end && bytes[pos] === 0x2d) pos += 1
  const zero = pos < end && bytes[pos] === 0x30
  pos = zero ? pos + 1 : skipDigits(bytes, pos, end)
  if (pos < end && bytes[pos] === 0x2e) pos = skipDigits(bytes, pos + 1, end)
  if (pos < end && (bytes[pos]! | 0x20) === 0x65) {
    pos += 1
    if (pos < end && (bytes[pos] === 0x2b || bytes[pos] === 0x2d)) pos += 1
    pos = skipDigits(bytes, pos, end)
  }
  return pos
}

/** One digit or more. */
function skipDigits(bytes: Uint8Array, start: number, end: number): number {
  let pos = start
  while (pos < end && isDigit(bytes[pos]!)) pos += 1
  if (pos === start) throw notJson()
  return pos
}
