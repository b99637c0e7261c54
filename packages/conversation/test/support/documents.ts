import * as Y from 'yjs'
import {
  addActivity,
  addArtifact,
  addCheckpoint,
  addMessage,
  addTodo,
  type Conversation,
  initConversation,
  type Message,
  type NewMessage,
} from '../../src/index.ts'

/** A time that takes as many bytes as a real one. */
export const NOON = 1_795_000_000_000

export function newDoc(clientId: number, update?: Uint8Array): Y.Doc {
  const doc = new Y.Doc()
  doc.clientID = clientId
  if (update !== undefined) Y.applyUpdate(doc, update)
  return doc
}

export function newConversation(clientId = 1): Y.Doc {
  const doc = newDoc(clientId)
  initConversation(doc, { id: 'conversation', createdAt: NOON })
  return doc
}

export function copyOf(doc: Y.Doc, clientId: number): Y.Doc {
  return newDoc(clientId, Y.encodeStateAsUpdate(doc))
}

/** Gives each replica what the others have. */
export function synchronise(...docs: readonly Y.Doc[]): void {
  for (const from of docs) {
    const update = Y.encodeStateAsUpdate(from)
    for (const to of docs) if (to !== from) Y.applyUpdate(to, update)
  }
}

/** A user's message of one text. */
export function say(doc: Y.Doc, id: string, text = id, message: Partial<NewMessage> = {}): string {
  return addMessage(doc, { id, role: 'user', createdAt: NOON, parts: [{ type: 'text', text }], ...message })
}

export const ids = (messages: readonly { id: string }[]): string[] => messages.map((message) => message.id)

/** The text of a message's text parts. */
export const textOf = (message: Message | undefined): string =>
  message?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('') ?? ''

export const everyId = (conversation: Conversation): string[] =>
  ids([...conversation.messages, ...conversation.hidden]).sort()

/** A conversation with every field set and every kind of part, three subagents deep. */
export function everything(clientId = 1): Y.Doc {
  const doc = newDoc(clientId)
  initConversation(doc, {
    id: '01933b1e-0000-7000-8000-000000000000',
    createdAt: NOON,
    title: 'Everything',
    titleBy: 'user',
    project: { id: 'p', name: 'holdfast', path: '/src', remote: 'git@example.org:h.git', branch: 'main' },
    sessionKey: 'session',
    pinned: true,
    starred: true,
    archived: true,
    tags: ['work', 'blau: grün'],
    deletedAt: NOON + 9,
    model: 'm-1',
    mode: 'plan',
    agent: 'coder',
    forkedFrom: { conversation: 'other', message: 'm' },
    source: { kind: 'chatgpt', id: 'c-1', hash: 'ab' },
    custom: { theme: { dark: true } },
    extra: { future: [1, 'two'] },
  })
  addMessage(doc, { id: 's', role: 'system', createdAt: NOON, parts: [{ type: 'text', text: 'Be kind.' }] })
  addMessage(doc, {
    id: 'q',
    role: 'user',
    author: { id: 'u', name: 'Ada' },
    createdAt: NOON + 1,
    editedAt: NOON + 2,
    parts: [
      { type: 'text', text: 'Was ist 🪢?' },
      { type: 'file', mediaType: 'image/png', filename: 'a.png', blob: { sha256: 'ab'.repeat(32), size: 12 } },
    ],
    reactions: [{ author: 'u:1', reaction: '👍', at: NOON + 3 }],
    feedback: [{ author: 'u', rating: 'up', comment: 'yes', at: NOON + 3 }],
    checkpoint: 'cp',
    custom: { draft: false },
    extra: { mood: 'curious' },
  })
  addMessage(doc, {
    id: 'a1',
    role: 'assistant',
    createdAt: NOON + 4,
    answers: 'q',
    parts: [{ type: 'text', text: 'First' }],
  })
  addMessage(doc, {
    id: 'a2',
    role: 'assistant',
    createdAt: NOON + 5,
    replaces: 'a1',
    completedAt: NOON + 6,
    status: 'error',
    finishReason: 'length',
    error: { code: 'OVERLOADED', message: 'try later' },
    model: 'm-1',
    provider: 'openai',
    agent: 'coder',
    usage: { input: 10, output: 20, cacheRead: 1, cacheWrite: 2, reasoning: 3, cost: 0.25 },
    deletedAt: NOON + 8,
    parts: [
      { type: 'step-start' },
      {
        type: 'reasoning',
        text: 'Hm.',
        startedAt: NOON + 5,
        endedAt: NOON + 6,
        providerMetadata: { a: { signature: 'x' } },
      },
      { type: 'text', text: 'A knot.' },
      {
        type: 'source',
        sourceId: 's1',
        sourceType: 'document',
        url: 'https://x.y',
        title: 'T',
        mediaType: 'a/b',
        filename: 'f',
      },
      { type: 'artifact', artifact: 'art' },
      { type: 'data-weather', data: { degrees: 7, wind: [null, true] } },
      { type: 'error', error: { code: 'E', message: 'no' } },
      { type: 'unknown', id: 'odd', value: { type: 'hologram', depth: 3, of: { a: [1] } } },
      nestedCall('t1', 3),
    ],
  })
  addArtifact(doc, {
    id: 'art',
    title: 'Knot',
    createdAt: NOON,
    kind: 'code',
    language: 'ts',
    mediaType: 't/x',
    text: 'let',
    message: 'q',
    replaces: 'art0',
    extra: { v: 1 },
  })
  addTodo(doc, { id: 'd1', text: 'tie', createdAt: NOON, message: 'q', extra: { v: 1 } })
  addTodo(doc, { id: 'd0', text: 'find rope', createdAt: NOON, state: 'done', after: null })
  addActivity(doc, {
    id: 'act',
    startedAt: NOON,
    title: 'Build',
    command: 'make',
    cwd: '/src',
    output: 'ok\n',
    state: 'error',
    exitCode: 2,
    signal: 'SIGTERM',
    endedAt: NOON + 1,
    message: 'q',
    callId: 't1',
    extra: { v: 1 },
  })
  addCheckpoint(doc, {
    id: 'cp',
    label: 'before',
    createdAt: NOON,
    ref: 'abc123',
    message: 'q',
    data: { files: 2 },
    extra: { v: 1 },
  })
  return doc
}

/** A tool call with a subagent that has made a tool call with a subagent, and so on. */
export function nestedCall(callId: string, depth: number): NonNullable<NewMessage['parts']>[number] {
  return {
    type: 'tool-call',
    callId,
    name: 'task',
    title: 'Task',
    state: 'output-available',
    input: { depth },
    output: `done ${depth}`,
    approval: { id: 'ok', approved: true, reason: 'fine', requestedAt: NOON, respondedAt: NOON + 1 },
    providerExecuted: false,
    dynamic: true,
    startedAt: NOON,
    endedAt: NOON + 1,
    resultProviderMetadata: { a: { b: 1 } },
    children: [
      {
        id: `${callId}/agent`,
        name: 'helper',
        prompt: 'help',
        state: 'complete',
        result: { ok: true },
        model: 'small',
        usage: { input: depth, cost: 0.5 },
        startedAt: NOON,
        endedAt: NOON + 1,
        messages: [
          { id: 'inner-q', role: 'user', createdAt: NOON, parts: [{ type: 'text', text: `at ${depth}` }] },
          {
            id: 'inner-a',
            role: 'assistant',
            createdAt: NOON,
            parts: depth > 0 ? [nestedCall(`${callId}.${depth}`, depth - 1)] : [{ type: 'text', text: 'bottom' }],
          },
        ],
      },
    ],
  }
}
