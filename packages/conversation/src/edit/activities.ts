/** Edits of command and activity panels. Each is one transaction; what they throw is in errors.ts. */
import type * as Y from 'yjs'
import type { ActivityPatch, NewActivity } from '../inputs.ts'
import { ACTIVITY_STATES } from '../vocabulary.ts'
import { checkId, checkInteger, checkText, checkTime, oneOf } from './check.ts'
import { findItem, planItem, setDeleted, storeItemIn } from './items.ts'
import { checkPatch, emptiable, required } from './patch.ts'
import { TextPlan } from './plan.ts'
import { appendText, assertWritable, setField, transact } from './write.ts'

const CHECKS = {
  startedAt: checkTime,
  kind: checkText,
  title: checkText,
  command: checkText,
  cwd: checkText,
  output: (value: unknown, name: string) => new TextPlan(checkText(value, name)),
  state: oneOf(ACTIVITY_STATES),
  exitCode: checkInteger,
  signal: checkText,
  endedAt: checkTime,
  message: checkId,
  callId: checkText,
}
const PATCH = {
  title: required(checkText),
  state: required(oneOf(ACTIVITY_STATES)),
  exitCode: emptiable(checkInteger),
  signal: emptiable(checkText),
  endedAt: emptiable(checkTime),
}

/** Gives its id. Its state is 'running' unless it says otherwise. */
export function addActivity(doc: Y.Doc, activity: NewActivity, origin?: unknown): string {
  const plan = planItem(doc, 'activities', activity, CHECKS, { required: ['startedAt'] })
  if (!plan.fields.has('state')) plan.set('state', 'running')
  if (!plan.fields.has('output')) plan.set('output', new TextPlan(''))
  return storeItemIn(doc, 'activities', activity.id, plan, origin)
}

export function updateActivity(doc: Y.Doc, id: string, patch: ActivityPatch, origin?: unknown): void {
  assertWritable(doc)
  const activity = findItem(doc, 'activities', id)
  const set = checkPatch(patch, PATCH)
  transact(doc, origin, () => {
    for (const [key, value] of set) setField(activity, key, value)
  })
}

/** Output as the terminal gives it. A piece must not end between the halves of a surrogate pair. */
export function appendActivityOutput(doc: Y.Doc, args: { id: string; delta: string }, origin?: unknown): void {
  assertWritable(doc)
  const activity = findItem(doc, 'activities', args.id)
  const delta = checkText(args.delta, 'delta')
  if (delta !== '') transact(doc, origin, () => appendText(activity, 'output', delta))
}

export function deleteActivity(doc: Y.Doc, args: { id: string; at: number }, origin?: unknown): void {
  setDeleted(doc, 'activities', args.id, args.at, origin)
}

export function restoreActivity(doc: Y.Doc, id: string, origin?: unknown): void {
  setDeleted(doc, 'activities', id, null, origin)
}
