/** Edits of todos, which are ordered by a fractional index. Each is one transaction; what they throw is in errors.ts. */
import { generateKeyBetween, generateNKeysBetween } from 'fractional-indexing'
import type * as Y from 'yjs'
import type { NewTodo, TodoPatch } from '../inputs.ts'
import { compareItems } from '../read/items.ts'
import { asFields, collectionOf } from '../schema.ts'
import { isString, TODO_STATES } from '../vocabulary.ts'
import { checkId, checkText, checkTime, oneOf } from './check.ts'
import { findItem, planItem, setDeleted } from './items.ts'
import { checkPatch, required } from './patch.ts'
import { storeField } from './plan.ts'
import { assertWritable, setField, transact } from './write.ts'

const CHECKS = { text: checkText, createdAt: checkTime, state: oneOf(TODO_STATES), message: checkId }
const PATCH = { text: required(checkText), state: required(oneOf(TODO_STATES)) }

/** A fractional index that is longer than this was made to be long. */
const MAX_INDEX_LENGTH = 256

/** Adds a todo, last unless `after` says otherwise. Gives its id. */
export function addTodo(doc: Y.Doc, todo: NewTodo, origin?: unknown): string {
  const plan = planItem(doc, 'todos', todo, CHECKS, { required: ['text', 'createdAt'], besides: ['after'] })
  if (!plan.fields.has('state')) plan.set('state', 'pending')
  const { index, moved } = findIndex(doc, todo.id, todo.after)
  plan.set('index', index)
  transact(doc, origin, () => {
    reindex(doc, moved)
    storeField(collectionOf(doc, 'todos'), todo.id, plan)
  })
  return todo.id
}

export function updateTodo(doc: Y.Doc, args: { id: string; at: number }, patch: TodoPatch, origin?: unknown): void {
  assertWritable(doc)
  const todo = findItem(doc, 'todos', args.id)
  const set = [...checkPatch(patch, PATCH), ['updatedAt', checkTime(args.at, 'at')] as const]
  transact(doc, origin, () => {
    for (const [key, value] of set) setField(todo, key, value)
  })
}

/** Puts a todo after another one; null: first; undefined: last. */
export function moveTodo(doc: Y.Doc, args: { id: string; after?: string | null; at: number }, origin?: unknown): void {
  assertWritable(doc)
  const todo = findItem(doc, 'todos', args.id)
  const at = checkTime(args.at, 'at')
  const { index, moved } = findIndex(doc, args.id, args.after)
  transact(doc, origin, () => {
    reindex(doc, moved)
    setField(todo, 'index', index)
    setField(todo, 'updatedAt', at)
  })
}

export function deleteTodo(doc: Y.Doc, args: { id: string; at: number }, origin?: unknown): void {
  setDeleted(doc, 'todos', args.id, args.at, origin)
}

export function restoreTodo(doc: Y.Doc, id: string, origin?: unknown): void {
  setDeleted(doc, 'todos', id, null, origin)
}

interface Placed {
  readonly id: string
  readonly index: string
}

/**
 * An index after that of the todo `after`. Todos that were placed at the same spot at once share an index, and there is
 * nothing between equal ones: those that follow are then `moved` apart.
 */
function findIndex(doc: Y.Doc, id: string, after: string | null | undefined): { index: string; moved: Placed[] } {
  const todos = otherTodos(doc, id)
  let at = after === null ? 0 : todos.length
  if (isString(after)) {
    findItem(doc, 'todos', after)
    at = todos.findIndex((todo) => todo.id === after) + 1
    if (at === 0) at = todos.length
  }
  if (todos.some((todo) => !isIndex(todo.index))) return indexAll(todos, at)
  const left = todos[at - 1]?.index ?? null
  let end = at
  while (left !== null && todos[end]?.index === left) end++
  const keys = generateNKeysBetween(left, todos[end]?.index ?? null, end - at + 1)
  const moved = todos.slice(at, end).map((todo, i) => ({ id: todo.id, index: keys[i + 1] as string }))
  return { index: keys[0] as string, moved }
}

/** Somebody wrote an index that is none: all are given new ones. */
function indexAll(todos: readonly Placed[], at: number): { index: string; moved: Placed[] } {
  const keys = generateNKeysBetween(null, null, todos.length + 1)
  const moved = todos.map((todo, i) => ({ id: todo.id, index: keys[i < at ? i : i + 1] as string }))
  return { index: keys[at] as string, moved }
}

function isIndex(index: string): boolean {
  if (index.length > MAX_INDEX_LENGTH) return false
  try {
    generateKeyBetween(index, null)
    return true
  } catch {
    return false
  }
}

function reindex(doc: Y.Doc, moved: readonly Placed[]): void {
  for (const { id, index } of moved) {
    const todo = asFields(collectionOf(doc, 'todos').get(id))
    if (todo !== null) setField(todo, 'index', index)
  }
}

/** Every other todo, deleted ones too (they may be restored), in order. */
function otherTodos(doc: Y.Doc, id: string): Placed[] {
  const todos: Placed[] = []
  for (const [other, value] of collectionOf(doc, 'todos').entries()) {
    const index = asFields(value)?.get('index')
    if (other !== id && asFields(value) !== null) todos.push({ id: other, index: isString(index) ? index : '' })
  }
  return todos.sort(compareItems)
}
