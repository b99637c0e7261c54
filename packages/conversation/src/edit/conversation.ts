/** Edits of the conversation itself. Each is one transaction; what they throw is in errors.ts. */
import type * as Y from 'yjs'
import { ConversationError } from '../errors.ts'
import type { NewConversation } from '../inputs.ts'
import type { JsonValue } from '../json.ts'
import { metaOf, PREFIX, SCHEMA_VERSION } from '../schema.ts'
import type { Failure, Project } from '../types.ts'
import {
  checkBoolean,
  checkFailure,
  checkForkedFrom,
  checkId,
  checkImportSource,
  checkJson,
  checkJsonObject,
  checkList,
  checkProject,
  checkText,
  checkTime,
  oneOf,
} from './check.ts'
import { type Checks, type MapPlan, planExtra, planFields, planPrefixed, storeField } from './plan.ts'
import { setField, transact } from './write.ts'

const CHECKS: Checks = {
  id: checkId,
  createdAt: checkTime,
  project: checkProject,
  sessionKey: checkText,
  pinned: checkBoolean,
  starred: checkBoolean,
  archived: checkBoolean,
  deletedAt: checkTime,
  model: checkText,
  mode: checkText,
  agent: checkText,
  forkedFrom: checkForkedFrom,
  source: checkImportSource,
}
const checkTitleBy = oneOf(['user', 'automatic'] as const)

/** Makes an empty document a conversation. ALREADY_EXISTS when it is one. */
export function initConversation(doc: Y.Doc, conversation: NewConversation, origin?: unknown): void {
  const plan = planMeta(conversation)
  if (metaOf(doc).has('id')) throw new ConversationError('ALREADY_EXISTS', 'this document is a conversation already')
  transact(doc, origin, () => {
    for (const [key, value] of plan.fields) storeField(metaOf(doc), key, value)
  })
}

function planMeta(conversation: NewConversation): MapPlan {
  const plan = planFields(conversation, 'conversation', CHECKS, {
    required: ['id', 'createdAt'],
    besides: ['title', 'titleBy', 'tags', 'custom'],
  })
  plan.set('schema', SCHEMA_VERSION)
  const { title, titleBy, tags, custom } = conversation
  if (title) plan.set(titleField(titleBy ?? 'user'), checkText(title, 'title'))
  for (const tag of checkList(tags ?? [], 'tags')) plan.set(PREFIX.tag + checkId(tag, 'tag'), true)
  if (custom) planPrefixed(plan, PREFIX.custom, checkJsonObject(custom, 'custom'))
  return planExtra(plan, conversation.extra, 'extra')
}

function titleField(by: 'user' | 'automatic'): string {
  return checkTitleBy(by, 'titleBy') === 'user' ? 'title' : 'titleAutomatic'
}

function setMeta(doc: Y.Doc, key: string, value: JsonValue, origin: unknown): void {
  transact(doc, origin, () => setField(metaOf(doc), key, value))
}

/** The user's title always wins over an automatic one; '' by the user gives it up. */
export function setTitle(doc: Y.Doc, args: { title: string; by: 'user' | 'automatic' }, origin?: unknown): void {
  setMeta(doc, titleField(args.by), checkText(args.title, 'title'), origin)
}

export function setPinned(doc: Y.Doc, pinned: boolean, origin?: unknown): void {
  setMeta(doc, 'pinned', checkBoolean(pinned, 'pinned'), origin)
}

export function setStarred(doc: Y.Doc, starred: boolean, origin?: unknown): void {
  setMeta(doc, 'starred', checkBoolean(starred, 'starred'), origin)
}

export function setArchived(doc: Y.Doc, archived: boolean, origin?: unknown): void {
  setMeta(doc, 'archived', checkBoolean(archived, 'archived'), origin)
}

export function addTag(doc: Y.Doc, tag: string, origin?: unknown): void {
  setMeta(doc, PREFIX.tag + checkId(tag, 'tag'), true, origin)
}

export function removeTag(doc: Y.Doc, tag: string, origin?: unknown): void {
  setMeta(doc, PREFIX.tag + checkId(tag, 'tag'), null, origin)
}

export function moveToTrash(doc: Y.Doc, args: { at: number }, origin?: unknown): void {
  setMeta(doc, 'deletedAt', checkTime(args.at, 'at'), origin)
}

export function restoreFromTrash(doc: Y.Doc, origin?: unknown): void {
  setMeta(doc, 'deletedAt', null, origin)
}

export function setModel(doc: Y.Doc, model: string | null, origin?: unknown): void {
  setMeta(doc, 'model', model === null ? null : checkText(model, 'model'), origin)
}

export function setMode(doc: Y.Doc, mode: string | null, origin?: unknown): void {
  setMeta(doc, 'mode', mode === null ? null : checkText(mode, 'mode'), origin)
}

/** The agent that is active now, by its id. */
export function setAgent(doc: Y.Doc, agent: string | null, origin?: unknown): void {
  setMeta(doc, 'agent', agent === null ? null : checkText(agent, 'agent'), origin)
}

export function setSessionKey(doc: Y.Doc, sessionKey: string | null, origin?: unknown): void {
  setMeta(doc, 'sessionKey', sessionKey === null ? null : checkText(sessionKey, 'sessionKey'), origin)
}

export function setProject(doc: Y.Doc, project: Partial<Project> | null, origin?: unknown): void {
  setMeta(doc, 'project', project === null ? null : checkProject(project, 'project'), origin)
}

/** The error that the conversation is in; null when it is over. */
export function setError(doc: Y.Doc, error: Failure | null, origin?: unknown): void {
  setMeta(doc, 'error', error === null ? null : checkFailure(error, 'error'), origin)
}

/** A value that a program keeps with the conversation; null empties it. */
export function setCustom(doc: Y.Doc, key: string, value: JsonValue, origin?: unknown): void {
  setMeta(doc, PREFIX.custom + checkId(key, 'key'), checkJson(value, 'value'), origin)
}
