import { type Random, seededRandom } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import {
  addMessage,
  addSubagent,
  createReader,
  encodeSummary,
  type JsonValue,
  MAX_SUBAGENT_DEPTH,
  type MessageRef,
  modelMessages,
  readConversation,
  type SubagentRef,
  startToolCall,
  streamingWriter,
  summarize,
} from '../src/index.ts'
import { everyId, everything, ids, newConversation, newDoc, say } from './support/documents.ts'

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
