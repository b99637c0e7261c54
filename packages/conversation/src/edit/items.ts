/** What todos, artifacts, activities and checkpoints have in common. */
import type * as Y from 'yjs'
import { type CollectionName, collectionOf, type Fields } from '../schema.ts'
import { checkId, checkTime } from './check.ts'
import { type Checks, type MapPlan, planExtra, planFields, storeField } from './plan.ts'
import { alreadyExists, assertWritable, mustFind, setField, transact } from './write.ts'

/** What one of them is called in an error. */
const NAMES: Readonly<Record<CollectionName, string>> = {
  artifacts: 'artifact',
  todos: 'todo',
  activities: 'activity',
  checkpoints: 'checkpoint',
}

interface NewItem {
  readonly id: string
  readonly extra?: unknown
}

/** Plans a new item; refuses an id that is taken. */
export function planItem(
  doc: Y.Doc,
  collection: CollectionName,
  item: NewItem,
  checks: Checks,
  options: { required: readonly string[]; besides?: readonly string[] },
): MapPlan {
  assertWritable(doc)
  const name = NAMES[collection]
  const plan = planFields(item, name, { ...checks, id: checkId }, { ...options, required: ['id', ...options.required] })
  if (collectionOf(doc, collection).has(item.id)) throw alreadyExists(name, item.id)
  plan.fields.delete('id')
  return planExtra(plan, item.extra, `${name}.extra`)
}

export function storeItemIn(
  doc: Y.Doc,
  collection: CollectionName,
  id: string,
  plan: MapPlan,
  origin: unknown,
): string {
  transact(doc, origin, () => storeField(collectionOf(doc, collection), id, plan))
  return id
}

export function findItem(doc: Y.Doc, collection: CollectionName, id: unknown): Fields {
  return mustFind(collectionOf(doc, collection), checkId(id, 'id'), NAMES[collection])
}

/** Deleting sets a time; nothing is taken away. */
export function setDeleted(
  doc: Y.Doc,
  collection: CollectionName,
  id: string,
  at: number | null,
  origin: unknown,
): void {
  assertWritable(doc)
  const item = findItem(doc, collection, id)
  const deletedAt = at === null ? null : checkTime(at, 'at')
  transact(doc, origin, () => setField(item, 'deletedAt', deletedAt))
}
