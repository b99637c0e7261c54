import type * as Y from 'yjs'
import { compareNodes, type OrderNode, orderMessages, resolveGroups } from '../order.ts'
import { asFields, type Fields, messagesOf, selectedOf } from '../schema.ts'
import { isString, isTime } from '../vocabulary.ts'
import { mustFind, setField, transact } from './write.ts'

/** What the order needs of each message, without reading its parts; as read/message.ts reads it. */
export function orderNodes(messages: Fields): Map<string, OrderNode> {
  const nodes = new Map<string, OrderNode>()
  for (const [id, value] of messages.entries()) {
    const fields = asFields(value)
    if (fields !== null) nodes.set(id, orderNode(id, fields))
  }
  return nodes
}

function orderNode(id: string, fields: Fields): OrderNode {
  const [parent, replaces] = [fields.get('parent'), fields.get('replaces')]
  const [createdAt, deletedAt] = [fields.get('createdAt'), fields.get('deletedAt')]
  return {
    id,
    parent: isString(parent) ? parent : null,
    replaces: isString(replaces) ? replaces : null,
    createdAt: isTime(createdAt) ? createdAt : 0,
    deletedAt: isTime(deletedAt) ? deletedAt : null,
  }
}

/** O1: the last message shown. `selected` is null inside subagents, where nothing is selected. */
export function lastShown(messages: Fields, selected: Fields | null): string | null {
  const chosen = new Map<string, string>()
  for (const [group, id] of selected?.entries() ?? []) if (isString(id)) chosen.set(group, id)
  return orderMessages(orderNodes(messages).values(), chosen).shown.at(-1) ?? null
}

/** The group that a message, or one that replaces it, belongs to: what `resolveGroups` says, for one message. */
export function groupOf(messages: Fields, id: string): string {
  const seen = new Set<string>()
  let group = id
  while (!seen.has(group)) {
    seen.add(group)
    const replaces = asFields(messages.get(group))?.get('replaces')
    if (isString(replaces)) group = replaces
  }
  return group
}

/** Shows this message of its group of alternatives. */
export function selectAlternative(doc: Y.Doc, id: string, origin?: unknown): void {
  const messages = messagesOf(doc)
  mustFind(messages, id, 'message')
  transact(doc, origin, () => setField(selectedOf(doc), groupOf(messages, id), id))
}

/** When the chosen alternative goes, the newest that is left is chosen, if any is. */
export function reselectWithout(doc: Y.Doc, id: string): void {
  const messages = messagesOf(doc)
  const group = groupOf(messages, id)
  if (selectedOf(doc).get(group) !== id) return
  const nodes = orderNodes(messages)
  const groups = resolveGroups(nodes)
  const living = [...nodes.values()].filter(
    (node) => groups.get(node.id) === group && node.id !== id && node.deletedAt === null,
  )
  const newest = living.sort(compareNodes).at(-1)
  if (newest !== undefined) setField(selectedOf(doc), group, newest.id)
}
