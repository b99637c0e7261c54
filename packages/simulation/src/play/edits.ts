import * as C from '@holdfast/conversation'
import type { Hand } from './hand.ts'

/**
 * Every edit of `conversation`, as somebody might make it in a conversation that is already there. What streams is written through
 * the store (`operations.ts`). False when there was nothing to do it to.
 */
export const EDITS: Readonly<Record<string, (hand: Hand) => unknown>> = {
  say: (h) =>
    C.addMessage(h.doc, {
      id: h.id(),
      role: 'user',
      createdAt: h.at(),
      parts: [{ type: 'text', text: h.token() }],
    }),
  answer: (h) =>
    h.on(
      h.messages.filter(({ role }) => role === 'user'),
      ({ id }) =>
        C.addMessage(h.doc, {
          id: h.id(),
          role: 'assistant',
          createdAt: h.at(),
          answers: id,
          parts: [{ type: 'text', text: h.token() }],
        }),
    ),
  retry: (h) =>
    h.on(h.messages, ({ id }) =>
      C.addMessage(h.doc, {
        id: h.id(),
        role: 'assistant',
        createdAt: h.at(),
        replaces: id,
        parts: [{ type: 'text', text: h.token() }],
      }),
    ),
  selectAlternative: (h) => h.on(h.messages, ({ id }) => C.selectAlternative(h.doc, id)),
  editMessage: (h) =>
    h.on(
      h.messages.filter(({ parts, status }) => status === 'complete' && parts.some(({ type }) => type === 'text')),
      ({ id, parts }) => {
        const text = parts.find((part) => part.type === 'text')?.text ?? ''
        C.editMessage(h.doc, { message: id, text: text + h.token(), at: h.at() })
      },
    ),
  deleteMessage: (h) => h.on(h.messages, ({ id }) => C.deleteMessage(h.doc, { message: id, at: h.at() })),
  restoreMessage: (h) => h.on(h.messages, ({ id }) => C.restoreMessage(h.doc, { message: id })),
  addReaction: (h) =>
    h.on(h.messages, ({ id }) => C.addReaction(h.doc, { message: id, author: 'me', reaction: ':)', at: h.at() })),
  removeReaction: (h) =>
    h.on(h.messages, ({ id }) => C.removeReaction(h.doc, { message: id, author: 'me', reaction: ':)' })),
  setFeedback: (h) =>
    h.on(h.messages, ({ id }) =>
      C.setFeedback(h.doc, { message: id, author: 'me', rating: h.random.pick(['up', 'down', null]), at: h.at() }),
    ),
  setMessageCheckpoint: (h) =>
    h.on(h.messages, ({ id }) => C.setMessageCheckpoint(h.doc, { message: id, checkpoint: h.id() })),
  setMessageCustom: (h) =>
    h.on(h.messages, ({ id }) => C.setMessageCustom(h.doc, { message: id, key: 'k', value: { n: h.id() } })),
  appendPart: (h) =>
    h.on(h.messages, ({ id }) =>
      C.appendPart(
        h.doc,
        id,
        h.random.pick<C.PartInput>([
          { type: 'data-x', data: [h.token()] },
          { type: 'step-start' },
          { type: 'unknown', value: { type: 'odd', n: h.token() } },
          { type: 'file', mediaType: 'a/b', url: `https://x/${h.token()}` },
        ]),
      ),
    ),
  startToolCall: (h) =>
    h.on(h.messages, ({ id }) => C.startToolCall(h.doc, id, { callId: h.id(), name: 'tool', input: h.token() })),
  updateToolCall: (h) =>
    h.on(h.calls, ({ message, callId }) =>
      C.updateToolCall(
        h.doc,
        { message, callId },
        { state: h.random.pick(['input-available', 'output-available', 'output-error']), output: { n: h.id() } },
      ),
    ),
  requestApproval: (h) =>
    h.on(
      h.calls.filter(({ state }) => state === 'input-available'),
      ({ message, callId }) => C.requestApproval(h.doc, { message, callId, id: h.id(), at: h.at() }),
    ),
  respondToApproval: (h) =>
    h.on(
      h.calls.filter(({ state }) => state === 'approval-requested'),
      ({ message, callId }) =>
        C.respondToApproval(h.doc, { message, callId, approved: h.random.chance(0.5), at: h.at() }),
    ),
  addSubagent: (h) =>
    h.on(h.calls, ({ message, callId }) =>
      C.addSubagent(h.doc, { message, callId }, { id: h.id(), name: 'helper', prompt: h.token() }),
    ),
  updateSubagent: (h) =>
    h.on(h.subagents, (ref) => C.updateSubagent(h.doc, ref, { state: 'complete', result: h.id() })),
  subagentSays: (h) =>
    h.on(h.subagents, (ref) =>
      C.addMessage(h.doc, {
        in: ref,
        id: h.id(),
        role: 'assistant',
        createdAt: h.at(),
        parts: [{ type: 'text', text: h.token() }],
      }),
    ),
  finishMessage: (h) =>
    h.on(
      h.messages.filter(({ status }) => status === 'streaming'),
      ({ id }) => C.finishMessage(h.doc, id, { status: 'cancelled', completedAt: h.at() }),
    ),
  resumeMessage: (h) =>
    h.on(
      h.messages.filter(({ status }) => status === 'interrupted'),
      ({ id }) => {
        C.resumeMessage(h.doc, id)
        C.finishMessage(h.doc, id, { status: 'complete', completedAt: h.at() })
      },
    ),
  setTitle: (h) => C.setTitle(h.doc, { title: h.id(), by: h.random.pick(['user', 'automatic']) }),
  setPinned: (h) => C.setPinned(h.doc, h.random.chance(0.5)),
  setStarred: (h) => C.setStarred(h.doc, h.random.chance(0.5)),
  setArchived: (h) => C.setArchived(h.doc, h.random.chance(0.5)),
  addTag: (h) => C.addTag(h.doc, h.random.pick(['a', 'b', 'c'])),
  removeTag: (h) => C.removeTag(h.doc, h.random.pick(['a', 'b', 'c'])),
  moveToTrash: (h) => C.moveToTrash(h.doc, { at: h.at() }),
  restoreFromTrash: (h) => C.restoreFromTrash(h.doc),
  setModel: (h) => C.setModel(h.doc, h.id()),
  setMode: (h) => C.setMode(h.doc, h.random.pick(['ask', null])),
  setAgent: (h) => C.setAgent(h.doc, h.id()),
  setSessionKey: (h) => C.setSessionKey(h.doc, h.id()),
  setProject: (h) => C.setProject(h.doc, { name: h.id() }),
  setError: (h) => C.setError(h.doc, h.random.pick([null, { code: 'E', message: h.id() }])),
  setCustom: (h) => C.setCustom(h.doc, 'k', h.id()),
  addTodo: (h) =>
    C.addTodo(h.doc, {
      id: h.id(),
      text: h.token(),
      createdAt: h.at(),
      after: h.random.pick([null, ...h.shown.todos.map(({ id }) => id)]),
    }),
  moveTodo: (h) =>
    h.on(h.shown.todos, ({ id }) =>
      C.moveTodo(h.doc, { id, after: h.random.pick([null, ...h.shown.todos.map((todo) => todo.id)]), at: h.at() }),
    ),
  updateTodo: (h) => h.on(h.shown.todos, ({ id }) => C.updateTodo(h.doc, { id, at: h.at() }, { state: 'done' })),
  deleteTodo: (h) => h.on(h.shown.todos, ({ id }) => C.deleteTodo(h.doc, { id, at: h.at() })),
  restoreTodo: (h) => h.on(h.shown.deleted.todos, ({ id }) => C.restoreTodo(h.doc, id)),
  addArtifact: (h) => C.addArtifact(h.doc, { id: h.id(), title: 'a', createdAt: h.at(), text: h.token() }),
  appendArtifactText: (h) => h.on(h.shown.artifacts, ({ id }) => C.appendArtifactText(h.doc, { id, delta: h.token() })),
  updateArtifact: (h) =>
    h.on(h.shown.artifacts, ({ id, text }) =>
      C.updateArtifact(h.doc, { id, at: h.at() }, { text: h.token() + text, title: h.id() }),
    ),
  deleteArtifact: (h) => h.on(h.shown.artifacts, ({ id }) => C.deleteArtifact(h.doc, { id, at: h.at() })),
  restoreArtifact: (h) => h.on(h.shown.deleted.artifacts, ({ id }) => C.restoreArtifact(h.doc, id)),
  addActivity: (h) => C.addActivity(h.doc, { id: h.id(), startedAt: h.at(), output: h.token() }),
  appendActivityOutput: (h) =>
    h.on(h.shown.activities, ({ id }) => C.appendActivityOutput(h.doc, { id, delta: h.token() })),
  updateActivity: (h) =>
    h.on(h.shown.activities, ({ id }) => C.updateActivity(h.doc, id, { state: 'complete', exitCode: 1, endedAt: 5 })),
  deleteActivity: (h) => h.on(h.shown.activities, ({ id }) => C.deleteActivity(h.doc, { id, at: h.at() })),
  restoreActivity: (h) => h.on(h.shown.deleted.activities, ({ id }) => C.restoreActivity(h.doc, id)),
  addCheckpoint: (h) => C.addCheckpoint(h.doc, { id: h.id(), label: 'c', createdAt: h.at() }),
  markCheckpointRestored: (h) =>
    h.on(h.shown.checkpoints, ({ id }) => C.markCheckpointRestored(h.doc, { id, at: h.at() })),
  deleteCheckpoint: (h) => h.on(h.shown.checkpoints, ({ id }) => C.deleteCheckpoint(h.doc, { id, at: h.at() })),
  restoreCheckpoint: (h) => h.on(h.shown.deleted.checkpoints, ({ id }) => C.restoreCheckpoint(h.doc, id)),
}

