import { seededRandom } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import {
  addMessage,
  addSubagent,
  addTodo,
  createReader,
  deleteMessage,
  type Message,
  readConversation,
  selectAlternative,
  setPinned,
  startToolCall,
  streamingWriter,
  updateTodo,
} from '../src/index.ts'
import { everything, NOON, newConversation, say, textOf } from './support/documents.ts'
import { Ink, Window } from './support/random-edits.ts'

describe('R1 reading again keeps the identity of what did not change', () => {
  test('R1 with nothing changed it is the same object', () => {
    const reader = createReader(everything())
    expect(reader.read()).toBe(reader.read())
  })

  test('R1 a token changes its message, its part, and the list', () => {
    const doc = newConversation()
    say(doc, 'q')
    addTodo(doc, { id: 't', text: 't', createdAt: NOON })
    addMessage(doc, {
      id: 'a',
      role: 'assistant',
      createdAt: NOON,
      status: 'streaming',
      usage: { input: 1 },
      parts: [{ type: 'reasoning', text: 'r' }],
    })
    const writer = streamingWriter(doc, 'a')
    writer.text('one')
    const reader = createReader(doc)
    const before = reader.read()
    writer.text(' two')
    const after = reader.read()
    expect(textOf(after.messages[1])).toBe('one two')
    expect(textOf(before.messages[1])).toBe('one')
    expect(after.messages).not.toBe(before.messages)
    expect(after.messages[0]).toBe(before.messages[0])
    expect(after.messages[1]?.parts[0]).toBe(before.messages[1]?.parts[0])
    expect(after.messages[1]?.usage).toBe(before.messages[1]?.usage)
    for (const key of ['meta', 'hidden', 'todos', 'artifacts', 'deleted', 'selected', 'totals'] as const) {
      expect(after[key], key).toBe(before[key])
    }
  })

  test('R1 an edit of the conversation or of a todo leaves the messages alone', () => {
    const doc = everything()
    const reader = createReader(doc)
    const before = reader.read()
    setPinned(doc, false)
    updateTodo(doc, { id: 'd1', at: NOON }, { state: 'done' })
    const after = reader.read()
    expect(after.meta.project).toBe(before.meta.project)
    expect(after.meta.pinned).toBe(false)
    expect(after.messages).toBe(before.messages)
    expect(after.todos[0]).toBe(before.todos[0])
    expect(after.todos[1]).not.toBe(before.todos[1])
  })

  test('R1 a token of a subagent changes only what lies above it', () => {
    const doc = newConversation()
    addMessage(doc, { id: 'a', role: 'assistant', createdAt: NOON })
    startToolCall(doc, 'a', { callId: 'c', name: 'task' })
    for (const id of ['x', 'y']) {
      addSubagent(doc, { message: 'a', callId: 'c' }, { id, name: id })
      const place = { in: { message: 'a', callId: 'c', subagent: id } }
      addMessage(doc, { ...place, id: 'inner', role: 'assistant', createdAt: NOON, status: 'streaming' })
    }
    const reader = createReader(doc)
    const children = (): readonly Message[][] =>
      reader
        .read()
        .messages.flatMap(({ parts }) =>
          parts.flatMap((part) =>
            part.type === 'tool-call' ? part.children.map(({ messages }) => [...messages]) : [],
          ),
        )
    const before = children()
    streamingWriter(doc, { in: { message: 'a', callId: 'c', subagent: 'x' }, id: 'inner' }).text('hi')
    const after = children()
    expect(textOf(after[0]?.[0])).toBe('hi')
    expect(after[1]?.[0]).toBe(before[1]?.[0])
  })

  test('R1 in any run of edits, what is equal is identical (40 seeds)', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const window = new Window(1, Y.encodeStateAsUpdate(everything(2)), seededRandom(seed), new Ink())
      let before = window.reader.read()
      for (let step = 0; step < 60; step++) {
        window.edit()
        const after = window.reader.read()
        const known = new Map([...before.messages, ...before.hidden].map((message) => [message.id, message]))
        for (const message of [...after.messages, ...after.hidden]) {
          const old = known.get(message.id)
          if (old === undefined || old === message) continue
          expect(JSON.stringify(old), `seed ${seed}`).not.toBe(JSON.stringify(message))
          for (const [i, part] of message.parts.entries()) {
            if (old.parts[i] !== part) expect(JSON.stringify(old.parts[i])).not.toBe(JSON.stringify(part))
          }
        }
        before = after
      }
      expect(before, `seed ${seed}`).toEqual(readConversation(window.doc))
    }
  })

  test('R1 after destroy it gives what it last gave', () => {
    const doc = newConversation()
    const reader = createReader(doc)
    const before = reader.read()
    reader.destroy()
    say(doc, 'later')
    expect(reader.read()).toBe(before)
  })

  test('R1 message() finds shown and hidden messages as they are in the list', () => {
    const doc = newConversation()
    say(doc, 'a')
    say(doc, 'b', 'b', { replaces: 'a' })
    const reader = createReader(doc)
    expect(reader.message('b')).toBe(reader.read().messages[0])
    expect(reader.message('a')).toBe(reader.read().hidden[0])
    expect(reader.message('c')).toBeUndefined()
    selectAlternative(doc, 'a')
    expect(reader.message('a')).toBe(reader.read().messages[0])
    deleteMessage(doc, { message: 'b', at: NOON })
    expect(reader.message('b')).toMatchObject({ deletedAt: NOON })
  })
})

