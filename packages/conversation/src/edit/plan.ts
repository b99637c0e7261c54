/**
 * What is to be written, made and tested before anything is written. A plan is then stored from the top down without
 * recursion, because Yjs integrates a ready-made nested type by recursing into it.
 */
import * as Y from 'yjs'
import type { JsonObject, JsonValue } from '../json.ts'
import type { Fields } from '../schema.ts'
import { bad, checkJson, checkRecord } from './check.ts'

export class TextPlan {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
export class ListPlan {
  readonly items: readonly Planned[]
  constructor(items: readonly Planned[]) {
    this.items = items
  }
}
export class MapPlan {
  readonly fields = new Map<string, Planned>()

  set(key: string, value: Planned): this {
    this.fields.set(key, value)
    return this
  }
}
export type Planned = JsonValue | TextPlan | ListPlan | MapPlan
type Container = [Fields, MapPlan] | [Y.Array<unknown>, ListPlan]

export function storeField(target: Fields, key: string, value: Planned): void {
  const containers: Container[] = []
  target.set(key, create(value, containers))
  fill(containers)
}

export function storeItem(target: Y.Array<unknown>, value: Planned): void {
  const containers: Container[] = []
  target.push([create(value, containers)])
  fill(containers)
}

function fill(containers: Container[]): void {
  for (let next = containers.pop(); next !== undefined; next = containers.pop()) {
    const [target, plan] = next
    if (plan instanceof ListPlan) (target as Y.Array<unknown>).push(plan.items.map((item) => create(item, containers)))
    else for (const [key, value] of plan.fields) (target as Fields).set(key, create(value, containers))
  }
}

function create(value: Planned, containers: Container[]): unknown {
  if (value instanceof TextPlan) return new Y.Text(value.text)
  if (value instanceof ListPlan) {
    const list = new Y.Array<unknown>()
    containers.push([list, value])
    return list
  }
  if (value instanceof MapPlan) {
    const fields: Fields = new Y.Map()
    containers.push([fields, value])
    return fields
  }
  return value
}

/** How each field of an input is tested and stored. */
export type Checks = Readonly<Record<string, (value: unknown, name: string) => Planned>>

interface PlanOptions {
  readonly required?: readonly string[]
  /** Fields that the caller plans itself. */
  readonly besides?: readonly string[]
}

/** Plans the fields of an input; what is undefined or null is left out, what is unknown refused (`extra` is for that). */
export function planFields(input: unknown, name: string, checks: Checks, options: PlanOptions = {}): MapPlan {
  const given = checkRecord(input, name)
  const plan = new MapPlan()
  for (const key of options.required ?? []) {
    if (given[key] === undefined || given[key] === null) throw bad(`${name}.${key}`, 'given')
  }
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === null || key === 'extra' || options.besides?.includes(key)) continue
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined
    if (check === undefined) throw bad(`${name}.${key}`, 'left out: there is no such field')
    plan.set(key, check(value, `${name}.${key}`))
  }
  return plan
}

/** Adds fields of a version that we are not, as they are. Done last: they may not stand in for known ones. */
export function planExtra(plan: MapPlan, extra: unknown, name: string): MapPlan {
  if (extra === undefined || extra === null) return plan
  for (const [key, value] of Object.entries(checkRecord(extra, name))) {
    if (plan.fields.has(key)) throw bad(`${name}.${key}`, 'left out: it is a known field')
    plan.set(key.toWellFormed(), checkJson(value, `${name}.${key}`))
  }
  return plan
}

/** Members of a set, one key each. */
export function planPrefixed(plan: MapPlan, prefix: string, members: JsonObject): void {
  for (const [name, value] of Object.entries(members)) plan.set(prefix + name, value)
}
