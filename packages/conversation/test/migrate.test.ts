import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import {
  addTag,
  type ConversationError,
  isWritable,
  migrate,
  readConversation,
  SCHEMA_VERSION,
  schemaVersion,
  setPinned,
  streamingWriter,
} from '../src/index.ts'
import { type Migration, runMigrations } from '../src/migrate.ts'
import { everything, newConversation, newDoc, say, synchronise } from './support/documents.ts'

const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8')
/** A conversation with everything in it, as version 1 stored it. Never made anew: it stands for what people have on disk. */
const stored = (clientId: number): Y.Doc =>
  newDoc(clientId, Uint8Array.from(Buffer.from(fixture('v1.base64'), 'base64')))

/** What a second version might do: a mode that was one word becomes a record. */
const TO_2: Migration = {
  to: 2,
  migrate: (doc) => {
    const meta = doc.getMap('meta')
    const mode = meta.get('mode')
    if (typeof mode === 'string') meta.set('modes', { main: mode })
  },
}
const TO_3: Migration = { to: 3, migrate: (doc) => doc.getMap('meta').set('third', true) }

test('M1 what version 1 stored reads as it did then', () => {
  const doc = stored(2)
  migrate(doc)
  expect(schemaVersion(doc)).toBe(SCHEMA_VERSION)
  expect(JSON.parse(JSON.stringify(readConversation(doc)))).toEqual(JSON.parse(fixture('v1.json')))
})

test('M1 what is written today reads as what was stored then', () => {
  expect(JSON.parse(JSON.stringify(readConversation(everything(1))))).toEqual(JSON.parse(fixture('v1.json')))
})

test('M2 migrations run in order, in one transaction, and only forward', () => {
  const doc = stored(2)
  let updates = 0
  doc.on('update', () => updates++)
  expect(runMigrations(doc, [TO_3, TO_2], 3)).toEqual({ from: 1, to: 3 })
  expect(updates).toBe(1)
  expect(doc.getMap('meta').toJSON()).toMatchObject({ schema: 3, modes: { main: 'plan' }, third: true })
  expect(runMigrations(doc, [TO_3, TO_2], 3)).toEqual({ from: 3, to: 3 })
  expect(runMigrations(doc, [TO_2], 2)).toEqual({ from: 3, to: 3 })
  expect(updates).toBe(1)
})

test('M3 two replicas that migrate at once, one after an edit of an older client, converge and lose nothing', () => {
  const [left, right] = [stored(2), stored(3)]
  addTag(right, 'from an older client')
  for (const doc of [left, right]) runMigrations(doc, [TO_2], 2)
  synchronise(left, right)
  expect(readConversation(left)).toEqual(readConversation(right))
  expect(readConversation(left).meta).toMatchObject({ schema: 2, mode: 'plan', extra: { modes: { main: 'plan' } } })
  expect(readConversation(left).meta.tags).toContain('from an older client')
})

test('M4 a newer version is read and not written', () => {
  const doc = newConversation()
  say(doc, 'q')
  say(doc, 'a', 'a', { status: 'streaming' })
  const writer = streamingWriter(doc, 'a')
  doc.getMap('meta').set('schema', SCHEMA_VERSION + 1)
  doc.getMap('meta').set('invention', { of: 'tomorrow' })
  expect(isWritable(doc)).toBe(false)
  expect(readConversation(doc)).toMatchObject({
    writable: false,
    meta: { schema: 2, extra: { invention: { of: 'tomorrow' } } },
  })
  const before = Y.encodeStateAsUpdate(doc)
  const edits = [
    () => setPinned(doc, true),
    () => say(doc, 'x'),
    () => writer.text('x'),
    () => writer.finish({ completedAt: 1 }),
  ]
  for (const edit of edits) {
    try {
      edit()
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({
        name: 'ConversationError',
        code: 'NEWER_SCHEMA',
      } satisfies Partial<ConversationError>)
    }
  }
  expect(migrate(doc)).toEqual({ from: 2, to: 2 })
  expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
})

test('M5 a version that is nonsense is taken for the first', () => {
  for (const nonsense of ['2', -1, 1.5, null, { a: 1 }, Number.NaN]) {
    const doc = newConversation()
    doc.getMap('meta').set('schema', nonsense)
    expect(schemaVersion(doc)).toBe(1)
    expect(isWritable(doc)).toBe(true)
    expect(() => readConversation(doc)).not.toThrow()
  }
})