describe('R2 what a document holds and this version does not know is kept and shown', () => {
  test('R2 unknown fields and parts survive a read-edit cycle', () => {
    const doc = everything()
    const messages = doc.getMap<Y.Map<unknown>>('messages')
    messages.get('q')?.set('nested', new Y.Map([['list', Y.Array.from([1, new Y.Text('two')])]]))
    say(doc, 'more')
    setPinned(doc, false)
    const { meta, messages: read, hidden } = readConversation(doc)
    expect(meta.extra).toEqual({ future: [1, 'two'] })
    expect(read.find(({ id }) => id === 'q')?.extra).toEqual({ mood: 'curious', nested: { list: [1, 'two'] } })
    const parts = [...read, ...hidden].flatMap((message) => message.parts)
    expect(parts).toContainEqual({
      type: 'unknown',
      id: 'odd',
      originalType: 'hologram',
      value: { id: 'odd', type: 'hologram', depth: 3, of: { a: [1] } },
      providerMetadata: null,
      extra: {},
    })
    expect(messages.get('q')?.get('nested')).toBeInstanceOf(Y.Map)
  })

  test('R2 a field of the wrong type reads as its default, and is in extra', () => {
    const doc = newConversation()
    say(doc, 'a')
    const fields = doc.getMap<Y.Map<unknown>>('messages').get('a')
    fields?.set('role', 'developer')
    fields?.set('createdAt', 'yesterday')
    fields?.set('usage', 7)
    fields?.set('reaction:%zz:+1', 1)
    const [message] = readConversation(doc).messages
    expect(message).toMatchObject({ role: 'user', createdAt: 0, usage: null, reactions: [] })
    expect(message?.extra).toEqual({ role: 'developer', createdAt: 'yesterday', usage: 7, 'reaction:%zz:+1': 1 })
  })

  test('R2 what is read is a copy: it cannot change the document', () => {
    const doc = everything()
    const before = JSON.stringify(readConversation(doc))
    const wreck = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      for (const key of Object.keys(value)) {
        wreck((value as Record<string, unknown>)[key])
        if (!Object.isFrozen(value)) (value as Record<string, unknown>)[key] = 'wrecked'
      }
    }
    wreck(readConversation(doc))
    expect(JSON.stringify(readConversation(doc))).toBe(before)
  })
})

test('R5 totals are computed: usage of hidden messages and of subagents is in them', () => {
  const { totals } = readConversation(everything())
  expect(totals).toEqual({
    messages: 4,
    shown: 3,
    hidden: 1,
    toolCalls: 4,
    subagents: 4,
    // Depth 3 says 3 itself; what its own subagents used is in what it says.
    usage: { input: 13, output: 20, cacheRead: 1, cacheWrite: 2, reasoning: 3, cost: 0.75 },
    lastActivityAt: NOON + 6,
  })
})

test('R5 replicas add the same costs in the same order, whatever was selected in between', () => {
  const doc = newConversation()
  for (let i = 0; i < 40; i++) {
    say(doc, `m${i}`, 'x', { usage: { cost: 0.1 * (i + 1) }, ...(i % 3 === 2 ? { replaces: `m${i - 1}` } : {}) })
  }
  const reader = createReader(doc)
  reader.read()
  for (const id of ['m1', 'm16', 'm31']) {
    selectAlternative(doc, id)
    expect(reader.read().totals).toEqual(readConversation(doc).totals)
  }
})

test('R6 a message in a subagent that was retried shows the newest and counts the other', () => {
  const doc = newConversation()
  addMessage(doc, { id: 'a', role: 'assistant', createdAt: NOON })
  startToolCall(doc, 'a', { callId: 'c', name: 'task' })
  addSubagent(doc, { message: 'a', callId: 'c' }, { id: 's', name: 's' })
  const place = { in: { message: 'a', callId: 'c', subagent: 's' } }
  addMessage(doc, { ...place, id: 'x', role: 'assistant', createdAt: NOON })
  addMessage(doc, { ...place, id: 'y', role: 'assistant', createdAt: NOON + 1, replaces: 'x' })
  const [part] = readConversation(doc).messages[0]?.parts ?? []
  expect(part).toMatchObject({
    children: [{ messages: [{ id: 'y', alternatives: { count: 2 } }], hidden: [{ id: 'x' }] }],
  })
})
