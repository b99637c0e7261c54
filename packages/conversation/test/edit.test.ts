import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
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

const at = NOON + 100
const call = { message: 'a', callId: 'c' }

/** A conversation with one of everything that an edit can be about. */
function furnished(): Y.Doc {
  const doc = newConversation()
  say(doc, 'q')
  C.addMessage(doc, { id: 'a', role: 'assistant', createdAt: NOON, answers: 'q', status: 'streaming' })
  C.startToolCall(doc, 'a', { callId: 'c', name: 'run', input: {} })
  C.addSubagent(doc, call, { id: 's', name: 'helper' })
  C.addMessage(doc, { in: { ...call, subagent: 's' }, id: 'inner', role: 'user', createdAt: NOON })
  C.addTodo(doc, { id: 't1', text: 'one', createdAt: NOON })
  C.addTodo(doc, { id: 't2', text: 'two', createdAt: NOON })
  C.addArtifact(doc, { id: 'art', title: 'A', createdAt: NOON, text: 'abc' })
  C.addActivity(doc, { id: 'act', startedAt: NOON })
  C.addCheckpoint(doc, { id: 'cp', label: 'C', createdAt: NOON })
  return doc
}

/** Each edit, and what it must have made of the furnished conversation. */
const EDITS: readonly [
  string,
  (doc: Y.Doc, origin?: unknown) => unknown,
  (conversation: C.Conversation) => unknown,
  unknown,
][] = [
  [
    'setTitle',
    (d, o) => C.setTitle(d, { title: 'T', by: 'user' }, o),
    ({ meta }) => [meta.title, meta.titleBy],
    ['T', 'user'],
  ],
  ['setPinned', (d, o) => C.setPinned(d, true, o), ({ meta }) => meta.pinned, true],
  ['setStarred', (d, o) => C.setStarred(d, true, o), ({ meta }) => meta.starred, true],
  ['setArchived', (d, o) => C.setArchived(d, true, o), ({ meta }) => meta.archived, true],
  ['addTag', (d, o) => C.addTag(d, 'x', o), ({ meta }) => meta.tags, ['x']],
  ['moveToTrash', (d, o) => C.moveToTrash(d, { at }, o), ({ meta }) => meta.deletedAt, at],
  ['setModel', (d, o) => C.setModel(d, 'm', o), ({ meta }) => meta.model, 'm'],
  ['setMode', (d, o) => C.setMode(d, 'plan', o), ({ meta }) => meta.mode, 'plan'],
  ['setAgent', (d, o) => C.setAgent(d, 'coder', o), ({ meta }) => meta.agent, 'coder'],
  ['setSessionKey', (d, o) => C.setSessionKey(d, 'k', o), ({ meta }) => meta.sessionKey, 'k'],
  [
    'setProject',
    (d, o) => C.setProject(d, { name: 'p', remote: 'r' }, o),
    ({ meta }) => meta.project,
    { id: null, name: 'p', path: null, remote: 'r', branch: null },
  ],
  [
    'setError',
    (d, o) => C.setError(d, { code: 'E', message: 'm' }, o),
    ({ meta }) => meta.error,
    { code: 'E', message: 'm' },
  ],
  ['setCustom', (d, o) => C.setCustom(d, 'k', [1, { a: null }], o), ({ meta }) => meta.custom, { k: [1, { a: null }] }],
  [
    'addMessage',
    (d, o) => C.addMessage(d, { id: 'n', role: 'user', createdAt: at }, o),
    ({ messages }) => ids(messages),
    ['q', 'a', 'n'],
  ],
  [
    'appendPart',
    (d, o) => C.appendPart(d, 'q', { type: 'data-x', data: 1 }, o),
    ({ messages }) => messages[0]?.parts.length,
    2,
  ],
  [
    'editMessage',
    (d, o) => C.editMessage(d, { message: 'q', text: 'Q!', at }, o),
    ({ messages }) => [textOf(messages[0]), messages[0]?.editedAt],
    ['Q!', at],
  ],
  [
    'finishMessage',
    (d, o) => C.finishMessage(d, 'a', { completedAt: at, status: 'error', error: { code: 'E', message: 'm' } }, o),
    ({ messages }) => [messages[1]?.status, messages[1]?.completedAt, messages[1]?.error?.code],
    ['error', at, 'E'],
  ],
  [
    'deleteMessage',
    (d, o) => C.deleteMessage(d, { message: 'q', at }, o),
    ({ messages }) => messages[0]?.deletedAt,
    at,
  ],
  [
    'deleteMessage in a subagent',
    (d, o) => C.deleteMessage(d, { message: { in: { ...call, subagent: 's' }, id: 'inner' }, at }, o),
    ({ messages }) => JSON.stringify(messages).includes(`"deletedAt":${at}`),
    true,
  ],
  ['selectAlternative', (d, o) => C.selectAlternative(d, 'a', o), ({ selected }) => [...selected], [['answer:q', 'a']]],
  [
    'addReaction',
    (d, o) => C.addReaction(d, { message: 'q', author: 'u', reaction: ':)', at }, o),
    ({ messages }) => messages[0]?.reactions,
    [{ author: 'u', reaction: ':)', at }],
  ],
  [
    'setFeedback',
    (d, o) => C.setFeedback(d, { message: 'q', author: 'u', rating: 'down', comment: 'no', at }, o),
    ({ messages }) => messages[0]?.feedback,
    [{ author: 'u', rating: 'down', comment: 'no', at }],
  ],
  [
    'setMessageCheckpoint',
    (d, o) => C.setMessageCheckpoint(d, { message: 'q', checkpoint: 'cp' }, o),
    ({ messages }) => messages[0]?.checkpoint,
    'cp',
  ],
  [
    'setMessageCustom',
    (d, o) => C.setMessageCustom(d, { message: 'q', key: 'k', value: 1 }, o),
    ({ messages }) => messages[0]?.custom,
    { k: 1 },
  ],
  [
    'startToolCall',
    (d, o) => C.startToolCall(d, 'q', { callId: 'c2', name: 'n' }, o),
    ({ messages }) => messages[0]?.parts[1]?.type,
    'tool-call',
  ],
  [
    'updateToolCall',
    (d, o) => C.updateToolCall(d, call, { state: 'output-error', errorText: 'e', endedAt: at }, o),
    ({ messages }) => pickCall(messages)?.errorText,
    'e',
  ],
  [
    'requestApproval',
    (d, o) => C.requestApproval(d, { ...call, id: 'ap', at, reason: 'r' }, o),
    ({ messages }) => [pickCall(messages)?.state, pickCall(messages)?.approval],
    ['approval-requested', { id: 'ap', approved: null, reason: 'r', requestedAt: at, respondedAt: null }],
  ],
  [
    'addSubagent',
    (d, o) => C.addSubagent(d, call, { id: 's2', name: 'n' }, o),
    ({ messages }) => pickCall(messages)?.children.map(({ id, index }) => [id, index]),
    [
      ['s', 0],
      ['s2', 1],
    ],
  ],
  [
    'updateSubagent',
    (d, o) => C.updateSubagent(d, { ...call, subagent: 's' }, { state: 'complete', result: 1, endedAt: at }, o),
    ({ messages }) => pickCall(messages)?.children[0]?.result,
    1,
  ],
  [
    'addTodo',
    (d, o) => C.addTodo(d, { id: 't0', text: 'zero', createdAt: NOON, after: null }, o),
    ({ todos }) => ids(todos),
    ['t0', 't1', 't2'],
  ],
  [
    'updateTodo',
    (d, o) => C.updateTodo(d, { id: 't1', at }, { state: 'done', text: '1' }, o),
    ({ todos }) => [todos[0]?.state, todos[0]?.text, todos[0]?.updatedAt],
    ['done', '1', at],
  ],
  ['moveTodo', (d, o) => C.moveTodo(d, { id: 't1', after: 't2', at }, o), ({ todos }) => ids(todos), ['t2', 't1']],
  [
    'deleteTodo',
    (d, o) => C.deleteTodo(d, { id: 't1', at }, o),
    ({ todos, deleted }) => [ids(todos), ids(deleted.todos)],
    [['t2'], ['t1']],
  ],
  [
    'addArtifact',
    (d, o) => C.addArtifact(d, { id: 'art2', title: 'B', createdAt: NOON + 1 }, o),
    ({ artifacts }) => ids(artifacts),
    ['art', 'art2'],
  ],
  [
    'updateArtifact',
    (d, o) => C.updateArtifact(d, { id: 'art', at }, { text: 'aXc', language: 'ts' }, o),
    ({ artifacts }) => [artifacts[0]?.text, artifacts[0]?.language, artifacts[0]?.updatedAt],
    ['aXc', 'ts', at],
  ],
  [
    'appendArtifactText',
    (d, o) => C.appendArtifactText(d, { id: 'art', delta: 'd' }, o),
    ({ artifacts }) => artifacts[0]?.text,
    'abcd',
  ],
  [
    'deleteArtifact',
    (d, o) => C.deleteArtifact(d, { id: 'art', at }, o),
    ({ artifacts, deleted }) => [artifacts, ids(deleted.artifacts)],
    [[], ['art']],
  ],
  [
    'addActivity',
    (d, o) => C.addActivity(d, { id: 'act2', startedAt: NOON + 1 }, o),
    ({ activities }) => ids(activities),
    ['act', 'act2'],
  ],
  [
    'updateActivity',
    (d, o) => C.updateActivity(d, 'act', { state: 'complete', exitCode: 0, endedAt: at }, o),
    ({ activities }) => [activities[0]?.state, activities[0]?.exitCode],
    ['complete', 0],
  ],
  [
    'appendActivityOutput',
    (d, o) => C.appendActivityOutput(d, { id: 'act', delta: 'out' }, o),
    ({ activities }) => activities[0]?.output,
    'out',
  ],
  ['deleteActivity', (d, o) => C.deleteActivity(d, { id: 'act', at }, o), ({ activities }) => activities, []],
  [
    'addCheckpoint',
    (d, o) => C.addCheckpoint(d, { id: 'cp2', label: 'D', createdAt: NOON + 1 }, o),
    ({ checkpoints }) => ids(checkpoints),
    ['cp', 'cp2'],
  ],
  [
    'markCheckpointRestored',
    (d, o) => C.markCheckpointRestored(d, { id: 'cp', at }, o),
    ({ checkpoints }) => checkpoints[0]?.restoredAt,
    at,
  ],
  ['deleteCheckpoint', (d, o) => C.deleteCheckpoint(d, { id: 'cp', at }, o), ({ checkpoints }) => checkpoints, []],
]

