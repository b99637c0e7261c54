import type { JsonObject, JsonValue } from '../json.ts'
import type { Fields } from '../schema.ts'
import { isString } from '../vocabulary.ts'
import { toPlain } from './plain.ts'

const NOTHING: JsonObject = Object.freeze({})

/**
 * The fields of one map, taken one by one. What nobody took, because its name or its type is unknown, is `extra()`:
 * nothing that a document holds is lost by reading it.
 */
export class FieldTaker {
  private readonly left = new Map<string, unknown>()

  constructor(fields: Fields) {
    fields.forEach((value, key) => {
      this.left.set(key, value)
    })
  }

  /** The field's value, if it passes; null if it is absent, empty or of another type. */
  take<T>(key: string, passes: (value: unknown) => value is T): T | null {
    const value = this.left.get(key)
    if (value === undefined) return null
    if (value !== null && !passes(value)) return null
    this.left.delete(key)
    return value as T | null
  }

  /** The same for a value that must be converted; `convert` says null to what it does not allow. */
  convert<T>(key: string, convert: (value: unknown) => T | null): T | null {
    const value = this.left.get(key)
    if (value === undefined) return null
    if (value === null) {
      this.left.delete(key)
      return null
    }
    const converted = convert(value)
    if (converted !== null) this.left.delete(key)
    return converted
  }

  string(key: string): string | null {
    return this.take(key, isString)
  }

  oneOf<T extends string>(key: string, allowed: readonly T[]): T | null {
    return this.take(key, (value): value is T => allowed.includes(value as T))
  }

  /** Any value; null when absent. */
  json(key: string): JsonValue {
    const value = this.left.get(key)
    this.left.delete(key)
    return toPlain(value)
  }

  /** The members of a set kept under keys with a prefix, sorted by key so that all replicas list them alike. */
  prefixed<T>(prefix: string, convert: (name: string, value: unknown) => T | null): T[] {
    const names: string[] = []
    for (const key of this.left.keys()) if (key.startsWith(prefix)) names.push(key)
    const members: T[] = []
    for (const key of names.sort()) {
      const value = this.left.get(key)
      const member = value === null ? null : convert(key.slice(prefix.length), value)
      if (value === null || member !== null) this.left.delete(key)
      if (member !== null) members.push(member)
    }
    return members
  }

  extra(): JsonObject {
    if (this.left.size === 0) return NOTHING
    return Object.fromEntries([...this.left].map(([key, value]) => [key, toPlain(value)]))
  }
}
