import { crc32 } from 'node:zlib'
import { isName } from '@holdfast/protocol'
import type { Role } from '../access.ts'

/** What is kept of a token that was made here: never the token itself. Times are milliseconds since 1970. */
export interface TokenRecord {
  /** The token's `jti`. */
  readonly id: string
  /** What a person called it. */
  readonly name: string
  readonly role: Role
  readonly spaces: readonly string[] | '*'
  /** Only these documents, when given. */
  readonly documents?: readonly string[]
  readonly created: number
  readonly expires: number
}

/** One line of the ledger. */
export type TokenEntry =
  | ({ readonly event: 'created' } & TokenRecord)
  | { readonly event: 'revoked'; readonly id: string; readonly at: number }

const LONGEST_ID = 128
const LONGEST_NAME = 128
const ROLES: readonly string[] = ['read', 'write', 'admin'] satisfies Role[]
/** Of a Date, in milliseconds since 1970. */
const LAST_TIME = 8.64e15

/** Whether a text may be a token's id: 1 to 128 printable ASCII characters without a space, so that it can stand in a log and on a command line. */
export function isTokenId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_ID && /^[!-~]+$/.test(value)
}

/** Whether a text may be what a person calls a token: 1 to 128 characters, none of them a control character. */
export function isTokenName(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= LONGEST_NAME && !/\p{C}/u.test(value)
}

export function isRole(value: unknown): value is Role {
  return typeof value === 'string' && ROLES.includes(value)
}

/** Whether this is the spaces that a token reaches: all, or names. */
export function isSpaces(value: unknown): value is readonly string[] | '*' {
  return value === '*' || isNames(value)
}

export function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string' && isName(name))
}

/** A line: eight hex digits of CRC-32 over the rest, a space, the entry as JSON, a line feed. */
export function encodeEntry(entry: TokenEntry): string {
  const json = JSON.stringify(entry)
  return `${sumOf(json)} ${json}\n`
}

/** @returns null when the line is damaged, or no entry that this version knows */
export function decodeEntry(line: string): TokenEntry | null {
  const json = line.slice(9)
  if (line[8] !== ' ' || line.slice(0, 8) !== sumOf(json)) return null
  try {
    return entryOf(JSON.parse(json))
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function sumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}

function entryOf(value: unknown): TokenEntry | null {
  if (typeof value !== 'object' || value === null || !('event' in value)) return null
  if (value.event === 'created') return recordOf(value)
  if (value.event !== 'revoked' || !('id' in value) || !('at' in value)) return null
  return isTokenId(value.id) && isTime(value.at) ? { event: 'revoked', id: value.id, at: value.at } : null
}

function recordOf(value: object): TokenEntry | null {
  const { id, name, role, spaces, documents, created, expires } = value as Record<string, unknown>
  if (!isTokenId(id) || !isTokenName(name) || !isRole(role) || !isSpaces(spaces)) return null
  if (!isTime(created) || !isTime(expires)) return null
  if (documents === undefined) return { event: 'created', id, name, role, spaces, created, expires }
  return isNames(documents) ? { event: 'created', id, name, role, spaces, documents, created, expires } : null
}

export function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= LAST_TIME
}
