import { describe, expect, test } from 'vitest'
import type * as Y from 'yjs'
import * as C from '../src/index.ts'
import {
  copyOf,
  everything,
  ids,
  NOON,
  newConversation,
  newDoc,
  say,
  synchronise,
  textOf,
} from './support/documents.ts'
import { at, call, callIn, EVERY_EDIT, errorOf, furnished, updatesOf } from './support/every-edit.ts'

describe('E1 one edit is one transaction', () => {
  test.each(EVERY_EDIT)('E1 %s', (_, edit, look, expected) => {
    const doc = furnished()
    const origins = updatesOf(doc, () => edit(doc, 'me'))
    expect(origins).toEqual(['me'])
    expect(look(C.readConversation(doc))).toEqual(expected)
    // It travels.
    expect(look(C.readConversation(copyOf(doc, 2)))).toEqual(expected)
  })

  test('E1 an edit that changes nothing writes nothing', () => {
    const doc = everything()
    const update = (): void => {
      C.setPinned(doc, true)
      C.addTag(doc, 'work')
      C.removeTag(doc, 'never')
      C.setTitle(doc, { title: 'Everything', by: 'user' })
      C.setCustom(doc, 'theme', { dark: true })
      C.restoreMessage(doc, { message: 'q' })
    }
    expect(updatesOf(doc, update)).toEqual([])
  })

  test('E1 edits inside an open transaction join it', () => {
    const doc = newConversation()
    const run = (): void =>
      doc.transact(() => {
        say(doc, 'a')
        say(doc, 'b')
      })
    expect(updatesOf(doc, run)).toHaveLength(1)
    expect(C.readConversation(doc).messages.map(({ parent }) => parent)).toEqual([null, 'a'])
  })
})

test('E3 nothing with identity is Y-deleted: after every edit each thing is where it was', () => {
  const things = (doc: Y.Doc): string[] =>
    ['messages', 'artifacts', 'todos', 'activities', 'checkpoints'].flatMap((name) => [...doc.getMap(name).keys()])
  for (const [name, edit] of EVERY_EDIT) {
    const doc = furnished()
    const before = things(doc)
    edit(doc)
    expect(things(doc), name).toEqual(expect.arrayContaining(before))
  }
})

describe('E4 who sets what wins', () => {
  test('E4 an automatic title never replaces the user’s, in whatever order they arrive', () => {
    const left = newConversation(1)
    const right = copyOf(left, 2)
    C.setTitle(left, { title: 'Mine', by: 'user' })
    C.setTitle(right, { title: 'Made up', by: 'automatic' })
    synchronise(left, right)
    for (const doc of [left, right])
      expect(C.readConversation(doc).meta).toMatchObject({ title: 'Mine', titleBy: 'user' })
    C.setTitle(left, { title: '', by: 'user' })
    expect(C.readConversation(left).meta).toMatchObject({ title: 'Made up', titleBy: 'automatic' })
  })

  test('E4 two windows that each add the first tag, reaction, verdict or custom field keep both', () => {
    const left = newConversation(1)
    say(left, 'q')
    const right = copyOf(left, 2)
    for (const [doc, name] of [
      [left, 'l'],
      [right, 'r'],
    ] as const) {
      C.addTag(doc, name)
      C.setCustom(doc, name, 1)
      C.addReaction(doc, { message: 'q', author: name, reaction: '+1', at })
      C.setFeedback(doc, { message: 'q', author: name, rating: 'up', at })
      C.setMessageCustom(doc, { message: 'q', key: name, value: 1 })
    }
    synchronise(left, right)
    const { meta, messages } = C.readConversation(left)
    expect(meta.tags).toEqual(['l', 'r'])
    expect(meta.custom).toEqual({ l: 1, r: 1 })
    expect(messages[0]).toMatchObject({
      reactions: [{ author: 'l' }, { author: 'r' }],
      feedback: [{ author: 'l' }, { author: 'r' }],
      custom: { l: 1, r: 1 },
    })
    expect(C.readConversation(right)).toEqual(C.readConversation(left))
  })

  test('E4 what is taken back is gone: tag, reaction, verdict, custom field, trash', () => {
    const doc = furnished()
    C.addTag(doc, 'x')
    C.removeTag(doc, 'x')
    C.addReaction(doc, { message: 'q', author: 'u:v', reaction: 'a:b', at })
    expect(C.readConversation(doc).messages[0]?.reactions).toEqual([{ author: 'u:v', reaction: 'a:b', at }])
    C.removeReaction(doc, { message: 'q', author: 'u:v', reaction: 'a:b' })
    C.setFeedback(doc, { message: 'q', author: 'u', rating: 'up', at })
    C.setFeedback(doc, { message: 'q', author: 'u', rating: null, at })
    C.setCustom(doc, 'k', 1)
    C.setCustom(doc, 'k', null)
    C.moveToTrash(doc, { at })
    C.restoreFromTrash(doc)
    C.deleteTodo(doc, { id: 't1', at })
    C.restoreTodo(doc, 't1')
    const { meta, messages, todos } = C.readConversation(doc)
    expect(meta).toMatchObject({ tags: [], custom: {}, deletedAt: null })
    expect(messages[0]).toMatchObject({ reactions: [], feedback: [] })
    expect(ids(todos)).toEqual(['t1', 't2'])
  })
})