function pickCall(messages: readonly C.Message[]): C.ToolCallPart | undefined {
  return messages.flatMap(({ parts }) => parts).find((part) => part.type === 'tool-call')
}
function updatesOf(doc: Y.Doc, run: () => void): unknown[] {
  const origins: unknown[] = []
  const note = (_: Uint8Array, origin: unknown): void => {
    origins.push(origin)
  }
  doc.on('update', note)
  run()
  doc.off('update', note)
  return origins
}
function errorOf(run: () => unknown): C.ConversationError {
  try {
    run()
  } catch (error) {
    if (error instanceof C.ConversationError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('E1 one edit is one transaction', () => {
  test.each(EDITS)('E1 %s', (_, edit, look, expected) => {
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

test('E3 nothing with identity is Y-deleted: after every edit each thing is where it was', () => {
  const things = (doc: Y.Doc): string[] =>
    ['messages', 'artifacts', 'todos', 'activities', 'checkpoints'].flatMap((name) => [...doc.getMap(name).keys()])
  for (const [name, edit] of EDITS) {
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
    expect(pickCall(C.readConversation(doc).messages)).toMatchObject({
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
    expect(pickCall(C.readConversation(left).messages)?.state).toBe('approval-responded')
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
    expect(pickCall(C.readConversation(doc).messages)?.title).toBeNull()
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
