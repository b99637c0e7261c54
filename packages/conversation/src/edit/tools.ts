/** Edits of tool calls and their subagents, at any depth. Each is one transaction; what they throw is in errors.ts. */
import * as Y from 'yjs'
import { ConversationError } from '../errors.ts'
import type { MessageRef, NewSubagent, NewToolCall, SubagentPatch, SubagentRef, ToolCallPatch } from '../inputs.ts'
import type { JsonValue } from '../json.ts'
import { toPlain } from '../read/plain.ts'
import { streamedInput } from '../read/tool-call.ts'
import { asFields, type Fields } from '../schema.ts'
import { isRecord, isString, SUBAGENT_STATES, TOOL_STATES } from '../vocabulary.ts'
import {
  checkApproval,
  checkBoolean,
  checkFailure,
  checkId,
  checkJson,
  checkJsonObject,
  checkRecord,
  checkText,
  checkTime,
  checkUsage,
  oneOf,
} from './check.ts'
import { PartIds, planSubagent } from './content.ts'
import { appendPart } from './messages.ts'
import { checkPatch, emptiable, type PatchField, required } from './patch.ts'
import { storeField } from './plan.ts'
import {
  alreadyExists,
  assertWritable,
  depthOf,
  findCall,
  findMessage,
  findSubagent,
  partsOf,
  setField,
  transact,
} from './write.ts'

/** A tool call of a message. */
export interface CallRef {
  readonly message: MessageRef
  readonly callId: string
}

/** Appends a tool call. Gives the id of its part. ALREADY_EXISTS when the message has a call of this id. */
export function startToolCall(doc: Y.Doc, message: MessageRef, call: NewToolCall, origin?: unknown): string {
  const { callId } = checkRecord(call, 'call')
  const taken = partsOf(findMessage(doc, message)).some((part) => part.get('callId') === callId)
  if (taken) throw alreadyExists('tool call', String(callId))
  return appendPart(doc, message, { ...call, type: 'tool-call' }, origin)
}

const CALL_FIELDS: Readonly<Record<keyof ToolCallPatch, PatchField>> = {
  name: required(checkText),
  title: emptiable(checkText),
  state: required(oneOf(TOOL_STATES)),
  input: required(checkJson),
  output: required(checkJson),
  errorText: emptiable(checkText),
  approval: emptiable(checkApproval),
  providerExecuted: required(checkBoolean),
  startedAt: emptiable(checkTime),
  endedAt: emptiable(checkTime),
  providerMetadata: emptiable(checkJsonObject),
  resultProviderMetadata: emptiable(checkJsonObject),
}
const SUBAGENT_FIELDS: Readonly<Record<keyof SubagentPatch, PatchField>> = {
  name: required(checkText),
  state: required(oneOf(SUBAGENT_STATES)),
  result: required(checkJson),
  error: emptiable(checkFailure),
  usage: emptiable(checkUsage),
  startedAt: emptiable(checkTime),
  endedAt: emptiable(checkTime),
}

/** Sets fields of a tool call. What streamed whole is not stored again when it is set as input or output. */
export function updateToolCall(doc: Y.Doc, ref: CallRef, patch: ToolCallPatch, origin?: unknown): void {
  assertWritable(doc)
  const call = findCall(doc, ref)
  const set = checkCallPatch(patch)
  transact(doc, origin, () => writeCall(call, set))
}

export const checkCallPatch = (patch: unknown): [string, JsonValue][] => checkPatch(patch, CALL_FIELDS)

export function writeCall(call: Fields, set: readonly [string, JsonValue][]): void {
  for (const [key, value] of set) if (!streamed(call, key, value)) setField(call, key, value)
}

function streamed(call: Fields, key: string, value: JsonValue): boolean {
  if ((key !== 'input' && key !== 'output') || call.has(key)) return false
  const text = call.get(`${key}Text`)
  if (!(text instanceof Y.Text) || text.length === 0) return false
  if (key === 'output') return text.toString() === value
  return JSON.stringify(streamedInput('input-available', text.toString())) === JSON.stringify(value)
}

/** Asks the user whether the call may run. */
export function requestApproval(
  doc: Y.Doc,
  args: CallRef & { id: string; at: number; reason?: string },
  origin?: unknown,
): void {
  assertWritable(doc)
  const call = findCall(doc, args)
  const reason = args.reason === undefined ? {} : { reason: checkText(args.reason, 'reason') }
  const approval = { id: checkId(args.id, 'id'), ...reason, requestedAt: checkTime(args.at, 'at') }
  const state = call.get('state')
  if (state !== 'input-available' && state !== 'input-streaming') {
    throw new ConversationError('WRONG_STATE', `approval cannot be asked for in state ${String(toPlain(state))}`)
  }
  transact(doc, origin, () => {
    setField(call, 'approval', approval)
    setField(call, 'state', 'approval-requested')
  })
}

/** Answers it. WRONG_STATE when it is not (or no longer) asked; fields of the request that we do not know are kept. */
export function respondToApproval(
  doc: Y.Doc,
  args: CallRef & { approved: boolean; reason?: string; at: number },
  origin?: unknown,
): void {
  assertWritable(doc)
  const call = findCall(doc, args)
  const approved = checkBoolean(args.approved, 'approved')
  const reason = args.reason === undefined ? {} : { reason: checkText(args.reason, 'reason') }
  const respondedAt = checkTime(args.at, 'at')
  const request = call.get('approval')
  if (call.get('state') !== 'approval-requested' || !isRecord(request) || !isString(request.id)) {
    throw new ConversationError('WRONG_STATE', 'nobody is asking for approval of this call')
  }
  const asked = checkJsonObject(request, 'approval')
  transact(doc, origin, () => {
    setField(call, 'approval', { ...asked, approved, ...reason, respondedAt })
    setField(call, 'state', 'approval-responded')
  })
}

/** Adds a subagent to a tool call, last unless it has an index. */
export function addSubagent(doc: Y.Doc, ref: CallRef, subagent: NewSubagent, origin?: unknown): string {
  assertWritable(doc)
  const call = findCall(doc, ref)
  const children = asFields(call.get('children'))
  if (children === null) throw new ConversationError('WRONG_STATE', 'this tool call cannot hold subagents')
  const id = checkId(checkRecord(subagent, 'subagent').id, 'subagent.id')
  if (children.has(id)) throw alreadyExists('subagent', id)
  const context = { ids: new PartIds(doc), depth: depthOf(ref.message) }
  const plan = planSubagent(subagent, 'subagent', context, children.size)
  transact(doc, origin, () => storeField(children, id, plan))
  return id
}

export function updateSubagent(doc: Y.Doc, ref: SubagentRef, patch: SubagentPatch, origin?: unknown): void {
  assertWritable(doc)
  const subagent = findSubagent(doc, ref)
  const set = checkPatch(patch, SUBAGENT_FIELDS)
  transact(doc, origin, () => {
    for (const [key, value] of set) setField(subagent, key, value)
  })
}
