import { addMessage, deleteMessage, initConversation, readConversation } from '@holdfast/conversation'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { toModelMessages } from '../src/answering/to-model-messages.ts'

type Added = Parameters<typeof addMessage>[1]

function shownAs(...messages: Omit<Added, 'createdAt'>[]) {
  const doc = new Y.Doc()
  initConversation(doc, { id: 'c', createdAt: 1 })
  for (const [index, message] of messages.entries()) addMessage(doc, { createdAt: index + 1, ...message })
  return { doc, sent: () => toModelMessages(readConversation(doc).messages) }
}

test('O6 a tool call is sent with its result between what was said before and after it', () => {
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
  expect(sent()).toEqual([
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

test('a call that was cut off still gets a result, because providers refuse a hole', () => {
  const { sent } = shownAs({
    id: 'a',
    role: 'assistant',
    status: 'interrupted',
    parts: [{ type: 'tool-call', callId: 'c', name: 'x', input: {}, state: 'input-available' }],
  })
  expect(sent()[1]).toMatchObject({ role: 'tool', content: [{ output: { type: 'error-text' } }] })
})

test('what was deleted and answers without words are not sent', () => {
  const { doc, sent } = shownAs(
    { id: 's', role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] },
    { id: 'q', role: 'user', parts: [{ type: 'text', text: 'Secret' }] },
    { id: 'a', role: 'assistant', status: 'error', parts: [] },
    { id: 'r', role: 'user', parts: [{ type: 'text', text: 'Again' }] },
  )
  deleteMessage(doc, { message: 'q', at: 9 })
  expect(sent()).toEqual([
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'text', text: 'Again' }] },
  ])
})
