import type { JsonValue } from '../json.ts'
import { bad, checkRecord } from './check.ts'

type FieldCheck = (value: unknown, name: string) => JsonValue

/** How a field of a patch is tested, and whether null may empty it. */
export interface PatchField {
  readonly check: FieldCheck
  readonly emptiable: boolean
}

export const required = (check: FieldCheck): PatchField => ({ check, emptiable: false })
export const emptiable = (check: FieldCheck): PatchField => ({ check, emptiable: true })

/** The tested fields of a patch, in its order; undefined is left out. */
export function checkPatch(patch: unknown, fields: Readonly<Record<string, PatchField>>): [string, JsonValue][] {
  const set: [string, JsonValue][] = []
  for (const [key, value] of Object.entries(checkRecord(patch, 'patch'))) {
    if (value === undefined) continue
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined
    if (field === undefined) throw bad(`patch.${key}`, 'left out: there is no such field')
    set.push([key, value === null && field.emptiable ? null : field.check(value, `patch.${key}`)])
  }
  return set
}
