import { addMessage, encodeSummary, initConversation, readConversation, summarize } from '@holdfast/conversation'
import { type Random, seededRandom } from '@holdfast/testkit'
import * as Y from 'yjs'
import { answer, output, question, title } from './words.ts'

/*
 * Conversations that anybody can make again from their number: the relay's log is filled with them in Node and the
 * browser's storage in a page, and the two agree to the byte without anything being sent from one to the other.
 */

export interface Made {
  readonly id: string
  readonly doc: Y.Doc
  /** The updates its messages made, oldest first, as they were written. */
  readonly updates: readonly Uint8Array[]
}

export interface Stored {
  readonly id: string
  /** The whole state as one update, as it is kept after compaction. */
  readonly snapshot: Uint8Array
  readonly summary: Uint8Array
}

/** A UUIDv7 of this moment whose random part comes from `random`. */
function idOf(random: Random, at: number): string {
  const hex = (length: number) => Array.from({ length }, () => random.int(16).toString(16)).join('')
  const time = at.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-8${hex(3)}-${hex(12)}`
}

const MINUTE = 60_000

export interface Shape {
  /** Numbers make different conversations; the same number makes the same one. */
  readonly number: number
  readonly messages: number
  /** When its last message was written, in ms since the epoch. */
  readonly at: number
  /** The text of the last message; made up unless given. */
  readonly last?: string
}

/** A chat of questions and answers, one answer of three with a tool call whose output is about 2.6 KB. */
export function makeConversation({ number, messages, at, last }: Shape): Made {
  const random = seededRandom(number + 1)
  const createdAt = at - messages * MINUTE
  const id = idOf(random, createdAt)
  const doc = new Y.Doc()
  doc.clientID = number + 1
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  initConversation(doc, {
    id,
    createdAt,
    title: title(random),
    titleBy: 'automatic',
    model: 'a-model',
    tags: random.chance(0.2) ? ['work'] : [],
    pinned: random.chance(0.002),
  })
  let parent: string | null = null
  for (let i = 0; i < messages; i++) {
    parent = addOne(doc, random, {
      i,
      parent,
      at: createdAt + (i + 1) * MINUTE,
      text: i === messages - 1 ? last : undefined,
    })
  }
  return { id, doc, updates }
}

interface Place {
  readonly i: number
  readonly parent: string | null
  readonly at: number
  readonly text: string | undefined
}

function addOne(doc: Y.Doc, random: Random, { i, parent, at, text }: Place): string {
  const id = idOf(random, at)
  if (i % 2 === 0) {
    return addMessage(doc, {
      id,
      parent,
      role: 'user',
      createdAt: at,
      parts: [{ type: 'text', text: text ?? question(random) }],
    })
  }
  const call = random.chance(1 / 3)
    ? [
        {
          type: 'tool-call',
          callId: `call-${i}`,
          name: 'run',
          input: { command: 'npm test' },
          state: 'output-available',
          output: output(random),
        } as const,
      ]
    : []
  return addMessage(doc, {
    id,
    parent,
    role: 'assistant',
    createdAt: at,
    completedAt: at + 4_000,
    model: 'a-model',
    provider: 'a-provider',
    usage: { input: 1_000 + random.int(9_000), output: 100 + random.int(900) },
    parts: [...call, { type: 'text', text: text ?? answer(random) }],
  })
}

/** The relay's epoch for a conversation that was made here. */
export const epochOf = (id: string): string => `epoch-${id}`

export function store({ id, doc }: Made): Stored {
  return { id, snapshot: Y.encodeStateAsUpdate(doc), summary: encodeSummary(summarize(readConversation(doc))) }
}

/** The conversations of somebody who chats every day: one of four messages about every hour, the newest at `now`. */
export function* manyConversations(count: number, now: number): Generator<Stored> {
  for (let number = 0; number < count; number++) {
    const made = makeConversation({ number, messages: 4, at: now - number * 60 * MINUTE })
    yield store(made)
    made.doc.destroy()
  }
}

/** A long conversation as a device that is in the middle of it holds it: compacted up to some time ago, and rows since. */
export interface Long extends Stored {
  readonly rows: readonly Uint8Array[]
}

const ROWS_SINCE = 40

export function longConversation(shape: Shape): Long {
  const made = makeConversation(shape)
  const old = new Y.Doc()
  const since = made.updates.length - ROWS_SINCE
  old.transact(() => {
    for (const update of made.updates.slice(0, since)) Y.applyUpdate(old, update)
  })
  return { ...store(made), rows: [Y.encodeStateAsUpdate(old), ...made.updates.slice(since)] }
}
