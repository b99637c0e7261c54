import * as encoding from 'lib0/encoding'

/* Updates (Yjs v1, the format of y-protocols) as conversations are made of, written out here because the relay knows no Yjs. */

const CLIENT = 0x7ffffff0
/** What a struct's first byte says besides its content: the struct before it is named, it is the value of a key. */
const AFTER = 0x80
const KEYED = 0x20
const STRING = 4
const TYPE = 7
const ANY = 8
const MAP = 1
const TEXT = 2
/** The parent is named by the document's own name for it, or by the struct that is it. */
const ROOT = 1
const STRUCT = 0

/** Somebody appends four characters to a text. @param at how many were appended before */
export function token(at: number): Uint8Array {
  const encoder = begun(at * 4)
  if (at === 0) {
    encoding.writeUint8(encoder, STRING)
    encoding.writeVarUint(encoder, ROOT)
    encoding.writeVarString(encoder, 'text')
  } else {
    encoding.writeUint8(encoder, STRING | AFTER)
    id(encoder, at * 4 - 1)
  }
  encoding.writeVarString(encoder, 'warm')
  return ended(encoder)
}

/** Characters of a message's text. */
const LENGTH = 600
/** Clocks that a message takes: itself, three values, its text and what is in it. */
const CLOCKS = 5 + LENGTH

/** One message of a conversation: a map with a role, a model, a time and a text. @param number of those before it */
export function message(number: number): Uint8Array {
  const first = number * CLOCKS
  const encoder = begun(first, 6)
  encoding.writeUint8(encoder, TYPE | KEYED)
  encoding.writeVarUint(encoder, ROOT)
  encoding.writeVarString(encoder, 'messages')
  encoding.writeVarString(encoder, `message-${number}`)
  encoding.writeVarUint(encoder, MAP)
  const values = { role: number % 2 === 0 ? 'user' : 'assistant', model: 'made', time: 1_700_000_000_000 + number }
  for (const [key, value] of Object.entries(values)) {
    encoding.writeUint8(encoder, ANY | KEYED)
    within(encoder, first)
    encoding.writeVarString(encoder, key)
    encoding.writeVarUint(encoder, 1)
    encoding.writeAny(encoder, value)
  }
  encoding.writeUint8(encoder, TYPE | KEYED)
  within(encoder, first)
  encoding.writeVarString(encoder, 'text')
  encoding.writeVarUint(encoder, TEXT)
  encoding.writeUint8(encoder, STRING)
  within(encoder, first + 4)
  encoding.writeVarString(encoder, 'warm '.repeat(LENGTH / 5))
  return ended(encoder)
}

/** One client's structs from a clock on. */
function begun(clock: number, structs = 1): encoding.Encoder {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, 1)
  encoding.writeVarUint(encoder, structs)
  id(encoder, clock)
  return encoder
}

/** Nothing is deleted. */
function ended(encoder: encoding.Encoder): Uint8Array {
  encoding.writeVarUint(encoder, 0)
  return encoding.toUint8Array(encoder)
}

function within(encoder: encoding.Encoder, clock: number): void {
  encoding.writeVarUint(encoder, STRUCT)
  id(encoder, clock)
}

function id(encoder: encoding.Encoder, clock: number): void {
  encoding.writeVarUint(encoder, CLIENT)
  encoding.writeVarUint(encoder, clock)
}

/** A state vector of who has so many of the structs of `token` and `message`. */
export function having(clock: number): ReadonlyMap<number, number> {
  return new Map(clock === 0 ? [] : [[CLIENT, clock]])
}
