import type { JsonValue } from './json.ts'
import type { Conversation, Message, Part, Role, Summary } from './types.ts'
import { cutToJsonBytes, decodeUtf8, encodeUtf8 } from './utf8.ts'
import { isCount, isRecord, isString, isTime, ROLES } from './vocabulary.ts'

/** The first byte. What is added later keeps the version; what an older reader would misread raises it. */
const VERSION = 1

/** No summary is longer, whatever its conversation contains. Most are 200 to 400 bytes. */
export const MAX_SUMMARY_BYTES = 1024

/** Bytes that each text may take in JSON. Together with the numbers and names they stay below the maximum. */
const LIMITS = { id: 128, title: 160, preview: 160, project: 64, model: 64, tag: 24 } as const
const MAX_TAGS = 4

/** What a list shows of a conversation. */
export function summarize(conversation: Conversation): Summary {
  const { meta, messages, todos, totals } = conversation
  const last = messages.findLast((message) => message.deletedAt === null)
  return {
    id: line(meta.id, LIMITS.id),
    title: line(meta.title, LIMITS.title),
    titleBy: meta.titleBy,
    createdAt: meta.createdAt,
    updatedAt: Math.max(meta.createdAt, totals.lastActivityAt),
    messages: totals.shown,
    hidden: totals.hidden,
    pinned: meta.pinned,
    starred: meta.starred,
    archived: meta.archived,
    deletedAt: meta.deletedAt,
    streaming: last?.status === 'streaming',
    failed: meta.error !== null || last?.status === 'error',
    interrupted: last?.status === 'interrupted',
    openTodos: todos.filter((todo) => todo.state === 'pending' || todo.state === 'in-progress').length,
    tags: tagsOf(meta.tags),
    project: line(meta.project?.name ?? meta.project?.id ?? '', LIMITS.project) || null,
    model: line(meta.model ?? '', LIMITS.model) || null,
    cost: totals.usage.cost,
    preview: last === undefined ? null : { role: last.role, text: line(previewOf(last), LIMITS.preview) },
  }
}

function tagsOf(tags: readonly string[]): string[] {
  return tags.slice(0, MAX_TAGS).flatMap((tag) => line(tag, LIMITS.tag) || [])
}

/** The text of a message, else what it consists of. */
function previewOf(message: Message): string {
  const text = message.parts.find((part) => part.type === 'text' && part.text.trim() !== '')
  return text?.type === 'text' ? text.text.trim() : (message.error?.message ?? message.parts.map(nameOf).join(' '))
}

function nameOf(part: Part): string {
  if (part.type === 'tool-call') return `[${part.title ?? part.name}]`
  if (part.type === 'file') return `[${part.filename ?? part.mediaType}]`
  return part.type === 'error' ? part.error.message : ''
}

/** One line of bounded length. */
function line(text: string, limit: number): string {
  const start = text.slice(0, limit * 4).toWellFormed()
  const plain = start.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  const cut = cutToJsonBytes(plain, limit)
  return cut === plain ? plain : `${cutToJsonBytes(plain, limit - 3)}…`
}

/** As a version byte and JSON with what is absent left out. */
export function encodeSummary(summary: Summary): Uint8Array {
  const { preview, titleBy, tags, ...rest } = summary
  const flags = ['pinned', 'starred', 'archived', 'streaming', 'failed', 'interrupted'] as const
  const fields: Record<string, JsonValue> = {
    i: line(rest.id, LIMITS.id),
    t: line(rest.title, LIMITS.title),
    b: titleBy === 'user' ? 'u' : titleBy === 'automatic' ? 'a' : '',
    c: rest.createdAt,
    u: rest.updatedAt,
    n: rest.messages,
    h: rest.hidden,
    f: flags.reduce((bits, flag, bit) => bits | (rest[flag] ? 1 << bit : 0), 0),
    d: rest.deletedAt,
    o: rest.openTodos,
    g: tagsOf(tags),
    p: line(rest.project ?? '', LIMITS.project),
    m: line(rest.model ?? '', LIMITS.model),
    $: rest.cost,
    r: preview === null ? null : ROLES.indexOf(preview.role),
    x: preview === null ? '' : line(preview.text, LIMITS.preview),
  }
  const present = Object.entries(fields).filter(([, value]) => !isNothing(value))
  const json = encodeUtf8(JSON.stringify(Object.fromEntries(present)))
  const bytes = new Uint8Array(json.length + 1)
  bytes[0] = VERSION
  bytes.set(json, 1)
  return bytes
}

function isNothing(value: JsonValue): boolean {
  return value === null || value === '' || value === 0 || (Array.isArray(value) && value.length === 0)
}

/** null for anything but a summary that this version can read. */
export function decodeSummary(bytes: Uint8Array): Summary | null {
  if (bytes.length === 0 || bytes.length > MAX_SUMMARY_BYTES || bytes[0] !== VERSION) return null
  const fields = parse(bytes.subarray(1))
  if (fields === null) return null
  const text = (key: string): string => (isString(fields[key]) ? fields[key] : '')
  const count = (key: string): number => (isCount(fields[key]) ? fields[key] : 0)
  const flag = (bit: number): boolean => ((count('f') >> bit) & 1) === 1
  const time = (key: string): number | null => (isTime(fields[key]) ? fields[key] : null)
  const role: Role | undefined = fields.x === undefined && fields.r === undefined ? undefined : ROLES[count('r')]
  return {
    id: text('i'),
    title: text('t'),
    titleBy: fields.b === 'u' ? 'user' : fields.b === 'a' ? 'automatic' : null,
    createdAt: time('c') ?? 0,
    updatedAt: time('u') ?? 0,
    messages: count('n'),
    hidden: count('h'),
    pinned: flag(0),
    starred: flag(1),
    archived: flag(2),
    deletedAt: time('d'),
    streaming: flag(3),
    failed: flag(4),
    interrupted: flag(5),
    openTodos: count('o'),
    tags: Array.isArray(fields.g) ? fields.g.filter(isString) : [],
    project: text('p') || null,
    model: text('m') || null,
    cost: count('$'),
    preview: role === undefined ? null : { role, text: text('x') },
  }
}

function parse(bytes: Uint8Array): Record<string, unknown> | null {
  const json = decodeUtf8(bytes)
  if (json === null) return null
  try {
    const fields: unknown = JSON.parse(json)
    return isRecord(fields) ? fields : null
  } catch {
    return null
  }
}
