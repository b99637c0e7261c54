import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { addMessage, createReader, streamingWriter } from '../src/index.ts'
import { NOON, newConversation, newDoc } from './support/documents.ts'

/** So many messages in one chain, the last one streaming. */
function chain(count: number): Y.Doc {
  const doc = newConversation()
  doc.transact(() => {
    for (let i = 0; i < count; i++) {
      addMessage(doc, {
        id: `message-${i}`,
        parent: i === 0 ? null : `message-${i - 1}`,
        role: i % 2 === 0 ? 'user' : 'assistant',
        createdAt: NOON + i,
        status: i === count - 1 ? 'streaming' : 'complete',
        parts: [{ type: 'text', text: `Message ${i} says something. `.repeat(8) }],
      })
    }
  })
  return newDoc(2, Y.encodeStateAsUpdate(doc))
}
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number
function took(run: () => void): number {
  const start = performance.now()
  run()
  return performance.now() - start
}

test('R7 reading 10,000 messages again after one appended token takes 1/100 of the first time or less', () => {
  const doc = chain(10_000)
  const reader = createReader(doc)
  const first = took(() => reader.read())
  const writer = streamingWriter(doc, 'message-9999')
  const again = Array.from({ length: 101 }, () => {
    writer.text('token ')
    return took(() => reader.read())
  })
  expect(reader.read().messages).toHaveLength(10_000)
  expect(median(again)).toBeLessThan(first / 100)
})
