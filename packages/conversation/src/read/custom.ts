import type { JsonObject, JsonValue } from '../json.ts'
import { PREFIX } from '../schema.ts'
import type { FieldTaker } from './fields.ts'
import { toPlain } from './plain.ts'

const NOTHING: JsonObject = Object.freeze({})

/** What programs keep for themselves, one key each. */
export function readCustom(taker: FieldTaker): JsonObject {
  const entries = taker.prefixed(PREFIX.custom, (key, value): [string, JsonValue] => [key, toPlain(value)])
  return entries.length === 0 ? NOTHING : Object.fromEntries(entries)
}
