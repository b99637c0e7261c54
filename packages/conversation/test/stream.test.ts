import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import {
  addActivity,
  addMessage,
  appendActivityOutput,
  type ConversationError,
  finishMessage,
  type Message,
  readConversation,
  resumeMessage,
  type StreamingWriter,
  streamingWriter,
} from '../src/index.ts'
import { copyOf, NOON, newConversation, newDoc, say, synchronise, textOf } from './support/documents.ts'

function streaming(clientId = 1): { doc: Y.Doc; writer: StreamingWriter; message: () => Message } {
  const doc = newConversation(clientId)
  say(doc, 'q')
  addMessage(doc, { id: 'a', role: 'assistant', createdAt: NOON, answers: 'q', status: 'streaming' })
  const message = (): Message => readConversation(doc).messages[1] as Message
  return { doc, writer: streamingWriter(doc, 'a'), message }
}
const code = (run: () => unknown): string | undefined => {
  try {
    run()
  } catch (error) {
    return (error as ConversationError).code
  }
  return undefined
}
const bytesOf = (doc: Y.Doc, run: () => void): number => {
  let bytes = 0
  const count = (update: Uint8Array): void => {
    bytes += update.length
  }
  doc.on('update', count)
  run()
  doc.off('update', count)
  return bytes
}

describe('S1 what streams is only appended', () => {
  const pieces = Array.from({ length: 4096 }, (_, i) => `${i % 1000}`.padStart(4, '·'))

  test.each([
    ['text', (writer: StreamingWriter, piece: string) => writer.text(piece)],
    ['reasoning', (writer: StreamingWriter, piece: string) => writer.reasoning(piece)],
    ['tool input', (writer: StreamingWriter, piece: string) => writer.toolInput('c', piece)],
    ['tool output', (writer: StreamingWriter, piece: string) => writer.toolOutput('c', piece)],
  ])('S1 16 KB of %s in pieces of 4 characters make at most 150 KB of updates', (_, write) => {
    const { doc, writer } = streaming(0xffff_fff0)
    writer.startToolCall({ callId: 'c', name: 'run' })
    const bytes = bytesOf(doc, () => {
      for (const piece of pieces) write(writer, piece)
    })
    expect(bytes).toBeLessThanOrEqual(150_000)
    const compacted = Y.encodeStateAsUpdate(newDoc(2, Y.encodeStateAsUpdate(doc))).length
    expect(compacted).toBeLessThanOrEqual(1.4 * new TextEncoder().encode(JSON.stringify(present(doc))).length)
  })

  test('S1 terminal output of an activity too', () => {
    const doc = newConversation(0xffff_fff0)
    addActivity(doc, { id: 'x', startedAt: NOON, command: 'make' })
    const bytes = bytesOf(doc, () => {
      for (const delta of pieces) appendActivityOutput(doc, { id: 'x', delta })
    })
    expect(bytes).toBeLessThanOrEqual(150_000)
    expect(readConversation(doc).activities[0]?.output).toBe(pieces.join(''))
  })
})

describe('S2 parts are made as they are needed', () => {
  test('S2 text and reasoning alternate; anything beside ends the part at hand', () => {
    const { writer, message } = streaming()
    writer.reasoning('think', { at: NOON })
    writer.reasoning('ing')
    writer.endPart({ at: NOON + 5, providerMetadata: { x: { signature: 's' } } })
    writer.text('Hel')
    writer.text('lo')
    writer.part({ type: 'step-start' })
    writer.text('again')
    writer.endPart()
    writer.text('new')
    expect(message().parts).toMatchObject([
      {
        type: 'reasoning',
        text: 'thinking',
        startedAt: NOON,
        endedAt: NOON + 5,
        providerMetadata: { x: { signature: 's' } },
      },
      { type: 'text', text: 'Hello' },
      { type: 'step-start' },
      { type: 'text', text: 'again' },
      { type: 'text', text: 'new' },
    ])
    expect(new Set(message().parts.map(({ id }) => id)).size).toBe(5)
  })

  test('S2 nothing is written for an empty delta', () => {
    const { doc, writer } = streaming()
    expect(bytesOf(doc, () => writer.text(''))).toBe(0)
  })

  test('S2 two windows that write one message each go on in their own part', () => {
    const { doc, writer, message } = streaming(1)
    writer.text('left ')
    const other = copyOf(doc, 2)
    const second = streamingWriter(other, 'a')
    second.text('right ')
    writer.text('left')
    synchronise(doc, other)
    second.text('right')
    synchronise(doc, other)
    expect(message().parts.map((part) => part.type === 'text' && part.text)).toEqual(['left left', 'right right'])
    expect(readConversation(other)).toEqual(readConversation(doc))
  })
})

describe('S3 half a surrogate pair waits for its other half', () => {
  test('S3 no replica ever sees another character', () => {
    const { doc, writer, message } = streaming()
    const remote = copyOf(doc, 2)
    doc.on('update', (update: Uint8Array) => Y.applyUpdate(remote, update))
    for (const unit of 'a🪢b🧵'.split('')) {
      writer.text(unit)
      expect(textOf(readConversation(remote).messages[1])).toBe(textOf(message()))
      expect(textOf(message()).isWellFormed()).toBe(true)
    }
    expect(textOf(message())).toBe('a🪢b🧵')
  })

  test('S3 one whose other half never comes is written as U+FFFD', () => {
    const { writer, message } = streaming()
    writer.text('a\ud83e')
    writer.finish({ completedAt: NOON })
    expect(textOf(message())).toBe('a\ufffd')
  })
})

