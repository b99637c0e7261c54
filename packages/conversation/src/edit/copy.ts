import * as Y from 'yjs'
import type { Fields } from '../schema.ts'

type Pending =
  | { readonly from: Fields; readonly to: Fields }
  | { readonly from: Y.Array<unknown>; readonly to: Y.Array<unknown> }

/** Copies the wanted fields, and whatever shared types they hold, from the top down and without recursion. */
export function copyFields(from: Fields, to: Fields, wanted: (key: string) => boolean): void {
  const pending: Pending[] = []
  copyEntries(from, to, wanted, pending)
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.from instanceof Y.Map) copyEntries(next.from, next.to as Fields, () => true, pending)
    else copyList(next.from as Y.Array<unknown>, next.to as Y.Array<unknown>, pending)
  }
}

function copyEntries(from: Fields, to: Fields, wanted: (key: string) => boolean, pending: Pending[]): void {
  for (const [key, value] of from.entries()) {
    const copy = wanted(key) ? copyValue(value, pending) : undefined
    if (copy !== undefined) to.set(key, copy)
  }
}

function copyList(from: Y.Array<unknown>, to: Y.Array<unknown>, pending: Pending[]): void {
  to.push(from.toArray().map((item) => copyValue(item, pending) ?? null))
}

/** undefined for what a conversation does not hold: subdocuments and the like. */
function copyValue(value: unknown, pending: Pending[]): unknown {
  if (value instanceof Y.Text) return new Y.Text(value.toString())
  if (value instanceof Y.Map) {
    const to: Fields = new Y.Map()
    pending.push({ from: value as Fields, to })
    return to
  }
  if (value instanceof Y.Array) {
    const to = new Y.Array<unknown>()
    pending.push({ from: value as Y.Array<unknown>, to })
    return to
  }
  return value instanceof Y.AbstractType || value instanceof Y.Doc ? undefined : value
}

/** Copies a thing from one map of things into another; gives the copy. */
export function copyThing(from: Fields, to: Fields, id: string, wanted: (key: string) => boolean = () => true): Fields {
  const copy: Fields = new Y.Map()
  to.set(id, copy)
  copyFields(from.get(id) as Fields, copy, wanted)
  return copy
}
