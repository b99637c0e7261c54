import { type Random, seededRandom } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import {
  addMessage,
  addSubagent,
  addTodo,
  createReader,
  deleteMessage,
  encodeSummary,
  type JsonValue,
  MAX_SUBAGENT_DEPTH,
  type Message,
  type MessageRef,
  modelMessages,
  readConversation,
  type SubagentRef,
  selectAlternative,
  setPinned,
  startToolCall,
  streamingWriter,
  summarize,
  updateTodo,
} from '../src/index.ts'
import { everyId, everything, ids, NOON, newConversation, newDoc, say, textOf } from './support/documents.ts'
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

  test('R1 in any run of edits, what is equal is identical (15 seeds)', () => {
    for (let seed = 1; seed <= 15; seed++) {
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

describe('R3 reading never throws, whatever a document holds', () => {
  test('R3 random documents under our names (150 seeds)', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const doc = garbage(seededRandom(seed))
      const label = `seed ${seed}`
      const conversation = readConversation(doc)
      const held = [...doc.getMap('messages').entries()].filter(([, value]) => value instanceof Y.Map)
      expect(everyId(conversation), label).toEqual(held.map(([id]) => id).sort())
      expect(() => JSON.stringify(conversation), label).not.toThrow()
      expect(() => modelMessages(conversation), label).not.toThrow()
      expect(() => encodeSummary(summarize(conversation)), label).not.toThrow()
    }
  })

  test('R3 a reader that watches such a document come about reads what one that comes later reads (15 seeds)', () => {
    for (let seed = 1; seed <= 15; seed++) {
      const random = seededRandom(seed)
      const doc = everything(2)
      const reader = createReader(doc)
      for (let step = 0; step < 8; step++) {
        const map = random.pick(mapsOf(doc))
        const key = random.pick([...map.keys(), 'parent', 'replaces'])
        const choice = random.int(3)
        if (choice === 0) map.delete(key)
        else if (choice === 1) map.set(key, random.pick([...doc.getMap('messages').keys(), null, 7]))
        else Y.applyUpdate(doc, Y.encodeStateAsUpdate(garbage(random, 100 + step)))
        expect(reader.read(), `seed ${seed}, step ${step}`).toEqual(readConversation(doc))
      }
    }
  })

  test('R3 parts without ids go by their position, also when it changes under a reader', () => {
    const doc = newConversation()
    say(doc, 'a')
    const parts = doc.getMap<Y.Map<unknown>>('messages').get('a')?.get('parts') as Y.Array<unknown>
    const odd = (): Y.Map<unknown> => new Y.Map([['type', 'step-start']])
    parts.push([odd(), 7, odd()])
    const reader = createReader(doc)
    expect(ids(reader.read().messages[0]?.parts ?? []).slice(1)).toEqual(['#1', '#2', '#3'])
    const before = reader.read().messages[0]?.parts
    parts.push([odd()])
    expect(reader.read().messages[0]?.parts[3]).toBe(before?.[3])
    parts.insert(0, [odd()])
    expect(reader.read()).toEqual(readConversation(doc))
  })

  test('R3 an empty document is an empty conversation', () => {
    expect(readConversation(new Y.Doc())).toMatchObject({ meta: { id: '', title: '' }, messages: [], writable: true })
  })

  test('R3 keys that mean something to JavaScript are keys', () => {
    const doc = newConversation()
    say(doc, '__proto__')
    doc.getMap('meta').set('__proto__', { polluted: true })
    doc.getMap('meta').set('custom:__proto__', 1)
    const conversation = readConversation(doc)
    expect(ids(conversation.messages)).toEqual(['__proto__'])
    expect(Object.keys(conversation.meta.extra)).toEqual(['__proto__'])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  test('R3 bytes, subdocuments and numbers that JSON has not are null', () => {
    const doc = newConversation()
    const meta = doc.getMap('meta')
    for (const [key, value] of Object.entries({ a: Uint8Array.of(1), b: new Y.Doc(), c: Number.NaN, d: 7n })) {
      meta.set(key, value)
    }
    expect(readConversation(doc).meta.extra).toEqual({ a: null, b: null, c: null, d: null })
  })
})

describe('R4 subagents to any depth', () => {
  const build = (depth: number): Y.Doc => {
    const doc = newConversation()
    doc.transact(() => nest(doc.getMap('messages'), depth))
    return doc
  }
  const nest = (root: Y.Map<unknown>, depth: number): void => {
    let messages = root
    for (let level = 0; level <= depth; level++) {
      const message = new Y.Map<unknown>([['role', 'assistant']])
      messages.set('m', message)
      const part = new Y.Map<unknown>([
        ['type', 'tool-call'],
        ['callId', 'c'],
        ['name', 'task'],
      ])
      message.set('parts', Y.Array.from([part]))
      const subagent = new Y.Map<unknown>()
      part.set('children', new Y.Map([['s', subagent]]))
      messages = new Y.Map()
      subagent.set('messages', messages)
    }
  }
  const depthOf = (doc: Y.Doc): { depth: number; truncated: boolean } => {
    let [message] = readConversation(doc).messages
    for (let depth = 0; ; depth++) {
      const [part] = message?.parts ?? []
      const child = part?.type === 'tool-call' ? part.children[0] : undefined
      if (child === undefined || child.messages.length === 0) return { depth, truncated: child?.truncated ?? false }
      ;[message] = child.messages
    }
  }

  test('R4 hostile depth is read to the cap, which is said', () => {
    expect(depthOf(build(20))).toEqual({ depth: 20, truncated: false })
    expect(depthOf(build(MAX_SUBAGENT_DEPTH))).toEqual({ depth: MAX_SUBAGENT_DEPTH, truncated: false })
    expect(depthOf(build(1_000))).toEqual({ depth: MAX_SUBAGENT_DEPTH, truncated: true })
  })

  test('R4 edits reach every depth that reading does', () => {
    const doc = newConversation()
    let message: MessageRef = 'm'
    let place: SubagentRef | null = null
    for (let depth = 0; depth < MAX_SUBAGENT_DEPTH; depth++) {
      addMessage(doc, { id: 'm', role: 'assistant', createdAt: depth, ...(place === null ? {} : { in: place }) })
      startToolCall(doc, message, { callId: 'c', name: 'task' })
      addSubagent(doc, { message, callId: 'c' }, { id: 's', name: 'helper' })
      place = { message, callId: 'c', subagent: 's' }
      message = { in: place, id: 'm' }
    }
    addMessage(doc, { in: place as SubagentRef, id: 'm', role: 'assistant', createdAt: 0, status: 'streaming' })
    const reader = createReader(doc)
    reader.read()
    streamingWriter(doc, message).text('deep')
    expect(depthOf(doc)).toEqual({ depth: MAX_SUBAGENT_DEPTH, truncated: false })
    expect(JSON.stringify(reader.read())).toContain('deep')
    expect(reader.read()).toEqual(readConversation(doc))
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

/** Every map in the document. */
function mapsOf(doc: Y.Doc): Y.Map<unknown>[] {
  const maps: Y.Map<unknown>[] = []
  const pending: unknown[] = ['meta', 'messages', 'selected', 'todos'].map((root) => doc.getMap(root))
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next instanceof Y.Map) {
      maps.push(next)
      pending.push(...next.values())
    } else if (next instanceof Y.Array) pending.push(...next.toArray())
  }
  return maps
}

/** A document in which anything may be anywhere, under the names that we use. */
function garbage(random: Random, clientId = 1): Y.Doc {
  const doc = newDoc(clientId)
  const names =
    'id type role parent replaces createdAt deletedAt status usage parts text state input inputText output outputText callId name children messages approval index title error tag:a reaction:a:b feedback:u custom:k import:x schema m0 m1 m2'.split(
      ' ',
    )
  const words: JsonValue[] = [
    'text',
    'tool-call',
    'data-x',
    'file',
    'user',
    'm0',
    'm1',
    '',
    'streaming',
    'output-available',
  ]
  const scalar = (): unknown =>
    random.pick<unknown>([
      null,
      true,
      -1,
      1.5,
      1e300,
      Number.NaN,
      12n,
      '{"a":',
      Uint8Array.of(1),
      [1, [2]],
      { id: 1, at: 'x' },
      ...words,
    ])
  const value = (depth: number): unknown => {
    const kind = depth <= 0 ? 0 : random.int(8)
    if (kind === 1) return new Y.Text('some text')
    if (kind === 2) return Y.Array.from(Array.from({ length: random.int(4) }, () => listed(value(depth - 1))))
    if (kind === 3) return new Y.XmlFragment()
    if (kind > 3) return fields(depth - 1)
    return scalar()
  }
  // Yjs refuses big integers in lists, though not in maps.
  const listed = (item: unknown): string => (typeof item === 'bigint' ? '' : item) as string
  const fields = (depth: number): Y.Map<unknown> =>
    new Y.Map(Array.from({ length: random.int(8) }, () => [random.pick(names), value(depth)]))
  for (const root of ['meta', 'messages', 'selected', 'artifacts', 'todos', 'activities', 'checkpoints']) {
    for (let i = random.int(8); i > 0; i--) doc.getMap(root).set(random.pick(names), value(5))
  }
  return newDoc(2, Y.encodeStateAsUpdate(doc))
}