describe('S4 tool calls', () => {
  test('S4 input and output that streamed whole are not stored a second time', () => {
    const { doc, writer, message } = streaming()
    const input = { text: 'x'.repeat(5000) }
    writer.startToolCall({ callId: 'c', name: 'write', startedAt: NOON })
    const json = JSON.stringify(input)
    writer.toolInput('c', json.slice(0, 100))
    expect(message().parts).toMatchObject([{ state: 'input-streaming', input: null, inputText: json.slice(0, 100) }])
    writer.toolInput('c', json.slice(100))
    writer.updateToolCall('c', { state: 'input-available', input })
    writer.toolOutput('c', 'y'.repeat(5000))
    expect(message().parts).toMatchObject([{ input, output: null, outputText: 'y'.repeat(5000) }])
    writer.updateToolCall('c', { state: 'output-available', output: 'y'.repeat(5000), endedAt: NOON + 1 })
    expect(message().parts).toMatchObject([{ state: 'output-available', input, output: 'y'.repeat(5000) }])
    expect(Y.encodeStateAsUpdate(doc).length).toBeLessThan(11_000)
  })

  test('S4 input that is another than what streamed is stored', () => {
    const { writer, message } = streaming()
    writer.startToolCall({ callId: 'c', name: 'write' })
    writer.toolInput('c', '{"a":1')
    writer.updateToolCall('c', { state: 'input-available', input: { a: 1 } })
    expect(message().parts).toMatchObject([{ input: { a: 1 }, inputText: '{"a":1' }])
  })

  test('S4 input that is no JSON is the text itself', () => {
    const { writer, message } = streaming()
    writer.startToolCall({ callId: 'c', name: 'shell' })
    writer.toolInput('c', 'ls -l')
    writer.updateToolCall('c', { state: 'input-available' })
    expect(message().parts).toMatchObject([{ input: 'ls -l' }])
  })

  test('S4 a subagent streams inside its tool call', () => {
    const { doc, writer, message } = streaming()
    writer.startToolCall({ callId: 'c', name: 'task', input: {} })
    writer.addSubagent('c', { id: 's', name: 'helper', prompt: 'help' })
    const place = { in: { message: 'a', callId: 'c', subagent: 's' } }
    addMessage(doc, { ...place, id: 'inner', role: 'assistant', createdAt: NOON, status: 'streaming' })
    const inner = writer.subagent('c', 's', 'inner')
    inner.text('working')
    inner.finish({ completedAt: NOON })
    writer.text('done')
    expect(message().parts).toMatchObject([
      { children: [{ name: 'helper', messages: [{ id: 'inner', status: 'complete', parts: [{ text: 'working' }] }] }] },
      { type: 'text', text: 'done' },
    ])
  })
})

describe('S5 the first end of a message stands', () => {
  test('S5 finishing says how it ended, and closes the writer', () => {
    const { writer, message } = streaming()
    writer.text('x')
    writer.finish({ completedAt: NOON + 7, finishReason: 'stop', usage: { output: 3 } })
    expect(message()).toMatchObject({
      status: 'complete',
      completedAt: NOON + 7,
      finishReason: 'stop',
      usage: { output: 3 },
    })
    expect(writer.open).toBe(false)
    expect(code(() => writer.text('y'))).toBe('WRONG_STATE')
    expect(code(() => writer.finish({ completedAt: NOON }))).toBe('WRONG_STATE')
  })

  test('S5 another window cancels: the writer hears of it, loses nothing, and does not undo it', () => {
    const { doc, writer, message } = streaming()
    const other = copyOf(doc, 2)
    finishMessage(other, 'a', { status: 'cancelled', completedAt: NOON + 1 })
    expect(writer.open).toBe(true)
    synchronise(doc, other)
    expect(writer.open).toBe(false)
    writer.text('already here')
    writer.finish({ completedAt: NOON + 9, usage: { output: 2 } })
    expect(message()).toMatchObject({ status: 'cancelled', completedAt: NOON + 1, usage: { output: 2 } })
    expect(textOf(message())).toBe('already here')
  })

  test('S5 one that was taken for interrupted and was not ends as its writer says', () => {
    const { doc, writer, message } = streaming()
    finishMessage(doc, 'a', { status: 'interrupted', completedAt: NOON + 1 })
    writer.finish({ completedAt: NOON + 9 })
    expect(message()).toMatchObject({ status: 'complete', completedAt: NOON + 9 })
  })

  test('S5 an interrupted message can be taken up again; others cannot be written to', () => {
    const { doc, writer, message } = streaming()
    writer.text('half')
    writer.interrupt({ at: NOON + 1 })
    expect(message()).toMatchObject({ status: 'interrupted', completedAt: NOON + 1 })
    expect(code(() => streamingWriter(doc, 'a'))).toBe('WRONG_STATE')
    resumeMessage(doc, 'a')
    const again = streamingWriter(doc, 'a')
    again.text(' whole')
    again.finish({ completedAt: NOON + 2 })
    expect(textOf(message())).toBe('half whole')
    expect(code(() => resumeMessage(doc, 'a'))).toBe('WRONG_STATE')
  })
})

/** The messages as their own JSON: what is absent is not written. */
function present(doc: Y.Doc): unknown {
  const { meta, messages } = readConversation(doc)
  return JSON.parse(
    JSON.stringify({ meta, messages }, (_, value: unknown) => (value === null || isEmpty(value) ? undefined : value)),
    // A tool call's text and what it parses to are there once.
    (key, value: unknown) => (key === 'input' || key === 'output' ? undefined : value),
  )
}
const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0
