import { seededRandom } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { type Conversation, encodeSummary, type Message, readConversation, summarize } from '../src/index.ts'
import { everyId, newConversation, say } from './support/documents.ts'
import { Ink, Window } from './support/random-edits.ts'

const SEEDS = 200
const STEPS = 120

test(`E9 any interleaving of edits on 3 replicas converges, shows every message once and loses no text (${SEEDS} seeds)`, () => {
  const made = new Set<string>()
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      run(seed, made)
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
  // All kinds of edits were made, or this test says less than its title.
  const window = new Window(1, Y.encodeStateAsUpdate(newConversation(9)), seededRandom(0), new Ink())
  expect([...made].sort()).toEqual([...window.kinds].sort())
})

function run(seed: number, made: Set<string>): void {
  const random = seededRandom(seed)
  const ink = new Ink()
  const origin = newConversation(9)
  say(origin, 'first', ink.token())
  const start = Y.encodeStateAsUpdate(origin)
  const windows = [11, 12, 13].map((client) => new Window(client, start, random, ink))
  const delivered = windows.map(() => new Set<Uint8Array>())
  for (let step = 0; step < STEPS; step++) {
    if (random.chance(0.6)) {
      const edit = random.pick(windows).edit()
      if (edit !== null) made.add(edit)
    } else deliverOne()
  }
  for (const writer of windows.flatMap(({ writers }) => writers)) writer.interrupt({ at: 1 })
  for (const [i, window] of windows.entries()) for (const update of shuffled(missing(i))) deliver(window, i, update)
  check(windows, ink)

  function missing(to: number): Uint8Array[] {
    return windows.flatMap((from, i) => (i === to ? [] : from.updates.filter((update) => !delivered[to]?.has(update))))
  }
  /** Any update, in any order; one in five arrives a second time. */
  function deliverOne(): void {
    const to = random.int(windows.length)
    const updates = random.chance(0.2) ? [...(delivered[to] ?? [])] : missing(to)
    if (updates.length > 0) deliver(windows[to] as Window, to, random.pick(updates))
  }
  function deliver(window: Window, to: number, update: Uint8Array): void {
    Y.applyUpdate(window.doc, update, 'network')
    delivered[to]?.add(update)
    if (random.chance(0.3)) window.reader.read()
  }
  function shuffled<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, key: random.next() }))
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item)
  }
}

function check(windows: readonly Window[], ink: Ink): void {
  const [first, ...others] = windows.map(({ reader }) => reader.read())
  if (first === undefined) throw new Error('no window')
  for (const other of others) expect(other).toEqual(first)
  for (const { doc, reader } of windows) {
    // What was read piece by piece is what is read at once.
    expect(reader.read()).toEqual(readConversation(doc))
    const all = everyId(reader.read())
    expect(all).toEqual([...doc.getMap('messages').keys()].sort())
    expect(encodeSummary(summarize(reader.read()))).toEqual(encodeSummary(summarize(first)))
  }
  const text = [...textsOf(first)].join('')
  for (const token of ink.written) expect(text.split(token).length - 1, `times of ${token}`).toBe(1)
}

function* textsOf(conversation: Conversation): Generator<string> {
  yield* textsOfMessages([...conversation.messages, ...conversation.hidden])
  for (const { text } of [...conversation.artifacts, ...conversation.deleted.artifacts]) yield text
  for (const { output } of [...conversation.activities, ...conversation.deleted.activities]) yield output
}

function* textsOfMessages(messages: readonly Message[]): Generator<string> {
  for (const part of messages.flatMap(({ parts }) => parts)) {
    if (part.type === 'text' || part.type === 'reasoning') yield part.text
    if (part.type !== 'tool-call') continue
    yield part.inputText ?? ''
    yield part.outputText ?? ''
    for (const child of part.children) yield* textsOfMessages([...child.messages, ...child.hidden])
  }
}
