import type * as Y from 'yjs'
import { orderNodes } from './edit/alternatives.ts'
import { checkId, checkText, checkTime } from './edit/check.ts'
import { copyFields, copyThing } from './edit/copy.ts'
import { assertWritable, notFound, transact } from './edit/write.ts'
import { ConversationError } from './errors.ts'
import type { JsonValue } from './json.ts'
import { orderMessages } from './order.ts'
import {
  asFields,
  COLLECTIONS,
  collectionOf,
  type Fields,
  messagesOf,
  metaOf,
  PREFIX,
  schemaVersion,
  selectedOf,
} from './schema.ts'
import { isString } from './vocabulary.ts'

/** What belongs to the one conversation and not to its fork. */
const NOT_FORKED = new Set([
  'id',
  'createdAt',
  'pinned',
  'starred',
  'archived',
  'deletedAt',
  'error',
  'source',
  'sessionKey',
  'forkedFrom',
])

export interface Fork {
  /** Of the new conversation. */
  readonly id: string
  readonly at: number
  /** The last message to take along, which must be shown; left out: all that is shown. */
  readonly upTo?: string
  readonly title?: string
}

/**
 * Copies what is shown, up to a message, into an empty document. Messages keep their ids and times and all they hold,
 * unknown fields too; each now follows the one shown before it, and none has alternatives. Artifacts, todos, activities
 * and checkpoints come along unless they belong to a message that does not. A message that is streaming is streaming
 * there, not here: its copy is interrupted.
 */
export function fork(source: Y.Doc, target: Y.Doc, args: Fork, origin?: unknown): void {
  assertWritable(source)
  const id = checkId(args.id, 'id')
  const at = checkTime(args.at, 'at')
  const title = args.title === undefined ? null : checkText(args.title, 'title')
  if (metaOf(target).has('id')) throw new ConversationError('ALREADY_EXISTS', 'the target is a conversation already')
  const shown = shownUpTo(source, args.upTo)
  const taken = new Set(shown)
  transact(target, origin, () => {
    const meta = metaOf(target)
    copyFields(metaOf(source), meta, (key) => !NOT_FORKED.has(key) && !key.startsWith(PREFIX.import))
    const forkedFrom = { conversation: String(metaOf(source).get('id') ?? ''), message: shown.at(-1) ?? null }
    const own: [string, JsonValue][] = [
      ['schema', schemaVersion(source)],
      ['id', id],
      ['createdAt', at],
      ['forkedFrom', forkedFrom],
    ]
    for (const [key, value] of title === null ? own : [...own, ['title', title] as const]) meta.set(key, value)
    copyMessages(messagesOf(source), messagesOf(target), shown)
    for (const name of COLLECTIONS) copyItems(collectionOf(source, name), collectionOf(target, name), taken)
  })
}

function shownUpTo(source: Y.Doc, upTo: string | undefined): readonly string[] {
  const selected = new Map<string, string>()
  for (const [group, id] of selectedOf(source).entries()) if (isString(id)) selected.set(group, id)
  const { shown } = orderMessages(orderNodes(messagesOf(source)).values(), selected)
  if (upTo === undefined) return shown
  const end = shown.indexOf(upTo)
  if (end < 0) throw notFound('shown message', String(upTo))
  return shown.slice(0, end + 1)
}

function copyMessages(from: Fields, to: Fields, ids: readonly string[]): void {
  let previous: string | null = null
  for (const id of ids) {
    const message = copyThing(from, to, id, (key) => key !== 'parent' && key !== 'replaces')
    if (previous !== null) message.set('parent', previous)
    if (message.get('status') === 'streaming') message.set('status', 'interrupted')
    previous = id
  }
}

function copyItems(from: Fields, to: Fields, messages: ReadonlySet<string>): void {
  for (const [id, value] of from.entries()) {
    const fields = asFields(value)
    if (fields === null) continue
    const message = fields.get('message')
    if (isString(message) && !messages.has(message)) continue
    copyThing(from, to, id)
  }
}
