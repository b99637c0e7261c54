import type { FilePart } from '@holdfast/conversation'
import { addMessage, deleteMessage, initConversation, readConversation } from '@holdfast/conversation'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { promptOf } from '../src/answering/prompt.ts'

type Added = Parameters<typeof addMessage>[1]

function shownAs(...messages: Omit<Added, 'createdAt'>[]) {
  const doc = new Y.Doc()
  initConversation(doc, { id: 'c', createdAt: 1 })
  for (const [index, message] of messages.entries()) addMessage(doc, { createdAt: index + 1, ...message })
  addMessage(doc, { id: 'new', role: 'assistant', createdAt: 99, status: 'streaming' })
  const data = async (part: FilePart) => (part.blob ? `data:image/png;base64,${part.blob.sha256}` : null)
  return { doc, sent: () => promptOf(readConversation(doc), 'new', data) }
}

test('O6 a tool call is sent with its result between what was said before and after it', async () => {
  const { sent } = shownAs(
    { id: 'q', role: 'user', parts: [{ type: 'text', text: 'Weather?' }] },
    {
      id: 'a',
      role: 'assistant',
      parts: [
        { type: 'step-start' },
        { type: 'reasoning', text: 'not sent' },
        { type: 'text', text: 'Looking.' },
        {
          type: 'tool-call',
          callId: 'c',
          name: 'weather',
          input: { city: 'Oslo' },
          state: 'output-available',
          output: { sky: 'clear' },
        },
        { type: 'step-start' },
        { type: 'text', text: 'Clear.' },
      ],
    },
  )
  expect(await sent()).toEqual([
    { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'Looking.' },
        { type: 'tool-call', toolCallId: 'c', toolName: 'weather', input: { city: 'Oslo' } },
      ],
    },
    {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          toolCallId: 'c',
          toolName: 'weather',
          output: { type: 'json', value: { sky: 'clear' } },
        },
      ],
    },
    { role: 'assistant', content: [{ type: 'text', text: 'Clear.' }] },
  ])
})

test('a call that was cut off still gets a result, because providers refuse a hole', async () => {
  const { sent } = shownAs({
    id: 'a',
    role: 'assistant',
    status: 'interrupted',
    parts: [{ type: 'tool-call', callId: 'c', name: 'x', input: {}, state: 'input-available' }],
  })
  expect((await sent())[1]).toMatchObject({ role: 'tool', content: [{ output: { type: 'error-text' } }] })
})

test('what was deleted and answers without words are not sent', async () => {
  const { doc, sent } = shownAs(
    { id: 's', role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] },
    { id: 'q', role: 'user', parts: [{ type: 'text', text: 'Secret' }] },
    { id: 'a', role: 'assistant', status: 'error', parts: [] },
    { id: 'r', role: 'user', parts: [{ type: 'text', text: 'Again' }] },
  )
  deleteMessage(doc, { message: 'q', at: 9 })
  expect(await sent()).toEqual([
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'text', text: 'Again' }] },
  ])
})

test('O6 what is asked is what was shown before the answer: not the answer, nor what came after it', async () => {
  const { doc, sent } = shownAs({ id: 'q', role: 'user', parts: [{ type: 'text', text: 'First' }] })
  addMessage(doc, {
    id: 'later',
    role: 'user',
    parent: 'new',
    createdAt: 100,
    parts: [{ type: 'text', text: 'Later' }],
  })
  expect(await sent()).toEqual([{ role: 'user', content: [{ type: 'text', text: 'First' }] }])
})

test('a picture is sent as data; a file that is only an address is named and never fetched', async () => {
  const sha256 = 'ab'.repeat(32)
  const { sent } = shownAs({
    id: 'q',
    role: 'user',
    parts: [
      { type: 'text', text: 'What is this?' },
      { type: 'file', mediaType: 'image/png', filename: 'kelp.png', blob: { sha256, size: 3 } },
      { type: 'file', mediaType: 'image/png', filename: 'tracker.png', url: 'https://elsewhere.example/t.png' },
    ],
  })
  expect((await sent())[0]).toMatchObject({
    role: 'user',
    content: [
      { type: 'text', text: 'What is this?' },
      { type: 'file', mediaType: 'image/png', filename: 'kelp.png' },
      { type: 'text', text: '[file: tracker.png]' },
    ],
  })
  expect(JSON.stringify(await sent())).toContain(`data:image/png;base64,${sha256}`)
})

test('a call that another window is still running is left out', async () => {
  const { sent } = shownAs(
    { id: 'q', role: 'user', parts: [{ type: 'text', text: 'Go' }] },
    {
      id: 'a',
      role: 'assistant',
      status: 'streaming',
      parts: [{ type: 'tool-call', callId: 'c', name: 'x', input: {}, state: 'input-available' }],
    },
  )
  expect(await sent()).toEqual([{ role: 'user', content: [{ type: 'text', text: 'Go' }] }])
})
