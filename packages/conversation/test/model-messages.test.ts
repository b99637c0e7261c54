import { expect, test } from 'vitest'
import * as Y from 'yjs'
import {
  addMessage,
  modelMessages,
  type NewMessage,
  readConversation,
  restoreMessage,
  startToolCall,
  type ToolState,
  type UiPart,
} from '../src/index.ts'
import { everything, NOON, newConversation, say } from './support/documents.ts'

const partsOf = (parts: NewMessage['parts'], message: Partial<NewMessage> = {}): UiPart[] => {
  const doc = newConversation()
  addMessage(doc, {
    id: 'a',
    role: 'assistant',
    createdAt: NOON,
    ...(parts === undefined ? {} : { parts }),
    ...message,
  })
  return modelMessages(readConversation(doc)).flatMap((each) => each.parts)
}

test('O6 every kind of part becomes one of the AI SDK’s', () => {
  const doc = everything()
  restoreMessage(doc, { message: 'a2' })
  const [system, question, answer] = modelMessages(readConversation(doc))
  expect(system).toEqual({
    id: 's',
    role: 'system',
    metadata: { createdAt: NOON },
    parts: [{ type: 'text', text: 'Be kind.', state: 'done' }],
  })
  expect(question?.parts).toEqual([
    { type: 'text', text: 'Was ist 🪢?', state: 'done' },
    { type: 'text', text: '[file: a.png]', state: 'done' },
  ])
  expect(answer?.metadata).toEqual({ createdAt: NOON + 5, model: 'm-1', finishReason: 'length' })
  expect(answer?.parts).toMatchObject([
    { type: 'step-start' },
    { type: 'reasoning', text: 'Hm.', state: 'done', providerMetadata: { a: { signature: 'x' } } },
    { type: 'text', text: 'A knot.', state: 'done' },
    { type: 'source-document', sourceId: 's1', mediaType: 'a/b', title: 'T', filename: 'f' },
    { type: 'data-artifact', data: { artifact: 'art', title: 'Knot', kind: 'code', text: 'let' } },
    { type: 'data-weather', data: { degrees: 7, wind: [null, true] } },
    { type: 'data-error', data: { code: 'E', message: 'no' } },
    { type: 'data-unknown', data: { type: 'hologram', depth: 3 } },
    {
      type: 'dynamic-tool',
      toolName: 'task',
      toolCallId: 't1',
      title: 'Task',
      state: 'output-available',
      input: { depth: 3 },
      output: 'done 3',
      approval: { id: 'ok', approved: true, reason: 'fine' },
      resultProviderMetadata: { a: { b: 1 } },
    },
  ])
  expect(() => structuredClone(answer)).not.toThrow()
})

test('O6 a file is where it is said to be', () => {
  const doc = newConversation()
  const blob = { sha256: 'ab'.repeat(32), size: 3 }
  addMessage(doc, {
    id: 'a',
    role: 'user',
    createdAt: NOON,
    parts: [
      { type: 'file', mediaType: 'image/png', blob },
      { type: 'file', mediaType: 'image/png', filename: 'b', url: 'https://x/b' },
    ],
  })
  const conversation = readConversation(doc)
  expect(modelMessages(conversation)[0]?.parts).toEqual([
    { type: 'text', text: '[file: image/png]', state: 'done' },
    { type: 'file', mediaType: 'image/png', url: 'https://x/b', filename: 'b' },
  ])
  const fileUrl = (part: { blob: { sha256: string } | null; url: string | null }): string | null =>
    part.blob === null ? part.url : `https://blobs/${part.blob.sha256}`
  expect(modelMessages(conversation, { fileUrl })[0]?.parts[0]).toMatchObject({ url: `https://blobs/${blob.sha256}` })
})

test.each<[ToolState, ToolState, ToolState]>([
  ['input-streaming', 'input-streaming', 'output-error'],
  ['input-available', 'input-available', 'output-error'],
  ['approval-requested', 'approval-requested', 'approval-requested'],
  ['approval-responded', 'approval-responded', 'approval-responded'],
  ['output-available', 'output-available', 'output-available'],
  ['output-error', 'output-error', 'output-error'],
  ['output-denied', 'output-denied', 'output-denied'],
])(
  'O6 a call in state %s is sent as %s while its message streams, and as %s when that has ended',
  (state, streaming, ended) => {
    const call = { type: 'tool-call' as const, callId: 'c', name: 'run', state, input: {}, approval: { id: 'ap' } }
    expect(partsOf([call], { status: 'streaming' })[0]).toMatchObject({ type: 'tool-run', state: streaming })
    const after = partsOf([call], { status: 'interrupted' })[0]
    expect(after).toMatchObject({ state: ended, input: {} })
    if (ended === 'output-error') expect(after).toMatchObject({ errorText: 'interrupted' })
  },
)

test('O6 what shows nothing is not sent: no parts, or empty text', () => {
  expect(partsOf([])).toEqual([])
  expect(
    partsOf([
      { type: 'text', text: '' },
      { type: 'reasoning', text: '', providerMetadata: { a: 1 } },
    ]),
  ).toMatchObject([{ type: 'reasoning', text: '' }])
})

test('O6 a tool message is the assistant’s', () => {
  const doc = newConversation()
  say(doc, 'q')
  addMessage(doc, { id: 't', role: 'tool', createdAt: NOON })
  startToolCall(doc, 't', { callId: 'c', name: 'run', state: 'output-available', output: 1 })
  expect(modelMessages(readConversation(doc))[1]).toMatchObject({
    role: 'assistant',
    parts: [{ type: 'tool-run', output: 1 }],
  })
})

test('O6 converting is of what was read: it does not look at the document', () => {
  const doc = newConversation()
  say(doc, 'q')
  const conversation = readConversation(doc)
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(everything(9)))
  expect(modelMessages(conversation)).toHaveLength(1)
})
