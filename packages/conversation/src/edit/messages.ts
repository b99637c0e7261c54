/** Edits of messages. Each is one transaction; what they throw is in errors.ts. */
import type * as Y from 'yjs'
import { ConversationError } from '../errors.ts'
import type { FinishMessage, MessageRef, NewMessage, PartInput, SubagentRef } from '../inputs.ts'
import type { JsonValue } from '../json.ts'
import { answerSlot, type Fields, PREFIX, reactionKey, selectedOf } from '../schema.ts'
import { isString, MESSAGE_STATUSES, RATINGS } from '../vocabulary.ts'
import { groupOf, lastShown, reselectWithout } from './alternatives.ts'
import { bad, checkFailure, checkId, checkJson, checkText, checkTime, checkUsage, oneOf } from './check.ts'
import { PartIds, planMessage, planPart } from './content.ts'
import { storeField, storeItem } from './plan.ts'
import {
  alreadyExists,
  assertWritable,
  depthOf,
  findMessage,
  findMessages,
  mustFind,
  notFound,
  partList,
  partsOf,
  replaceText,
  setField,
  transact,
} from './write.ts'

/** Adds a message at its place (O1); an alternative becomes the one shown. Gives its id. */
export function addMessage(doc: Y.Doc, message: NewMessage & { in?: SubagentRef }, origin?: unknown): string {
  assertWritable(doc)
  if (typeof message !== 'object' || message === null) throw bad('message', 'a plain object')
  const { in: inside, ...given } = message
  const messages = findMessages(doc, inside)
  const id = checkId(given.id, 'message.id')
  if (messages.has(id)) throw alreadyExists('message', id)
  const place = findPlace(messages, inside === undefined ? selectedOf(doc) : null, given)
  const context = { ids: new PartIds(doc), depth: inside === undefined ? 0 : depthOf(inside.message) + 1 }
  const plan = planMessage(given, 'message', context, place.parent)
  transact(doc, origin, () => {
    storeField(messages, id, plan)
    if (place.select !== null) setField(selectedOf(doc), place.select, id)
  })
  return id
}

interface Place {
  readonly parent: string | null
  /** The group in which this message is to be the chosen one. */
  readonly select: string | null
}

function findPlace(messages: Fields, selected: Fields | null, message: NewMessage): Place {
  const { answers, replaces } = message
  const parentOr = (otherwise: () => string | null): string | null => {
    if (message.parent === undefined) return otherwise()
    if (message.parent !== null) mustFind(messages, checkId(message.parent, 'message.parent'), 'message')
    return message.parent
  }
  if (replaces !== undefined) {
    const original = mustFind(messages, checkId(replaces, 'message.replaces'), 'message')
    const parent = original.get('parent')
    // Selected even though the newest is shown anyway: another device's clock may be ahead of this one's.
    const select = selected === null ? null : groupOf(messages, replaces)
    return { parent: parentOr(() => (isString(parent) ? parent : null)), select }
  }
  if (answers !== undefined) {
    mustFind(messages, checkId(answers, 'message.answers'), 'message')
    const group = groupOf(messages, answerSlot(answers))
    return { parent: parentOr(() => answers), select: selected?.has(group) ? group : null }
  }
  return { parent: parentOr(() => lastShown(messages, selected)), select: null }
}

/** Appends a part. Gives its id. */
export function appendPart(doc: Y.Doc, message: MessageRef, part: PartInput, origin?: unknown): string {
  assertWritable(doc)
  const parts = partList(findMessage(doc, message))
  const plan = planPart(part, 'part', {
    ids: new PartIds(doc),
    depth: depthOf(message),
  })
  transact(doc, origin, () => storeItem(parts, plan))
  return plan.fields.get('id') as string
}

/**
 * Changes the text of a message in place: that of the part named, else of its first text part. Only what differs is
 * touched, so that two people's edits merge. To ask again with other words, add a message that `replaces` it instead.
 */
export function editMessage(
  doc: Y.Doc,
  args: { message: MessageRef; text: string; at: number; part?: string },
  origin?: unknown,
): void {
  assertWritable(doc)
  const message = findMessage(doc, args.message)
  const text = checkText(args.text, 'text')
  const at = checkTime(args.at, 'at')
  if (message.get('status') === 'streaming') throw wrongState('a message that is streaming cannot be edited')
  const part = partsOf(message).find(
    (fields) => fields.get('type') === 'text' && (args.part === undefined || fields.get('id') === args.part),
  )
  if (part === undefined) throw notFound('text part', args.part ?? 'of any id')
  transact(doc, origin, () => {
    replaceText(part, 'text', text)
    setField(message, 'editedAt', at)
  })
}

