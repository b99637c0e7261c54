import type { Decision } from '../../../src/index.ts'

/**
 * What stands in for Yjs here: a document is a set of items, an update a list of them, and an item may build on another. State
 * vectors are the list of what is there. Updates stay opaque to the machines, so this is all they can tell of Yjs.
 */
export interface Item {
  readonly id: string
  readonly needs: string | null
  /** Makes the update as long as is wanted. */
  readonly padding: number
}

export type Items = ReadonlyMap<string, Item>

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function encodeItems(items: Iterable<Item>): Uint8Array {
  const list = [...items].map(({ id, needs, padding }) => [id, needs, 'x'.repeat(padding)])
  return encoder.encode(JSON.stringify(list))
}

export function decodeItems(bytes: Uint8Array): Item[] {
  const list = JSON.parse(decoder.decode(bytes)) as [string, string | null, string][]
  return list.map(([id, needs, padding]) => ({ id, needs, padding: padding.length }))
}

export function vectorOf(items: Items): Uint8Array {
  return encoder.encode([...items.keys()].join(' '))
}

/** What is not in the state vector. */
export function beyond(items: Items, vector: Uint8Array): Item[] {
  const there = new Set(decoder.decode(vector).split(' '))
  return [...items.values()].filter(({ id }) => !there.has(id))
}

export const GARBAGE = encoder.encode('not a list')

/** As the intake decides: `take` adds to `known` what is to be stored. */
export function decide(known: Map<string, Item>, update: Uint8Array, take: boolean): Decision {
  let items: Item[]
  try {
    items = decodeItems(update)
  } catch {
    return { kind: 'garbage', reason: 'not a list of items' }
  }
  const good = new Map<string, Item>()
  let gap = false
  for (const item of items) {
    if (known.has(item.id)) continue
    if (item.needs !== null && !known.has(item.needs) && !good.has(item.needs)) gap = true
    else good.set(item.id, item)
  }
  if (gap) return { kind: 'gap', good: good.size === 0 ? null : encodeItems(good.values()), missing: [] }
  if (good.size === 0) return { kind: 'nothing-new' }
  if (take) for (const item of good.values()) known.set(item.id, item)
  return { kind: 'store', update: encodeItems(good.values()) }
}