describe('E5 editing in place touches only what differs', () => {
  test('E5 two people’s edits of one text merge', () => {
    const left = newConversation(1)
    say(left, 'q', 'the quick fox')
    const right = copyOf(left, 2)
    C.editMessage(left, { message: 'q', text: 'see the quick fox', at })
    C.editMessage(right, { message: 'q', text: 'the quick red fox', at })
    synchronise(left, right)
    expect(textOf(C.readConversation(left).messages[0])).toBe('see the quick red fox')
  })

  test.each([
    ['🪢', '🧵'],
    ['a🪢b', 'a🪡b'],
    ['🪢🪢', '🪢'],
    ['', '🪢'],
    ['aaa', 'aa'],
    ['abc', ''],
  ])('E5 %s becomes %s, on every replica', (before, after) => {
    const doc = newConversation(1)
    say(doc, 'q', before)
    const remote = copyOf(doc, 2)
    C.editMessage(doc, { message: 'q', text: after, at })
    synchronise(doc, remote)
    for (const each of [doc, remote]) expect(textOf(C.readConversation(each).messages[0])).toBe(after)
  })
})

describe('E6 approval', () => {
  test('E6 asked, answered once, and answered again refused', () => {
    const doc = furnished()
    C.requestApproval(doc, { ...call, id: 'ap', at })
    C.respondToApproval(doc, { ...call, approved: false, reason: 'no', at: at + 1 })
    expect(callIn(C.readConversation(doc).messages)).toMatchObject({
      state: 'approval-responded',
      approval: { id: 'ap', approved: false, reason: 'no', requestedAt: at, respondedAt: at + 1 },
    })
    expect(errorOf(() => C.respondToApproval(doc, { ...call, approved: true, at })).code).toBe('WRONG_STATE')
  })

  test('E6 two windows that answer at once end with one answer', () => {
    const left = furnished()
    C.requestApproval(left, { ...call, id: 'ap', at })
    const right = copyOf(left, 2)
    C.respondToApproval(left, { ...call, approved: true, at })
    C.respondToApproval(right, { ...call, approved: false, at })
    synchronise(left, right)
    expect(C.readConversation(left)).toEqual(C.readConversation(right))
    expect(callIn(C.readConversation(left).messages)?.state).toBe('approval-responded')
  })
})

describe('E7 todos have an order', () => {
  const order = (doc: Y.Doc): string => ids(C.readConversation(doc).todos).join(' ')

  test('E7 first, last and between', () => {
    const doc = newConversation()
    for (const id of ['a', 'b', 'c']) C.addTodo(doc, { id, text: id, createdAt: NOON })
    C.addTodo(doc, { id: 'x', text: 'x', createdAt: NOON, after: 'a' })
    C.addTodo(doc, { id: 'y', text: 'y', createdAt: NOON, after: null })
    expect(order(doc)).toBe('y a x b c')
    C.moveTodo(doc, { id: 'y', at })
    expect(order(doc)).toBe('a x b c y')
    C.moveTodo(doc, { id: 'c', after: null, at })
    expect(order(doc)).toBe('c a x b y')
  })

  test('E7 between two that were placed at the same spot at once', () => {
    const left = newConversation(1)
    C.addTodo(left, { id: 'end', text: 'end', createdAt: NOON })
    const right = copyOf(left, 2)
    C.addTodo(left, { id: 'l', text: 'l', createdAt: NOON, after: null })
    C.addTodo(right, { id: 'r', text: 'r', createdAt: NOON, after: null })
    synchronise(left, right)
    expect(order(left)).toBe('l r end')
    C.addTodo(left, { id: 'between', text: 'b', createdAt: NOON, after: 'l' })
    expect(order(left)).toBe('l between r end')
  })

  test('E7 an index that is none puts nothing out of use', () => {
    const doc = newConversation()
    for (const id of ['a', 'b', 'c']) C.addTodo(doc, { id, text: id, createdAt: NOON })
    doc.getMap<Y.Map<unknown>>('todos').get('b')?.set('index', 'not an index')
    doc.getMap<Y.Map<unknown>>('todos').get('c')?.set('index', 7)
    expect(order(doc)).toBe('c a b')
    C.addTodo(doc, { id: 'x', text: 'x', createdAt: NOON, after: 'c' })
    expect(order(doc)).toBe('c x a b')
  })
})

describe('E8 JSON is stored as JSON has it', () => {
  test('E8 what cannot be said in JSON is as JSON.stringify makes it, and torn text is mended, on every replica', () => {
    const doc = newConversation()
    C.setCustom(doc, 'k', {
      u: undefined,
      n: Number.NaN,
      d: new Date(0),
      s: 'a\ud800',
      l: [undefined],
      ['__proto__']: 1,
    } as never)
    const expected = { n: null, d: '1970-01-01T00:00:00.000Z', s: 'a\ufffd', l: [null] }
    for (const each of [doc, copyOf(doc, 2)]) expect(C.readConversation(each).meta.custom.k).toEqual(expected)
  })

  test('E8 null empties a field; the last word on absent fields is null', () => {
    const doc = furnished()
    C.updateToolCall(doc, call, { title: 'T' })
    C.updateToolCall(doc, call, { title: null })
    expect(callIn(C.readConversation(doc).messages)?.title).toBeNull()
  })
})

test('E10 part ids that were not handed in are unlike each other', () => {
  const doc = newDoc(7)
  C.initConversation(doc, { id: 'c', createdAt: NOON })
  const parts = Array.from({ length: 20 }, () => ({ type: 'step-start' as const }))
  say(doc, 'a', 'a', { parts })
  for (let i = 0; i < 20; i++) C.appendPart(doc, 'a', { type: 'step-start' })
  say(doc, 'b', 'b', { parts })
  const all = C.readConversation(doc).messages.flatMap((message) => ids(message.parts))
  expect(new Set(all).size).toBe(60)
})
