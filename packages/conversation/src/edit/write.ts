/** What every edit does: refuse a newer document, write in one transaction, and write nothing that is there already. */
import * as Y from 'yjs'
import { ConversationError } from '../errors.ts'
import type { MessageRef, SubagentRef } from '../inputs.ts'
import type { JsonValue } from '../json.ts'
import { toPlain } from '../read/plain.ts'
import {
  asFields,
  type Fields,
  isWritable,
  MAX_SUBAGENT_DEPTH,
  messagesOf,
  SCHEMA_VERSION,
  schemaVersion,
} from '../schema.ts'
import { isString } from '../vocabulary.ts'
import { bad, checkId, checkText } from './check.ts'

export function assertWritable(doc: Y.Doc): void {
  if (isWritable(doc)) return
  const version = schemaVersion(doc)
  throw new ConversationError(
    'NEWER_SCHEMA',
    `this conversation was written by version ${version} of the schema; version ${SCHEMA_VERSION} reads it and does not edit it`,
  )
}

export function transact<T>(doc: Y.Doc, origin: unknown, write: () => T): T {
  assertWritable(doc)
  return doc.transact(write, origin)
}

/** Sets a field unless it has that value. Emptying is setting null: nothing is Y-deleted. */
export function setField(fields: Fields, key: string, value: JsonValue): void {
  const before = fields.get(key)
  if (before === value || (before === undefined && value === null)) return
  if (typeof value === 'object' && value !== null && before !== undefined) {
    if (!(before instanceof Y.AbstractType) && JSON.stringify(toPlain(before)) === JSON.stringify(value)) return
  }
  fields.set(key, value)
}

export function notFound(what: string, id: string): ConversationError {
  return new ConversationError('NOT_FOUND', `there is no ${what} ${JSON.stringify(id.slice(0, 80))}`)
}

export function alreadyExists(what: string, id: string): ConversationError {
  return new ConversationError('ALREADY_EXISTS', `there is a ${what} ${JSON.stringify(id.slice(0, 80))} already`)
}

/** The fields of a thing that must be there. */
export function mustFind(root: Fields, id: string, what: string): Fields {
  const fields = asFields(root.get(id))
  if (fields === null) throw notFound(what, id)
  return fields
}

/** The map that holds the messages of the conversation, or of a subagent. */
export function findMessages(doc: Y.Doc, inside: SubagentRef | undefined): Fields {
  if (inside === undefined) return messagesOf(doc)
  const messages = asFields(findSubagent(doc, inside).get('messages'))
  if (messages === null) throw notFound('messages of subagent', inside.subagent)
  return messages
}

export function findSubagent(doc: Y.Doc, ref: SubagentRef): Fields {
  const children = asFields(findCall(doc, ref).get('children'))
  const id = checkId(ref.subagent, 'subagent')
  if (children === null) throw notFound('subagent', id)
  return mustFind(children, id, 'subagent')
}

export function findCall(doc: Y.Doc, ref: { readonly message: MessageRef; readonly callId: string }): Fields {
  return callOf(findMessage(doc, ref.message), ref.callId)
}

/** Goes down from the conversation's own message through the subagents that a reference names. */
export function findMessage(doc: Y.Doc, ref: MessageRef): Fields {
  const steps: { id: string; callId: string; subagent: string }[] = []
  let at = ref
  while (!isString(at)) {
    if (typeof at !== 'object' || at === null || typeof at.in !== 'object' || at.in === null) {
      throw bad('message', 'an id, or {in, id}')
    }
    if (steps.length >= MAX_SUBAGENT_DEPTH) throw bad('message', `at most ${MAX_SUBAGENT_DEPTH} subagents deep`)
    steps.push({ id: checkId(at.id, 'id'), callId: at.in.callId, subagent: checkId(at.in.subagent, 'subagent') })
    at = at.in.message
  }
  let fields = mustFind(messagesOf(doc), checkId(at, 'message'), 'message')
  for (const { id, callId, subagent } of steps.reverse()) {
    const children = asFields(callOf(fields, callId).get('children'))
    const messages = asFields(asFields(children?.get(subagent))?.get('messages'))
    if (messages === null) throw notFound('subagent', subagent)
    fields = mustFind(messages, id, 'message')
  }
  return fields
}

/** How many subagents a message lies in. For references that `findMessage` has found. */
export function depthOf(ref: MessageRef): number {
  let depth = 0
  for (let at = ref; !isString(at); at = at.in.message) depth++
  return depth
}

/** The first tool call with this id, as reading has it. */
function callOf(message: Fields, callId: unknown): Fields {
  const id = checkText(callId, 'callId')
  const call = partsOf(message).find((part) => part.get('callId') === id && part.get('type') === 'tool-call')
  if (call === undefined) throw notFound('tool call', id)
  return call
}

export function partsOf(message: Fields): Fields[] {
  const parts = message.get('parts')
  if (!(parts instanceof Y.Array)) return []
  return parts.toArray().flatMap((part: unknown) => asFields(part) ?? [])
}

/** The list that a part is appended to. A message of ours always has one. */
export function partList(message: Fields): Y.Array<unknown> {
  const parts = message.get('parts')
  if (!(parts instanceof Y.Array)) throw new ConversationError('WRONG_STATE', 'this message cannot hold parts')
  return parts
}

/** Appends to a text that may have been left out so far. */
export function appendText(fields: Fields, key: string, delta: string): void {
  const text = fields.get(key)
  if (text instanceof Y.Text) text.insert(text.length, delta)
  else fields.set(key, new Y.Text(`${isString(text) ? text : ''}${delta}`))
}

/**
 * Makes a text say something else while touching only what differs, so that what others write elsewhere in it stays.
 * Never cuts between the halves of a surrogate pair.
 */
export function replaceText(fields: Fields, key: string, next: string): void {
  const text = fields.get(key)
  if (!(text instanceof Y.Text)) {
    fields.set(key, new Y.Text(next))
    return
  }
  const before = text.toString()
  let start = 0
  while (start < before.length && start < next.length && before[start] === next[start]) start++
  if (start > 0 && isHighSurrogate(before.charCodeAt(start - 1))) start--
  let end = 0
  const most = Math.min(before.length, next.length) - start
  while (end < most && before[before.length - 1 - end] === next[next.length - 1 - end]) end++
  if (end > 0 && isLowSurrogate(before.charCodeAt(before.length - end))) end--
  if (before.length - end > start) text.delete(start, before.length - end - start)
  if (next.length - end > start) text.insert(start, next.slice(start, next.length - end))
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff
export const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff
