import { seededRandom } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import {
  addMessage,
  addTag,
  type Conversation,
  decodeSummary,
  encodeSummary,
  initConversation,
  MAX_SUMMARY_BYTES,
  readConversation,
  summarize,
} from '../src/index.ts'
import { everything, NOON, newConversation, newDoc, say } from './support/documents.ts'

const round = (conversation: Conversation) => decodeSummary(encodeSummary(summarize(conversation)))

test('U1 what a list needs is in it, and comes back', () => {
  const conversation = readConversation(everything())
  const summary = summarize(conversation)
  expect(summary).toEqual({
    id: '01933b1e-0000-7000-8000-000000000000',
    title: 'Everything',
    titleBy: 'user',
    createdAt: NOON,
    updatedAt: NOON + 6,
    messages: 3,
    hidden: 1,
    pinned: true,
    starred: true,
    archived: true,
    deletedAt: NOON + 9,
    streaming: false,
    failed: false,
    interrupted: false,
    openTodos: 1,
    tags: ['blau: grün', 'work'],
    project: 'holdfast',
    model: 'm-1',
    cost: 0.75,
    preview: { role: 'user', text: 'Was ist 🪢?' },
  })
  expect(round(conversation)).toEqual(summary)
  expect(encodeSummary(summary).length).toBeLessThan(300)
})

test('U1 an empty conversation and one that streams', () => {
  const doc = newConversation()
  expect(round(readConversation(doc))).toMatchObject({ messages: 0, preview: null, title: '', streaming: false })
  say(doc, 'q', ' line one\n\tline "two" ')
  expect(round(readConversation(doc))?.preview).toEqual({ role: 'user', text: 'line one line "two"' })
  addMessage(doc, { id: 'a', role: 'assistant', createdAt: NOON + 5, answers: 'q', status: 'streaming' })
  expect(round(readConversation(doc))).toMatchObject({
    streaming: true,
    updatedAt: NOON + 5,
    preview: { role: 'assistant', text: '' },
  })
  addMessage(doc, {
    id: 'b',
    role: 'assistant',
    createdAt: NOON + 6,
    status: 'error',
    parts: [{ type: 'tool-call', callId: 'c', name: 'run' }],
  })
  expect(round(readConversation(doc))).toMatchObject({ failed: true, interrupted: false, preview: { text: '[run]' } })
  addMessage(doc, { id: 'c', role: 'assistant', createdAt: NOON + 7, status: 'interrupted' })
  expect(round(readConversation(doc))).toMatchObject({ failed: false, streaming: false, interrupted: true })
})

test.each([
  ['plain', 'x'],
  ['quotes, which JSON doubles', '"\\'],
  ['wide', '語'],
  ['wider', '🪢'],
  ['control characters', '\u0001\u0000\u007f'],
  ['torn', '\ud83e'],
])('U2 no summary is longer than its bound, whatever the conversation contains: %s', (_, text) => {
  const long = text.repeat(5000)
  const doc = newDoc(1)
  initConversation(doc, {
    id: long.slice(0, 512).toWellFormed(),
    createdAt: 8.64e15,
    title: long,
    project: { name: long },
    model: long,
    pinned: true,
    deletedAt: 8.64e15,
  })
  for (let i = 0; i < 50; i++) addTag(doc, (text.repeat(150) + i).toWellFormed())
  say(doc, 'm', long, { createdAt: 8.64e15 - 1, usage: { cost: 0.1 + 0.2 } })
  const summary = summarize(readConversation(doc))
  const bytes = encodeSummary(summary)
  expect(bytes.length).toBeLessThanOrEqual(MAX_SUMMARY_BYTES)
  expect(decodeSummary(bytes)).toEqual(summary)
})

test('U2 a summary that somebody made by hand is bounded too', () => {
  const summary = summarize(readConversation(everything()))
  const huge = { ...summary, title: '"'.repeat(9999), tags: Array.from({ length: 999 }, () => 'tag'.repeat(99)) }
  expect(encodeSummary(huge).length).toBeLessThanOrEqual(MAX_SUMMARY_BYTES)
})

test('U3 garbage decodes to null or to a summary, and never throws (2,000 seeds)', () => {
  const bytes = encodeSummary(summarize(readConversation(everything())))
  for (let seed = 1; seed <= 2000; seed++) {
    const random = seededRandom(seed)
    const broken = random.chance(0.5) ? bytes.slice() : random.bytes(random.int(300))
    for (let i = random.int(4); i >= 0 && broken.length > 0; i--) broken[random.int(broken.length)] = random.int(256)
    const summary = decodeSummary(broken.subarray(0, random.int(broken.length + 1)))
    if (summary !== null) expect(decodeSummary(encodeSummary(summary)), `seed ${seed}`).not.toBeNull()
  }
  expect(decodeSummary(new Uint8Array())).toBeNull()
  expect(decodeSummary(Uint8Array.of(2, ...bytes.subarray(1)))).toBeNull()
  expect(decodeSummary(new Uint8Array(MAX_SUMMARY_BYTES + 1).fill(1))).toBeNull()
})

test('U4 version 1 is frozen: stored summaries read for ever', () => {
  const stored =
    '\u0001{"i":"c","t":"Title","b":"u","c":1,"u":2,"n":3,"h":4,"f":31,"d":5,"o":6,"g":["t"],"p":"P","m":"M","$":0.5,"r":2,"x":"Hi"}'
  const summary = decodeSummary(new TextEncoder().encode(stored))
  expect(summary).toEqual({
    id: 'c',
    title: 'Title',
    titleBy: 'user',
    createdAt: 1,
    updatedAt: 2,
    messages: 3,
    hidden: 4,
    pinned: true,
    starred: true,
    archived: true,
    deletedAt: 5,
    streaming: true,
    failed: true,
    interrupted: false,
    openTodos: 6,
    tags: ['t'],
    project: 'P',
    model: 'M',
    cost: 0.5,
    preview: { role: 'assistant', text: 'Hi' },
  })
  expect(summary && new TextDecoder().decode(encodeSummary(summary))).toBe(stored)
})
