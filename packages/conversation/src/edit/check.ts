/**
 * Tests of what callers hand in. Each gives the value as it is to be stored, or throws BAD_ARGUMENT naming the argument;
 * they all run before the first write, so that a refused edit changes nothing.
 */
import { ConversationError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import { MAX_JSON_DEPTH } from '../schema.ts'
import { isBoolean, isCount, isNumber, isRecord, isSha256, isString, isTime } from '../vocabulary.ts'

/** Characters. Ids are keys of the document and part of every reference. */
const MAX_ID_LENGTH = 512

export function bad(name: string, expected: string): ConversationError {
  return new ConversationError('BAD_ARGUMENT', `${name} must be ${expected}`)
}

/**
 * Text as it can travel: half a surrogate pair would become another character on its way to the next replica, and the two
 * would differ for ever.
 */
export function checkText(value: unknown, name: string): string {
  if (!isString(value)) throw bad(name, 'a string')
  return value.toWellFormed()
}

export function checkId(value: unknown, name: string): string {
  if (!isString(value) || value === '' || value.length > MAX_ID_LENGTH || !value.isWellFormed()) {
    throw bad(name, `a well-formed string of 1 to ${MAX_ID_LENGTH} characters`)
  }
  return value
}

export function checkTime(value: unknown, name: string): number {
  if (!isTime(value)) throw bad(name, 'milliseconds since the epoch')
  return value
}

export function checkBoolean(value: unknown, name: string): boolean {
  if (!isBoolean(value)) throw bad(name, 'true or false')
  return value
}

export function checkInteger(value: unknown, name: string): number {
  if (!isNumber(value) || !Number.isSafeInteger(value)) throw bad(name, 'a whole number')
  return value
}

export function checkCount(value: unknown, name: string): number {
  if (!isCount(value)) throw bad(name, 'a number of 0 or more')
  return value
}

export function checkSha256(value: unknown, name: string): string {
  if (!isSha256(value)) throw bad(name, '64 lowercase hex digits')
  return value
}

export function checkRecord(value: unknown, name: string): Record<string, unknown> {
  if (!isRecord(value)) throw bad(name, 'a plain object')
  return value
}

export function checkList(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw bad(name, 'a list')
  return value
}

export function oneOf<T extends string>(allowed: readonly T[]): (value: unknown, name: string) => T {
  return (value, name) => {
    if (!allowed.includes(value as T)) throw bad(name, `one of ${allowed.join(', ')}`)
    return value as T
  }
}

/**
 * A copy of a JSON value, with what JSON.stringify would make of it: undefined and functions are left out, NaN is null,
 * `toJSON` is called. Bytes are refused: they belong in a blob.
 */
export function checkJson(value: unknown, name: string, depth = 0): JsonValue {
  if (value === null || isBoolean(value)) return value
  if (isString(value)) return value.toWellFormed()
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'object') throw bad(name, 'JSON')
  if (depth >= MAX_JSON_DEPTH) throw bad(name, `JSON nested at most ${MAX_JSON_DEPTH} deep`)
  if (Array.isArray(value)) {
    return value.map((item, i) => (isLeftOut(item) ? null : checkJson(item, `${name}[${i}]`, depth + 1)))
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') return checkJson(value.toJSON(), name, depth + 1)
  if (!isRecord(value)) throw bad(name, 'JSON')
  const entries: [string, JsonValue][] = []
  for (const [key, item] of Object.entries(value)) {
    // Decoding an update sets this key as the prototype, so that it would be there on one replica only.
    if (key === '__proto__' || isLeftOut(item)) continue
    entries.push([key.toWellFormed(), checkJson(item, `${name}.${key}`, depth + 1)])
  }
  return Object.fromEntries(entries)
}

const isLeftOut = (value: unknown): boolean =>
  value === undefined || typeof value === 'function' || typeof value === 'symbol'

export function checkJsonObject(value: unknown, name: string): JsonObject {
  return checkJson(checkRecord(value, name), name) as JsonObject
}

/** A record stored as one value: known fields are tested, absent ones left out, others refused. */
export function record(
  checks: Readonly<Record<string, (value: unknown, name: string) => JsonValue>>,
  required: readonly string[] = [],
): (value: unknown, name: string) => JsonObject {
  return (value, name) => {
    const given = checkRecord(value, name)
    const entries: [string, JsonValue][] = []
    for (const [key, item] of Object.entries(given)) {
      if (item === undefined || item === null) continue
      const check = Object.hasOwn(checks, key) ? checks[key] : undefined
      if (check === undefined) throw bad(`${name}.${key}`, 'left out: there is no such field')
      entries.push([key, check(item, `${name}.${key}`)])
    }
    for (const key of required) if (!entries.some(([present]) => present === key)) throw bad(`${name}.${key}`, 'given')
    return Object.fromEntries(entries)
  }
}

export const checkFailure = record({ code: checkText, message: checkText }, ['code', 'message'])
export const checkUsage = record({
  input: checkCount,
  output: checkCount,
  cacheRead: checkCount,
  cacheWrite: checkCount,
  reasoning: checkCount,
  cost: checkCount,
})
export const checkAuthor = record({ id: checkText, name: checkText })
export const checkBlob = record({ sha256: checkSha256, size: checkCount }, ['sha256'])
export const checkProject = record({
  id: checkText,
  name: checkText,
  path: checkText,
  remote: checkText,
  branch: checkText,
})
export const checkForkedFrom = record({ conversation: checkId, message: checkId }, ['conversation'])
export const checkImportSource = record({ kind: checkText, id: checkText, hash: checkText }, ['kind'])
export const checkApproval = record(
  { id: checkId, approved: checkBoolean, reason: checkText, requestedAt: checkTime, respondedAt: checkTime },
  ['id'],
)
