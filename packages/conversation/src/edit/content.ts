/** Plans of messages, parts and subagents. They contain each other, so they are planned in one file. */
import * as Y from 'yjs'
import type { NewMessage, PartInput } from '../inputs.ts'
import { answerSlot, MAX_SUBAGENT_DEPTH, PREFIX, reactionKey } from '../schema.ts'
import { MESSAGE_STATUSES, RATINGS, ROLES, SUBAGENT_STATES, TOOL_STATES } from '../vocabulary.ts'
import {
  bad,
  checkApproval,
  checkAuthor,
  checkBlob,
  checkBoolean,
  checkFailure,
  checkId,
  checkInteger,
  checkJson,
  checkJsonObject,
  checkList,
  checkRecord,
  checkText,
  checkTime,
  checkUsage,
  oneOf,
  record,
} from './check.ts'
import { type Checks, ListPlan, MapPlan, planExtra, planFields, planPrefixed, TextPlan } from './plan.ts'

const asText = (value: unknown, name: string): TextPlan => new TextPlan(checkText(value, name))

const PART_FIELDS: Checks = { id: checkId, providerMetadata: checkJsonObject }

/** The parts we know, by type; those of `data-*` besides. */
const PART_CHECKS: Readonly<Record<string, { checks: Checks; required: readonly string[] }>> = {
  text: { checks: { text: asText }, required: ['text'] },
  reasoning: { checks: { text: asText, startedAt: checkTime, endedAt: checkTime }, required: ['text'] },
  'tool-call': {
    checks: {
      callId: checkText,
      name: checkText,
      title: checkText,
      state: oneOf(TOOL_STATES),
      input: checkJson,
      inputText: asText,
      output: checkJson,
      outputText: asText,
      errorText: checkText,
      approval: checkApproval,
      providerExecuted: checkBoolean,
      dynamic: checkBoolean,
      startedAt: checkTime,
      endedAt: checkTime,
      resultProviderMetadata: checkJsonObject,
    },
    required: ['callId', 'name'],
  },
  file: {
    checks: { mediaType: checkText, filename: checkText, blob: checkBlob, url: checkText },
    required: ['mediaType'],
  },
  source: {
    checks: {
      sourceId: checkText,
      sourceType: oneOf(['url', 'document']),
      url: checkText,
      title: checkText,
      mediaType: checkText,
      filename: checkText,
    },
    required: ['sourceId'],
  },
  artifact: { checks: { artifact: checkId }, required: ['artifact'] },
  'step-start': { checks: {}, required: [] },
  error: { checks: { error: checkFailure }, required: ['error'] },
}
const DATA_PART = { checks: { data: checkJson }, required: [] }

const SUBAGENT_CHECKS: Checks = {
  id: checkId,
  index: checkInteger,
  name: checkText,
  prompt: checkText,
  state: oneOf(SUBAGENT_STATES),
  result: checkJson,
  error: checkFailure,
  model: checkText,
  usage: checkUsage,
  startedAt: checkTime,
  endedAt: checkTime,
}

const MESSAGE_CHECKS: Checks = {
  id: checkId,
  role: oneOf(ROLES),
  createdAt: checkTime,
  parent: checkId,
  replaces: checkId,
  author: checkAuthor,
  completedAt: checkTime,
  status: oneOf(MESSAGE_STATUSES),
  finishReason: checkText,
  error: checkFailure,
  model: checkText,
  provider: checkText,
  agent: checkText,
  usage: checkUsage,
  editedAt: checkTime,
  deletedAt: checkTime,
  checkpoint: checkId,
}
const checkReaction = record({ author: checkText, reaction: checkText, at: checkTime }, ['author', 'reaction', 'at'])
const checkFeedback = record({ author: checkText, rating: oneOf(RATINGS), comment: checkText, at: checkTime }, [
  'author',
  'rating',
  'at',
])

/** Makes the ids of parts that were given none: client id and clock, which no other part in the world has. */
export class PartIds {
  private readonly client: string
  private clock: number

  constructor(doc: Y.Doc) {
    this.client = doc.clientID.toString(36)
    this.clock = Y.getState(doc.store, doc.clientID)
  }

  /** Every part takes at least one tick of the clock when it is written, so that counting on from it stays unique. */
  next(): string {
    return `${this.client}.${(this.clock++).toString(36)}`
  }
}

/** How far down we are, and where ids come from. */
export interface PlanContext {
  readonly ids: PartIds
  /** Subagents above. */
  readonly depth: number
}

export function planPart(part: PartInput, name: string, context: PlanContext): MapPlan {
  const given = checkRecord(part, name)
  const type = checkText(given.type, `${name}.type`)
  if (type === 'unknown') return planUnknown(given, name, context)
  const known = Object.hasOwn(PART_CHECKS, type) ? PART_CHECKS[type] : type.startsWith('data-') ? DATA_PART : undefined
  if (known === undefined) throw bad(`${name}.type`, `a known type, or 'unknown' with a value`)
  const fields = planFields(
    given,
    name,
    { ...PART_FIELDS, ...known.checks },
    { ...known, besides: ['type', 'children'] },
  )
  const plan = new MapPlan().set('type', type).set('id', fields.fields.get('id') ?? context.ids.next())
  for (const [key, value] of fields.fields) plan.set(key, value)
  if (type === 'tool-call') planCall(plan, given, name, context)
  else if (given.children !== undefined) throw bad(`${name}.children`, 'left out: only a tool call has them')
  return planExtra(plan, given.extra, `${name}.extra`)
}

