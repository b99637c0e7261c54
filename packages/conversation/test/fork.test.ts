import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { addMessage, type ConversationError, fork, modelMessages, readConversation, setTitle } from '../src/index.ts'
import { copyOf, everything, ids, NOON, newConversation, newDoc, say } from './support/documents.ts'

test('F1 a fork shows what was shown, with ids, times and all that messages hold', () => {
  const source = everything()
  const target = newDoc(2)
  fork(source, target, { id: 'fork', at: NOON + 50 })
  const [before, after] = [readConversation(source), readConversation(copyOf(target, 3))]
  const content = ({ messages }: typeof before): unknown =>
    messages.map((message) => ({ ...message, parent: null, replaces: null, alternatives: null }))
  expect(content(after)).toEqual(content(before))
  expect(modelMessages(after)).toEqual(modelMessages(before))
  expect(after.hidden).toEqual([])
  expect(after.messages.map(({ parent }) => parent)).toEqual([null, 's', 'q'])
  for (const key of ['artifacts', 'todos', 'activities', 'checkpoints'] as const)
    expect(after[key]).toEqual(before[key])
  const { project, tags, model, mode, agent, custom, extra, title } = before.meta
  expect(after.meta).toMatchObject({ project, tags, model, mode, agent, custom, extra, title })
  expect(after.meta).toMatchObject({
    id: 'fork',
    createdAt: NOON + 50,
    forkedFrom: { conversation: before.meta.id, message: 'a2' },
    pinned: false,
    archived: false,
    deletedAt: null,
    source: null,
    imports: [],
  })
})

test('F2 up to a message: what belongs to later ones stays behind', () => {
  const target = newDoc(2)
  fork(everything(), target, { id: 'fork', at: NOON, upTo: 's', title: 'Again' })
  const { messages, artifacts, todos, meta } = readConversation(target)
  expect(ids(messages)).toEqual(['s'])
  expect(ids(artifacts)).toEqual([])
  expect(ids(todos)).toEqual(['d0'])
  expect(meta).toMatchObject({ title: 'Again', forkedFrom: { message: 's' } })
})

test('F3 the order is that of the source, whatever the clocks said', () => {
  const source = newConversation()
  say(source, 'a', 'a', { createdAt: 9 })
  say(source, 'x', 'x', { parent: 'a', createdAt: 5 })
  say(source, 'y', 'y', { parent: 'a', createdAt: 7 })
  say(source, 'x2', 'x2', { replaces: 'x', createdAt: 99 })
  const target = newDoc(2)
  fork(source, target, { id: 'fork', at: NOON })
  expect(ids(readConversation(target).messages)).toEqual(['a', 'x2', 'y'])
})

test('F4 a fork of a fork, and edits of either, leave the other alone', () => {
  const source = newConversation()
  say(source, 'a')
  addMessage(source, { id: 'b', role: 'assistant', createdAt: NOON, answers: 'a', status: 'streaming' })
  const target = newDoc(2)
  fork(source, target, { id: 'f1', at: NOON })
  expect(readConversation(target).messages[1]?.status).toBe('interrupted')
  expect(readConversation(source).messages[1]?.status).toBe('streaming')
  setTitle(target, { title: 'Fork', by: 'user' })
  const second = newDoc(3)
  fork(target, second, { id: 'f2', at: NOON })
  expect(readConversation(second).meta).toMatchObject({ title: 'Fork', forkedFrom: { conversation: 'f1' } })
  expect(readConversation(source).meta.title).toBe('')
})

test('F5 refused: onto a conversation, or up to what is not shown', () => {
  const source = newConversation()
  say(source, 'a')
  say(source, 'a2', 'a2', { replaces: 'a' })
  const code = (run: () => void): string => {
    try {
      run()
    } catch (error) {
      return (error as ConversationError).code
    }
    return ''
  }
  const empty = new Y.Doc()
  expect(code(() => fork(source, newConversation(), { id: 'f', at: NOON }))).toBe('ALREADY_EXISTS')
  expect(code(() => fork(source, empty, { id: 'f', at: NOON, upTo: 'a' }))).toBe('NOT_FOUND')
  expect(code(() => fork(source, empty, { id: '', at: NOON }))).toBe('BAD_ARGUMENT')
  expect(Y.encodeStateAsUpdate(empty)).toEqual(Y.encodeStateAsUpdate(new Y.Doc()))
})
