import { createHash } from 'node:crypto'
import { seededRandom } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import {
  addMessage,
  appendPart,
  derivedId,
  editMessage,
  type Genesis,
  genesis,
  type ImportedConversation,
  readConversation,
  setPinned,
  setStarred,
  updateTodo,
} from '../src/index.ts'
import { hex, sha256 } from '../src/sha256.ts'
import { ids, NOON, nestedCall, newDoc, synchronise, textOf } from './support/documents.ts'

/** What an importer would make of a source of so many messages. */
function imported(count: number): ImportedConversation {
  return {
    id: derivedId('chatgpt', 'conversation'),
    createdAt: NOON,
    title: 'Imported',
    source: { kind: 'chatgpt', id: 'c-1' },
    tags: ['old'],
    messages: Array.from({ length: count }, (_, i) => ({
      id: `m${i}`,
      role: i % 2 === 0 ? ('user' as const) : ('assistant' as const),
      createdAt: NOON + i,
      parts: [{ type: 'text' as const, text: `Message ${i}` }, ...(i === 1 ? [nestedCall('t', 2)] : [])],
    })),
    todos: Array.from({ length: count }, (_, i) => ({ id: `t${i}`, text: `todo ${i}`, createdAt: NOON })),
    artifacts: [{ id: 'art', title: 'A', createdAt: NOON }],
    activities: [{ id: 'act', startedAt: NOON }],
    checkpoints: [{ id: 'cp', label: 'C', createdAt: NOON }],
  }
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const importOf = (count: number, onto?: Y.Doc): Genesis =>
  genesis({
    importer: 'chatgpt',
    version: '1',
    source: bytes(`source of ${count}`),
    conversation: imported(count),
    ...(onto === undefined ? {} : { onto }),
  })

describe('G1 the same import is the same bytes', () => {
  test('G1 on any machine', () => {
    const [left, right] = [importOf(4), importOf(4)]
    expect(left.update).toEqual(right.update)
    expect(left).toMatchObject({ clientId: right.clientId, messages: 4 })
    expect(left.hash).toBe(createHash('sha256').update('source of 4').digest('hex'))
    expect(readConversation(newDoc(1, left.update)).meta).toMatchObject({
      title: 'Imported',
      source: { kind: 'chatgpt', hash: left.hash },
      imports: [{ hash: left.hash, importer: 'chatgpt@1' }],
    })
  })

  test('G1 these very bytes, for this version', () => {
    expect(hex(sha256(importOf(3).update))).toMatchInlineSnapshot(
      `"3a072a5e30e3ecba5aa87b5a083bfd7e21b389e86950525c0e739fab04fa8f6a"`,
    )
    expect(importOf(3).clientId).toMatchInlineSnapshot(`2020305141044988`)
  })

  test('G1 another source, importer, version or content is another client id', () => {
    const args = { importer: 'a', version: '1', source: bytes('x'), conversation: imported(1) }
    const clients = [
      args,
      { ...args, importer: 'b' },
      { ...args, version: '2' },
      { ...args, source: bytes('y') },
      { ...args, conversation: imported(2) },
    ].map((each) => genesis(each).clientId)
    expect(new Set(clients).size).toBe(5)
    expect(clients.every((client) => Number.isSafeInteger(client) && client >= 0)).toBe(true)
  })

  test('G1 a SHA-256 that is handed in gives the same', () => {
    const args = { importer: 'a', version: '1', source: bytes('x'), conversation: imported(2) }
    const digest = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest()
    expect(genesis({ ...args, sha256: digest })).toEqual(genesis(args))
  })
})

describe('G2 it merges to one copy with everybody’s later edits', () => {
  test('G2 imported on two machines, edited on both, and brought together', () => {
    const [left, right] = [newDoc(1, importOf(4).update), newDoc(2, importOf(4).update)]
    setStarred(left, true)
    editMessage(left, { message: 'm0', text: 'Message 0, improved', at: NOON })
    appendPart(left, 'm1', { type: 'data-left', data: 1 })
    addMessage(left, { id: 'left', role: 'user', createdAt: NOON + 90 })
    setPinned(right, true)
    editMessage(right, { message: 'm0', text: 'My Message 0', at: NOON })
    appendPart(right, 'm1', { type: 'data-right', data: 1 })
    addMessage(right, { id: 'right', role: 'user', createdAt: NOON + 91 })
    synchronise(left, right)
    Y.applyUpdate(left, importOf(4).update)
    const conversation = readConversation(left)
    expect(readConversation(right)).toEqual(conversation)
    expect(ids(conversation.messages)).toEqual(['m0', 'm1', 'm2', 'm3', 'left', 'right'])
    expect(conversation.meta).toMatchObject({ starred: true, pinned: true })
    expect(textOf(conversation.messages[0])).toBe('My Message 0, improved')
    expect(conversation.messages[1]?.parts.map(({ type }) => type).sort()).toEqual([
      'data-left',
      'data-right',
      'text',
      'tool-call',
    ])
    expect(ids(conversation.todos)).toEqual(['t0', 't1', 't2', 't3'])
  })
})

describe('G3 a grown source adds only what is new', () => {
  test('G3 and it is the same bytes on machines with other edits', () => {
    const [left, right] = [newDoc(1, importOf(4).update), newDoc(2, importOf(4).update)]
    updateTodo(left, { id: 't1', at: NOON }, { state: 'done' })
    editMessage(right, { message: 'm0', text: 'changed', at: NOON })
    const [second, again] = [importOf(6, left), importOf(6, right)]
    expect(second.update).toEqual(again.update)
    expect(second.messages).toBe(2)
    expect(second.update.length).toBeLessThan(importOf(6).update.length / 2)
    Y.applyUpdate(left, second.update)
    Y.applyUpdate(right, again.update)
    synchronise(left, right)
    const conversation = readConversation(left)
    expect(readConversation(right)).toEqual(conversation)
    expect(ids(conversation.messages)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5'])
    expect(textOf(conversation.messages[0])).toBe('changed')
    expect(conversation.todos.map(({ id, state }) => `${id} ${state}`)).toEqual([
      't0 pending',
      't1 done',
      't2 pending',
      't3 pending',
      't4 pending',
      't5 pending',
    ])
    expect(conversation.meta.imports).toHaveLength(2)
  })

  test('G3 the same grown source onto something else has another client id, because it has another content', () => {
    expect(importOf(6, newDoc(1, importOf(4).update)).clientId).not.toBe(importOf(6).clientId)
    expect(importOf(6, newDoc(1, importOf(4).update)).clientId).not.toBe(
      importOf(6, newDoc(1, importOf(2).update)).clientId,
    )
  })

  test('G3 machines that stood at different versions of the source still come to one copy', () => {
    const [left, right] = [newDoc(1, importOf(2).update), newDoc(2, importOf(4).update)]
    for (const doc of [left, right]) Y.applyUpdate(doc, importOf(6, doc).update)
    synchronise(left, right)
    expect(ids(readConversation(left).messages)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5'])
    expect(readConversation(right)).toEqual(readConversation(left))
  })
})

test('G4 derived ids are UUIDs that names always give again', () => {
  expect(derivedId('a', 'b')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(derivedId('a', 'b')).toBe(derivedId('a', 'b'))
  expect(derivedId('a', 'b')).not.toBe(derivedId('ab'))
})

test('G5 our SHA-256 is SHA-256', () => {
  const random = seededRandom(1)
  for (const length of [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000, 70_000]) {
    const data = random.bytes(length)
    expect(hex(sha256(data)), `${length} bytes`).toBe(createHash('sha256').update(data).digest('hex'))
  }
})