/** What people do most: the rest is there so that nothing is never done. */
export const COMMON: readonly string[] = ['say', 'say', 'say', 'answer', 'answer', 'editMessage', 'setTitle']

/** What has to be there before an edit can be made, as the edit that makes it. */
export const NEEDS: Readonly<Record<string, string>> = {
  answer: 'say',
  retry: 'say',
  selectAlternative: 'retry',
  editMessage: 'say',
  restoreMessage: 'deleteMessage',
  removeReaction: 'addReaction',
  startToolCall: 'say',
  updateToolCall: 'startToolCall',
  requestApproval: 'updateToolCall',
  respondToApproval: 'requestApproval',
  addSubagent: 'startToolCall',
  updateSubagent: 'addSubagent',
  subagentSays: 'addSubagent',
  moveTodo: 'addTodo',
  updateTodo: 'addTodo',
  deleteTodo: 'addTodo',
  restoreTodo: 'deleteTodo',
  appendArtifactText: 'addArtifact',
  updateArtifact: 'addArtifact',
  deleteArtifact: 'addArtifact',
  restoreArtifact: 'deleteArtifact',
  appendActivityOutput: 'addActivity',
  updateActivity: 'addActivity',
  deleteActivity: 'addActivity',
  restoreActivity: 'deleteActivity',
  markCheckpointRestored: 'addCheckpoint',
  deleteCheckpoint: 'addCheckpoint',
  restoreCheckpoint: 'deleteCheckpoint',
}
