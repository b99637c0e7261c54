import * as Y from 'yjs'
import type { JsonObject, JsonValue } from '../json.ts'
import { asFields, type Fields, MAX_SUBAGENT_DEPTH } from '../schema.ts'
import type { Subagent, ToolCallPart, ToolState } from '../types.ts'
import { isBoolean, isTime, SUBAGENT_STATES, TOOL_STATES } from '../vocabulary.ts'
import type { ReadContext } from './context.ts'
import { FieldTaker } from './fields.ts'
import { toPlain } from './plain.ts'
import { readApproval, readFailure, readInteger, readObject, readText, readUsage } from './values.ts'

interface ToolCallPlace {
  readonly id: string
  readonly providerMetadata: JsonObject | null
  readonly context: ReadContext
  readonly depth: number
}

/** null when it has no call id or no name. */
export function readToolCall(taker: FieldTaker, place: ToolCallPlace): ToolCallPart | null {
  const callId = taker.string('callId')
  const name = taker.string('name')
  if (callId === null || name === null) return null
  const state = taker.oneOf('state', TOOL_STATES) ?? 'input-streaming'
  const inputText = taker.convert('inputText', readText) || null
  const outputText = taker.convert('outputText', readText) || null
  const input = taker.json('input')
  const output = taker.json('output')
  return {
    type: 'tool-call',
    id: place.id,
    callId,
    name,
    title: taker.string('title'),
    state,
    input: input ?? streamedInput(state, inputText),
    inputText,
    output: output ?? (state === 'output-available' ? outputText : null),
    outputText,
    errorText: taker.string('errorText'),
    approval: taker.convert('approval', readApproval),
    providerExecuted: taker.take('providerExecuted', isBoolean) ?? false,
    dynamic: taker.take('dynamic', isBoolean) ?? false,
    startedAt: taker.take('startedAt', isTime),
    endedAt: taker.take('endedAt', isTime),
    children: taker.convert('children', (value) => readSubagents(value, place)) ?? [],
    providerMetadata: place.providerMetadata,
    resultProviderMetadata: taker.convert('resultProviderMetadata', readObject),
    extra: taker.extra(),
  }
}

/** Input that streamed whole is not stored a second time: its text is parsed. Text that is no JSON is the input itself. */
export function streamedInput(state: ToolState, inputText: string | null): JsonValue {
  if (state === 'input-streaming' || inputText === null) return null
  try {
    return toPlain(JSON.parse(inputText))
  } catch {
    return inputText
  }
}

function readSubagents(value: unknown, place: ToolCallPlace): Subagent[] | null {
  if (!(value instanceof Y.Map)) return null
  const subagents: Subagent[] = []
  for (const [id, item] of (value as Fields).entries()) {
    const fields = asFields(item)
    if (fields !== null) subagents.push(place.context.cache.read(fields, () => readSubagent(id, fields, place)))
  }
  return subagents.sort((a, b) => a.index - b.index || (a.id < b.id ? -1 : 1))
}

function readSubagent(id: string, fields: Fields, { context, depth }: ToolCallPlace): Subagent {
  const taker = new FieldTaker(fields)
  const messages = taker.take('messages', (value): value is Fields => value instanceof Y.Map)
  const truncated = messages !== null && messages.size > 0 && depth >= MAX_SUBAGENT_DEPTH
  const list = messages === null || truncated ? { shown: [], hidden: [] } : context.readMessages(messages, depth + 1)
  return {
    id,
    index: taker.convert('index', readInteger) ?? 0,
    name: taker.string('name') ?? '',
    prompt: taker.string('prompt') ?? '',
    state: taker.oneOf('state', SUBAGENT_STATES) ?? 'running',
    result: taker.json('result'),
    error: taker.convert('error', readFailure),
    model: taker.string('model'),
    usage: taker.convert('usage', readUsage),
    startedAt: taker.take('startedAt', isTime),
    endedAt: taker.take('endedAt', isTime),
    messages: list.shown,
    hidden: list.hidden,
    truncated,
    extra: taker.extra(),
  }
}