/** Ends a streaming message. WRONG_STATE when it has ended: the first end stands. */
export function finishMessage(doc: Y.Doc, message: MessageRef, finish: FinishMessage, origin?: unknown): void {
  assertWritable(doc)
  const fields = findMessage(doc, message)
  const set = planFinish(finish)
  if (fields.get('status') !== 'streaming') throw wrongState('this message has ended already')
  transact(doc, origin, () => {
    for (const [key, value] of set) setField(fields, key, value)
  })
}

const checkStatus = oneOf(MESSAGE_STATUSES.filter((status) => status !== 'streaming'))

export function planFinish(finish: FinishMessage): [string, JsonValue][] {
  if (typeof finish !== 'object' || finish === null) throw bad('finish', 'a plain object')
  const { status, completedAt, finishReason, usage, error } = finish
  const set: [string, JsonValue][] = [
    ['status', checkStatus(status ?? 'complete', 'finish.status')],
    ['completedAt', checkTime(completedAt, 'finish.completedAt')],
  ]
  if (finishReason !== undefined) set.push(['finishReason', checkText(finishReason, 'finish.finishReason')])
  if (usage !== undefined) set.push(['usage', checkUsage(usage, 'finish.usage')])
  if (error !== undefined) set.push(['error', checkFailure(error, 'finish.error')])
  return set
}

/** Takes up a message that was interrupted, to go on writing where it ends. WRONG_STATE when it was not. */
export function resumeMessage(doc: Y.Doc, message: MessageRef, origin?: unknown): void {
  assertWritable(doc)
  const fields = findMessage(doc, message)
  if (fields.get('status') !== 'interrupted') throw wrongState('only an interrupted message can be resumed')
  transact(doc, origin, () => {
    setField(fields, 'status', 'streaming')
    setField(fields, 'completedAt', null)
  })
}

/** Leaves a tombstone, which keeps its place. If it was the chosen alternative, the newest one left is chosen. */
export function deleteMessage(doc: Y.Doc, args: { message: MessageRef; at: number }, origin?: unknown): void {
  assertWritable(doc)
  const message = findMessage(doc, args.message)
  const at = checkTime(args.at, 'at')
  transact(doc, origin, () => {
    setField(message, 'deletedAt', at)
    if (isString(args.message)) reselectWithout(doc, args.message)
  })
}

export function restoreMessage(doc: Y.Doc, args: { message: MessageRef }, origin?: unknown): void {
  assertWritable(doc)
  const message = findMessage(doc, args.message)
  transact(doc, origin, () => setField(message, 'deletedAt', null))
}

interface ReactionArgs {
  readonly message: MessageRef
  readonly author: string
  readonly reaction: string
}

export function addReaction(doc: Y.Doc, args: ReactionArgs & { at: number }, origin?: unknown): void {
  setReaction(doc, args, checkTime(args.at, 'at'), origin)
}

export function removeReaction(doc: Y.Doc, args: ReactionArgs, origin?: unknown): void {
  setReaction(doc, args, null, origin)
}

function setReaction(doc: Y.Doc, args: ReactionArgs, at: number | null, origin: unknown): void {
  assertWritable(doc)
  const message = findMessage(doc, args.message)
  const key = reactionKey(checkId(args.author, 'author'), checkId(args.reaction, 'reaction'))
  transact(doc, origin, () => setField(message, key, at))
}

const checkRating = oneOf(RATINGS)

/** One verdict per author; a rating of null takes it back. */
export function setFeedback(
  doc: Y.Doc,
  args: { message: MessageRef; author: string; rating: 'up' | 'down' | null; comment?: string; at: number },
  origin?: unknown,
): void {
  assertWritable(doc)
  const message = findMessage(doc, args.message)
  const key = PREFIX.feedback + checkId(args.author, 'author')
  const at = checkTime(args.at, 'at')
  const comment = args.comment === undefined ? {} : { comment: checkText(args.comment, 'comment') }
  const feedback = args.rating === null ? null : { rating: checkRating(args.rating, 'rating'), ...comment, at }
  transact(doc, origin, () => setField(message, key, feedback))
}

/** Ties a checkpoint of this conversation to the message after which it was made. */
export function setMessageCheckpoint(
  doc: Y.Doc,
  args: { message: MessageRef; checkpoint: string | null },
  origin?: unknown,
): void {
  assertWritable(doc)
  const message = findMessage(doc, args.message)
  const checkpoint = args.checkpoint === null ? null : checkId(args.checkpoint, 'checkpoint')
  transact(doc, origin, () => setField(message, 'checkpoint', checkpoint))
}

/** A value that a program keeps with the message; null empties it. */
export function setMessageCustom(
  doc: Y.Doc,
  args: { message: MessageRef; key: string; value: JsonValue },
  origin?: unknown,
): void {
  assertWritable(doc)
  const message = findMessage(doc, args.message)
  const key = PREFIX.custom + checkId(args.key, 'key')
  const value = checkJson(args.value, 'value')
  transact(doc, origin, () => setField(message, key, value))
}

function wrongState(message: string): ConversationError {
  return new ConversationError('WRONG_STATE', message)
}
