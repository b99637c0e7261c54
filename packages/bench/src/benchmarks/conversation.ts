import { addMessage, createReader, streamingWriter } from '@holdfast/conversation'
import * as Y from 'yjs'
import { alternate } from '../alternate.ts'
import type { Benchmark } from '../benchmark.ts'
import { makeConversation } from '../corpus/conversations.ts'
import { median } from '../statistics.ts'

const MESSAGES = 10_000
const TOKENS = 100
const AT = Date.UTC(2026, 0, 1)

function timed<T>(run: () => T): { ms: number; value: T } {
  const start = performance.now()
  const value = run()
  return { ms: performance.now() - start, value }
}

/** Opens the document anew, reads it all, then reads it again after each token of a streaming answer. */
function ours(state: Uint8Array) {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, state)
  const { ms: first, value: reader } = timed(() => {
    const made = createReader(doc)
    made.read()
    return made
  })
  const parent = reader.read().messages.at(-1)!.id
  addMessage(doc, { id: 'answer', role: 'assistant', parent, status: 'streaming', createdAt: AT + 1 })
  const writer = streamingWriter(doc, 'answer')
  writer.text('first ')
  const before = reader.read().messages
  const reads: number[] = []
  const withEdit: number[] = []
  for (let i = 0; i < TOKENS; i++) {
    const start = performance.now()
    writer.text(`token ${i} `)
    const edited = performance.now()
    const { messages } = reader.read()
    const end = performance.now()
    if (messages[0] !== before[0] || messages.length !== MESSAGES + 1)
      throw new Error('the second read is not the first one, changed')
    reads.push(end - edited)
    withEdit.push(end - start)
  }
  reader.destroy()
  doc.destroy()
  const again = median(reads)
  return { first, again, withEdit: median(withEdit), share: again / first, shareWithEdit: median(withEdit) / first }
}

/** What Yjs itself offers: everything as plain objects, and everything again after a change. */
function plainYjs(state: Uint8Array) {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, state)
  const { ms: first } = timed(() => doc.getMap('messages').toJSON())
  const { ms: again } = timed(() => doc.getMap('messages').toJSON())
  doc.destroy()
  return { first, again }
}

export const conversation: Benchmark = {
  name: 'conversation',
  title: 'Reading 10,000 messages once, and again after one token',
  about:
    'A reader is made over a document and read to the last message, then read after each of 100 tokens appended to a streaming answer (the median of the 100 is one run). Reference: `toJSON()` of the same document, which reads everything each time.',
  usesBrowser: false,
  async run(bench) {
    const { say } = bench
    say(`making a conversation of ${MESSAGES} messages`)
    const made = makeConversation({ number: 1, messages: MESSAGES, at: AT })
    const state = Y.encodeStateAsUpdate(made.doc)
    made.doc.destroy()
    const measured = await alternate(bench, { ours: () => ours(state), yjs: () => plainYjs(state) })
    return {
      figures: [
        { what: 'first read', values: measured.ours('first'), unit: 'ms', beside: 'toJSON(), first' },
        { what: 'read after one token', values: measured.ours('again'), unit: 'ms', beside: 'toJSON(), again' },
        { what: 'second read / first read', values: measured.ours('share'), unit: '×', target: 0.01 },
        { what: 'token written and read', values: measured.ours('withEdit'), unit: 'ms' },
        { what: 'token written and read / first read', values: measured.ours('shareWithEdit'), unit: '×' },
        { what: 'toJSON(), first', values: measured.yjs('first'), unit: 'ms' },
        { what: 'toJSON(), again', values: measured.yjs('again'), unit: 'ms' },
      ],
      notes: [`The document is ${(state.length / 1e6).toFixed(1)} MB as one update.`],
    }
  },
}
