import * as Y from 'yjs'
import type { JsonObject, JsonValue } from '../json.ts'
import { MAX_JSON_DEPTH } from '../schema.ts'
import { isRecord } from '../vocabulary.ts'

/**
 * Anything a document may hold as JSON: shared types by their content, and what JSON cannot say (bytes, big integers,
 * subdocuments, non-finite numbers, what nests deeper than MAX_JSON_DEPTH) as null. It copies, so that nobody who is
 * given a value can change the document through it.
 */
export function toPlain(value: unknown, depth = 0): JsonValue {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'object' || value === null || depth >= MAX_JSON_DEPTH) return null
  if (Array.isArray(value)) return value.map((item) => toPlain(item, depth + 1))
  if (value instanceof Y.Text) return value.toString()
  if (value instanceof Y.Array) return value.toArray().map((item) => toPlain(item, depth + 1))
  if (value instanceof Y.Map) return plainEntries(value.entries(), depth)
  return isRecord(value) ? plainEntries(Object.entries(value), depth) : null
}

/** `fromEntries` defines each key, so that a key named `__proto__` is data and nothing else. */
function plainEntries(entries: Iterable<[string, unknown]>, depth: number): JsonObject {
  const plain: [string, JsonValue][] = []
  for (const [key, value] of entries) plain.push([key, toPlain(value, depth + 1)])
  return Object.fromEntries(plain)
}