/** Verbatim. Its own id is kept, if it has one. */
function planUnknown(given: Record<string, unknown>, name: string, context: PlanContext): MapPlan {
  const value = checkJsonObject(given.value, `${name}.value`)
  const id = given.id === undefined ? null : checkId(given.id, `${name}.id`)
  const plan = new MapPlan()
  for (const [key, field] of Object.entries(value)) plan.set(key, field)
  if (id !== null || !plan.fields.has('id')) plan.set('id', id ?? context.ids.next())
  return plan
}

/**
 * What can still come, `children` and the texts that stream, is made with the call: two replicas which each made it later
 * would keep one of the two.
 */
function planCall(plan: MapPlan, given: Record<string, unknown>, name: string, context: PlanContext): void {
  const { fields } = plan
  if (!fields.has('state')) plan.set('state', fields.has('input') ? 'input-available' : 'input-streaming')
  if (fields.get('state') === 'input-streaming' && !fields.has('inputText')) plan.set('inputText', new TextPlan(''))
  if (!fields.has('output') && !fields.has('outputText')) plan.set('outputText', new TextPlan(''))
  const children = new MapPlan()
  for (const [i, child] of checkList(given.children ?? [], `${name}.children`).entries()) {
    const at = `${name}.children[${i}]`
    const id = checkId(checkRecord(child, at).id, `${at}.id`)
    if (children.fields.has(id)) throw bad(`${at}.id`, 'unlike the others')
    children.set(id, planSubagent(child, at, context, i))
  }
  plan.set('children', children)
}

export function planSubagent(input: unknown, name: string, context: PlanContext, index: number): MapPlan {
  const given = checkRecord(input, name)
  if (context.depth >= MAX_SUBAGENT_DEPTH) throw bad(name, `at most ${MAX_SUBAGENT_DEPTH} subagents deep`)
  const plan = planFields(given, name, SUBAGENT_CHECKS, { required: ['id', 'name'], besides: ['messages'] })
  plan.fields.delete('id')
  if (!plan.fields.has('index')) plan.set('index', index)
  if (!plan.fields.has('state')) plan.set('state', 'running')
  const inner = { ...context, depth: context.depth + 1 }
  plan.set('messages', planMessages(given.messages ?? [], `${name}.messages`, inner))
  return planExtra(plan, given.extra, `${name}.extra`)
}

/** A list of messages of which each follows the one before it unless it says otherwise. */
export function planMessages(input: unknown, name: string, context: PlanContext): MapPlan {
  const messages = new MapPlan()
  let previous: string | null = null
  const follow = ({ answers, replaces }: Partial<NewMessage>): string | null => {
    const original = replaces === undefined ? undefined : messages.fields.get(replaces)
    if (original instanceof MapPlan) return (original.fields.get('parent') as string | undefined) ?? null
    return answers ?? previous
  }
  for (const [i, message] of checkList(input, name).entries()) {
    const at = `${name}[${i}]`
    const given = checkRecord(message, at) as Partial<NewMessage>
    const id = checkId(given.id, `${at}.id`)
    if (messages.fields.has(id)) throw bad(`${at}.id`, 'unlike the others')
    messages.set(id, planMessage(given, at, context, given.parent === undefined ? follow(given) : given.parent))
    previous = id
  }
  return messages
}

export function planMessage(input: unknown, name: string, context: PlanContext, parent: string | null): MapPlan {
  const given = checkRecord(input, name)
  const besides = ['parts', 'reactions', 'feedback', 'custom', 'answers', 'parent']
  const plan = planFields({ ...given, status: given.status ?? 'complete' }, name, MESSAGE_CHECKS, {
    required: ['id', 'role', 'createdAt'],
    besides,
  })
  plan.fields.delete('id')
  if (parent !== null) plan.set('parent', checkId(parent, `${name}.parent`))
  if (given.answers !== undefined) {
    if (plan.fields.has('replaces')) throw bad(`${name}.answers`, 'left out beside replaces')
    plan.set('replaces', answerSlot(checkId(given.answers, `${name}.answers`)))
  }
  for (const [i, item] of checkList(given.reactions ?? [], `${name}.reactions`).entries()) {
    const { author, reaction, at } = checkReaction(item, `${name}.reactions[${i}]`)
    plan.set(reactionKey(author as string, reaction as string), at as number)
  }
  for (const [i, item] of checkList(given.feedback ?? [], `${name}.feedback`).entries()) {
    const { author, ...rest } = checkFeedback(item, `${name}.feedback[${i}]`)
    plan.set(`${PREFIX.feedback}${author}`, rest)
  }
  if (given.custom !== undefined) planPrefixed(plan, PREFIX.custom, checkJsonObject(given.custom, `${name}.custom`))
  const parts = checkList(given.parts ?? [], `${name}.parts`)
  plan.set('parts', new ListPlan(parts.map((part, i) => planPart(part as PartInput, `${name}.parts[${i}]`, context))))
  return planExtra(plan, given.extra, `${name}.extra`)
}
