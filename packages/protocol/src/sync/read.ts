import { decodeUtf8 } from 'lib0/string'
import { type ByteReader, MalformedError } from '../bytes.ts'
import { FIELD } from './limits.ts'

/** A text of at most `max` bytes of UTF-8. */
export function readText(reader: ByteReader, max: number = FIELD.name): string {
  const bytes = reader.varBytes()
  if (bytes.length > max) throw new MalformedError(`a text over ${max} bytes`)
  try {
    return decodeUtf8(bytes)
  } catch {
    throw new MalformedError('a text that is not UTF-8')
  }
}

/** One of a list, by its index. */
export function readChoice<T>(reader: ByteReader, choices: readonly T[], what: string): T {
  const index = reader.varUint()
  const choice = choices[index]
  if (choice === undefined) throw new MalformedError(`unknown ${what} ${index}`)
  return choice
}

export function readFlag(reader: ByteReader): boolean {
  return readChoice(reader, [false, true], 'flag')
}

/** The number of a channel; 0 is the session's own and only pieces may name it. */
export function readChannel(reader: ByteReader): number {
  return readPositive(reader, 'channel 0')
}

export function readRequest(reader: ByteReader): number {
  return readPositive(reader, 'request 0')
}

function readPositive(reader: ByteReader, name: string): number {
  const value = reader.varUint()
  if (value === 0) throw new MalformedError(`${name}`)
  return value
}
