import type * as Y from 'yjs'
import * as C from '../../src/index.ts'
import { ids, NOON, newConversation, say, textOf } from './documents.ts'

export const at = NOON + 100
export const call = { message: 'a', callId: 'c' }

/** A conversation with one of everything that an edit can be about. */
export function furnished(): Y.Doc {
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
export const EVERY_EDIT: readonly [
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
    ({ messages }) => callIn(messages)?.errorText,
    'e',
  ],
  [
    'requestApproval',
    (d, o) => C.requestApproval(d, { ...call, id: 'ap', at, reason: 'r' }, o),
    ({ messages }) => [callIn(messages)?.state, callIn(messages)?.approval],
    ['approval-requested', { id: 'ap', approved: null, reason: 'r', requestedAt: at, respondedAt: null }],
  ],
  [
    'addSubagent',
    (d, o) => C.addSubagent(d, call, { id: 's2', name: 'n' }, o),
    ({ messages }) => callIn(messages)?.children.map(({ id, index }) => [id, index]),
    [
      ['s', 0],
      ['s2', 1],
    ],
  ],
  [
    'updateSubagent',
    (d, o) => C.updateSubagent(d, { ...call, subagent: 's' }, { state: 'complete', result: 1, endedAt: at }, o),
    ({ messages }) => callIn(messages)?.children[0]?.result,
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

export function callIn(messages: readonly C.Message[]): C.ToolCallPart | undefined {
  return messages.flatMap(({ parts }) => parts).find((part) => part.type === 'tool-call')
}
export function updatesOf(doc: Y.Doc, run: () => void): unknown[] {
  const origins: unknown[] = []
  const note = (_: Uint8Array, origin: unknown): void => {
    origins.push(origin)
  }
  doc.on('update', note)
  run()
  doc.off('update', note)
  return origins
}
export function errorOf(run: () => unknown): C.ConversationError {
  try {
    run()
  } catch (error) {
    if (error instanceof C.ConversationError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
