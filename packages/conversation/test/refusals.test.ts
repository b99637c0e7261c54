import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import * as C from '../src/index.ts'
import { say } from './support/documents.ts'
import { at, call, errorOf, furnished } from './support/every-edit.ts'

describe('E2 a refused edit has a named error and changes nothing', () => {
  const any = (value: unknown): never => value as never
  const REFUSED: readonly [C.ConversationErrorCode, string, (doc: Y.Doc) => unknown][] = [
    ['ALREADY_EXISTS', 'conversation', (d) => C.initConversation(d, { id: 'x', createdAt: 1 })],
    ['BAD_ARGUMENT', 'conversation without id', () => C.initConversation(new Y.Doc(), any({ createdAt: 1 }))],
    ['BAD_ARGUMENT', 'title', (d) => C.setTitle(d, { title: any(7), by: 'user' })],
    ['BAD_ARGUMENT', 'title by', (d) => C.setTitle(d, { title: 'x', by: any('robot') })],
    ['BAD_ARGUMENT', 'pinned', (d) => C.setPinned(d, any('yes'))],
    ['BAD_ARGUMENT', 'empty tag', (d) => C.addTag(d, '')],
    ['BAD_ARGUMENT', 'time', (d) => C.moveToTrash(d, { at: Number.NaN })],
    ['BAD_ARGUMENT', 'project field', (d) => C.setProject(d, any({ colour: 'red' }))],
    ['BAD_ARGUMENT', 'bytes', (d) => C.setCustom(d, 'k', any(Uint8Array.of(1)))],
    ['BAD_ARGUMENT', 'big integer', (d) => C.setCustom(d, 'k', any(1n))],
    ['BAD_ARGUMENT', 'cycle', (d) => C.setCustom(d, 'k', any(cycle()))],
    ['BAD_ARGUMENT', 'message', (d) => C.addMessage(d, any(null))],
    ['BAD_ARGUMENT', 'id', (d) => say(d, '')],
    ['BAD_ARGUMENT', 'torn id', (d) => say(d, '\ud800')],
    ['BAD_ARGUMENT', 'role', (d) => C.addMessage(d, { id: 'x', role: any('robot'), createdAt: 1 })],
    ['BAD_ARGUMENT', 'created', (d) => C.addMessage(d, { id: 'x', role: 'user', createdAt: -1 })],
    ['BAD_ARGUMENT', 'field', (d) => say(d, 'x', 'x', any({ colour: 'red' }))],
    ['BAD_ARGUMENT', 'answers and replaces', (d) => say(d, 'x', 'x', { answers: 'q', replaces: 'q' })],
    ['BAD_ARGUMENT', 'extra that is known', (d) => say(d, 'x', 'x', { extra: { role: 'system' } })],
    [
      'BAD_ARGUMENT',
      'a bad part after a good one',
      (d) => say(d, 'x', 'x', { parts: [{ type: 'text', text: 'ok' }, any({ type: 'nonsense' })] }),
    ],
    [
      'BAD_ARGUMENT',
      'a bad message deep in a subagent',
      (d) => C.addSubagent(d, call, { id: 's2', name: 'n', messages: [any({ id: 'i', role: 'user' })] }),
    ],
    [
      'BAD_ARGUMENT',
      'duplicate message of a subagent',
      (d) =>
        C.addSubagent(d, call, {
          id: 's2',
          name: 'n',
          messages: [
            { id: 'i', role: 'user', createdAt: 1 },
            { id: 'i', role: 'user', createdAt: 1 },
          ],
        }),
    ],
    ['BAD_ARGUMENT', 'children of a text', (d) => C.appendPart(d, 'q', any({ type: 'text', text: '', children: [] }))],
    [
      'BAD_ARGUMENT',
      'hash',
      (d) => C.appendPart(d, 'q', { type: 'file', mediaType: 'a/b', blob: { sha256: 'short' } }),
    ],
    ['BAD_ARGUMENT', 'usage', (d) => C.finishMessage(d, 'a', { completedAt: 1, usage: { input: -1 } })],
    ['BAD_ARGUMENT', 'status', (d) => C.finishMessage(d, 'a', { completedAt: 1, status: any('streaming') })],
    ['BAD_ARGUMENT', 'patch', (d) => C.updateToolCall(d, call, any({ colour: 'red' }))],
    ['BAD_ARGUMENT', 'state', (d) => C.updateToolCall(d, call, { state: any('done') })],
    ['BAD_ARGUMENT', 'message reference', (d) => C.appendPart(d, any({ id: 'x' }), { type: 'step-start' })],
    ['BAD_ARGUMENT', 'endless reference', (d) => C.appendPart(d, endless(), { type: 'step-start' })],
    ['BAD_ARGUMENT', 'exit code', (d) => C.updateActivity(d, 'act', { exitCode: 1.5 })],
    ['NOT_FOUND', 'parent', (d) => say(d, 'x', 'x', { parent: 'nobody' })],
    ['NOT_FOUND', 'replaced', (d) => say(d, 'x', 'x', { replaces: 'nobody' })],
    ['NOT_FOUND', 'answered', (d) => say(d, 'x', 'x', { answers: 'nobody' })],
    ['NOT_FOUND', 'message', (d) => C.deleteMessage(d, { message: 'nobody', at })],
    ['NOT_FOUND', 'text part', (d) => C.editMessage(d, { message: 'q', text: 'x', at, part: 'nobody' })],
    ['NOT_FOUND', 'call', (d) => C.updateToolCall(d, { message: 'a', callId: 'x' }, {})],
    ['NOT_FOUND', 'subagent', (d) => C.updateSubagent(d, { ...call, subagent: 'x' }, {})],
    ['NOT_FOUND', 'alternative', (d) => C.selectAlternative(d, 'nobody')],
    ['NOT_FOUND', 'todo', (d) => C.moveTodo(d, { id: 't1', after: 'nobody', at })],
    ['NOT_FOUND', 'artifact', (d) => C.appendArtifactText(d, { id: 'x', delta: 'd' })],
    ['NOT_FOUND', 'activity', (d) => C.deleteActivity(d, { id: 'x', at })],
    ['NOT_FOUND', 'checkpoint', (d) => C.markCheckpointRestored(d, { id: 'x', at })],
    ['ALREADY_EXISTS', 'message', (d) => say(d, 'q')],
    ['ALREADY_EXISTS', 'call', (d) => C.startToolCall(d, 'a', { callId: 'c', name: 'x' })],
    ['ALREADY_EXISTS', 'subagent', (d) => C.addSubagent(d, call, { id: 's', name: 'x' })],
    ['ALREADY_EXISTS', 'todo', (d) => C.addTodo(d, { id: 't1', text: 'x', createdAt: 1 })],
    ['ALREADY_EXISTS', 'artifact', (d) => C.addArtifact(d, { id: 'art', title: 'x', createdAt: 1 })],
    ['WRONG_STATE', 'editing what streams', (d) => C.editMessage(d, { message: 'a', text: 'x', at })],
    ['WRONG_STATE', 'finishing twice', (d) => C.finishMessage(d, 'q', { completedAt: 1 })],
    ['WRONG_STATE', 'answering nobody', (d) => C.respondToApproval(d, { ...call, approved: true, at })],
  ]
  test.each(REFUSED)('E2 %s: %s', (code, _, edit) => {
    const doc = furnished()
    const before = Y.encodeStateAsUpdate(doc)
    expect(errorOf(() => edit(doc))).toMatchObject({ name: 'ConversationError', code })
    expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
  })
})

function cycle(): unknown {
  const loop: Record<string, unknown> = {}
  loop.loop = loop
  return loop
}
function endless(): C.MessageRef {
  const ref = { in: { message: 'a' as C.MessageRef, callId: 'c', subagent: 's' }, id: 'x' }
  ref.in.message = ref
  return ref
}
