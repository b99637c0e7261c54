import { addMessage, initConversation, readConversation, streamingWriter } from '@holdfast/conversation'
import { seededRandom } from '@holdfast/testkit'
import * as Y from 'yjs'
import { makeConversation } from '../../corpus/conversations.ts'
import { answer, question } from '../../corpus/words.ts'
import { PIECE } from './typist.ts'

/** What is written into a document: everybody who has the script can make the same updates. */
export type Script =
  /** Whole messages, one update each. */
  | { readonly kind: 'chat'; readonly number: number; readonly messages: number }
  /** Questions, and answers that come token by token. */
  | { readonly kind: 'streamed'; readonly number: number; readonly messages: number; readonly tokens: number }

export interface Written {
  readonly updates: readonly Uint8Array[]
  readonly stateVector: ReadonlyMap<number, number>
  readonly state: Uint8Array
  /** The messages as JSON, every field that is not empty. */
  readonly json: string
}

const AT = Date.UTC(2026, 10, 20)

export function written(script: Script): Written {
  const { doc, updates } = script.kind === 'chat' ? makeConversation({ ...script, at: AT }) : streamed(script)
  const made = {
    updates,
    stateVector: Y.decodeStateVector(Y.encodeStateVector(doc)),
    state: Y.encodeStateAsUpdate(doc),
    json: JSON.stringify(readConversation(doc).messages),
  }
  doc.destroy()
  return made
}

function streamed({ number, messages, tokens }: Extract<Script, { kind: 'streamed' }>) {
  const random = seededRandom(number + 1)
  const doc = new Y.Doc()
  doc.clientID = 0x7fffffff + number
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  initConversation(doc, { id: `streamed-${number}`, createdAt: AT })
  const answers = Math.floor(messages / 2)
  const each = Math.floor(tokens / answers)
  let parent: string | null = null
  for (let i = 0; i < answers; i += 1) {
    const createdAt = AT + i * 60_000
    parent = addMessage(doc, {
      id: `question-${i}`,
      role: 'user',
      parent,
      createdAt,
      parts: [{ type: 'text', text: question(random) }],
    })
    parent = addMessage(doc, { id: `answer-${i}`, role: 'assistant', parent, createdAt, status: 'streaming' })
    const writer = streamingWriter(doc, parent)
    let text = ''
    while (text.length < each * PIECE) text += `${answer(random)}\n\n`
    for (let at = 0; at < each * PIECE; at += PIECE) writer.text(text.slice(at, at + PIECE))
    writer.finish({ completedAt: createdAt + 5_000 })
  }
  return { doc, updates }
}
