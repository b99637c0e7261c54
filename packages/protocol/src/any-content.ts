import { type ByteReader, MalformedError } from './bytes.ts'
import { MAX_DEPTH } from './json-content.ts'
import { skipString } from './text-content.ts'

/** lib0's tags for `any`. */
const ANY = {
  bytes: 116,
  array: 117,
  object: 118,
  string: 119,
  true: 120,
  false: 121,
  bigint: 122,
  float64: 123,
  float32: 124,
  integer: 125,
  null: 126,
  undefined: 127,
} as const

/** Moves past one lib0 `any`, without recursion and without building it. */
export function skipAny(reader: ByteReader): void {
  let inside = openAny(reader)
  if (inside === 0) return
  // How many values are still to come in each open container; negative for objects, whose values follow a key.
  const open: number[] = []
  for (;;) {
    if (inside !== 0) {
      if (open.length >= MAX_DEPTH) throw new MalformedError('values nested too deeply')
      open.push(inside)
    }
    let left = open[open.length - 1]
    while (left === 0) {
      open.pop()
      left = open[open.length - 1]
    }
    if (left === undefined) return
    if (left < 0) skipString(reader)
    open[open.length - 1] = left < 0 ? left + 1 : left - 1
    inside = openAny(reader)
  }
}

/** The object that a subdocument's options must be: Yjs reads fields of it. */
export function skipAnyObject(reader: ByteReader): void {
  if (reader.pos < reader.end && reader.bytes[reader.pos] !== ANY.object) {
    throw new MalformedError('options that are no object')
  }
  skipAny(reader)
}

/** Moves past a scalar or into a container; returns its number of values (negative for objects), 0 when nothing is open. */
function openAny(reader: ByteReader): number {
  const tag = reader.byte()
  switch (tag) {
    case ANY.undefined:
    case ANY.null:
    case ANY.false:
    case ANY.true:
      return 0
    case ANY.integer:
      skipVarInt(reader)
      return 0
    case ANY.float32:
      reader.skip(4)
      return 0
    case ANY.float64:
    case ANY.bigint:
      reader.skip(8)
      return 0
    case ANY.string:
      skipString(reader)
      return 0
    case ANY.bytes:
      reader.skip(reader.varUint())
      return 0
    case ANY.array:
      return reader.count(1)
    case ANY.object:
      return -reader.count(2)
    default:
      throw new MalformedError(`unknown kind of value ${tag}`)
  }
}

/** lib0 refuses what passes 2^53 - 1 while more bytes follow; eight bytes hold all that it ever writes. */
function skipVarInt(reader: ByteReader): void {
  for (let i = 0; i < 8; i++) if (reader.byte() < 0x80) return
  throw new MalformedError('a number over 2^53 - 1')
}
