import * as conversation from '@holdfast/conversation'
import { expect, test } from 'vitest'
import { EDITS, NEEDS, OPERATIONS } from '../src/index.ts'

/** Exported by `conversation`, and no edit of one that is there. */
const OTHERS = new Set([
  'initConversation',
  'addMessage',
  'createReader',
  'readConversation',
  'lastShownId',
  'modelMessages',
  'answerSlot',
  'isWritable',
  'schemaVersion',
  'migrate',
  'fork',
  'genesis',
  'derivedId',
  'streamingWriter',
  'summarize',
  'blobsNamedIn',
  'encodeSummary',
  'decodeSummary',
])

test('every edit of conversation is in the table', () => {
  const edits = Object.entries(conversation)
    .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name) && !OTHERS.has(name))
    .map(([name]) => name)
  expect(edits.filter((name) => !Object.hasOwn(EDITS, name))).toEqual([])
})

test('what an edit needs is an edit', () => {
  expect([...Object.keys(NEEDS), ...Object.values(NEEDS)].filter((name) => !Object.hasOwn(EDITS, name))).toEqual([])
})

test('every operation can be drawn', () => {
  for (const [kind, { weight }] of Object.entries(OPERATIONS)) expect(weight, kind).toBeGreaterThan(0)
})
