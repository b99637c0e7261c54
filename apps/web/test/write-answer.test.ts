import { describe, expect, test } from 'vitest'
import type { AnswerStream } from '../src/answering/write-answer.ts'
import { writeAnswer } from '../src/answering/write-answer.ts'
import { recordedWriter } from './recorded-writer.ts'

const usage = {
  inputTokens: 3,
  outputTokens: 5,
  totalTokens: 8,
  inputTokenDetails: { noCacheTokens: 1, cacheReadTokens: 2, cacheWriteTokens: undefined },
  outputTokenDetails: { textTokens: 5, reasoningTokens: undefined },
}
const finish = { type: 'finish', finishReason: 'stop', rawFinishReason: 'stop', totalUsage: usage }

async function* streamOf(...parts: readonly (Record<string, unknown> | Error)[]) {
  for (const part of parts) {
    if (part instanceof Error) throw part
    yield part
  }
}

function write(stream: AsyncIterable<unknown>, signal = new AbortController().signal) {
  const { writer, lines } = recordedWriter()
  const ending = writeAnswer({
    stream: stream as AnswerStream,
    writer,
    signal,
    now: () => 42,
    explain: (error) => ({ code: 'X', message: String(error) }),
  })
  return ending.then((finished) => ({ lines, finished }))
}

describe('writeAnswer', () => {
  test('writes text, reasoning and a tool call in their order, and how it ended', async () => {
    const { lines, finished } = await write(
      streamOf(
        { type: 'start' },
        { type: 'start-step' },
        { type: 'reasoning-delta', id: 'r', text: 'hm' },
        { type: 'reasoning-delta', id: 'r', text: 'm' },
        { type: 'tool-input-start', id: 'c', toolName: 'weather' },
        { type: 'tool-input-delta', id: 'c', delta: '{"city":"Oslo"}' },
        { type: 'tool-call', toolCallId: 'c', toolName: 'weather', input: { city: 'Oslo' } },
        { type: 'tool-result', toolCallId: 'c', toolName: 'weather', output: { sky: 'clear' } },
        { type: 'text-delta', id: 't', text: 'Cl' },
        { type: 'text-delta', id: 't', text: 'ear' },
        finish,
      ),
    )
    expect(lines).toEqual([
      'step',
      'reasoning: hmm',
      'call c weather',
      'input c: {"city":"Oslo"}',
      'input-available c {"city":"Oslo"}',
      'output-available c {"sky":"clear"}',
      'text: Clear',
    ])
    expect(finished).toEqual({
      status: 'complete',
      completedAt: 42,
      finishReason: 'stop',
      usage: { input: 3, output: 5, cacheRead: 2 },
    })
  })

  test('a tool that was never announced still gets its card, and its error is kept', async () => {
    const { lines } = await write(
      streamOf({ type: 'tool-error', toolCallId: 'c', toolName: 'x', input: { a: 1 }, error: new Error('no') }, finish),
    )
    expect(lines).toEqual(['call c x', 'output-error c "no"'])
  })

  test('an error in the stream and an error of the stream end it as an error, with what had arrived', async () => {
    const inside = await write(
      streamOf({ type: 'text-delta', id: 't', text: 'half' }, { type: 'error', error: 'bad' }, finish),
    )
    const outside = await write(streamOf({ type: 'text-delta', id: 't', text: 'half' }, new Error('cut')))
    for (const { lines, finished } of [inside, outside]) {
      expect(lines).toEqual(['text: half'])
      expect(finished).toMatchObject({ status: 'error', error: { code: 'X' } })
    }
  })

  test('a stream that just ends is interrupted', async () => {
    const { finished } = await write(streamOf({ type: 'text-delta', id: 't', text: 'half' }))
    expect(finished).toEqual({ status: 'interrupted', completedAt: 42 })
  })

  test('stopping is not an error', async () => {
    const controller = new AbortController()
    async function* stopped() {
      yield { type: 'text-delta', id: 't', text: 'half' }
      controller.abort()
      throw controller.signal.reason
    }
    const { lines, finished } = await write(stopped(), controller.signal)
    expect(lines).toEqual(['text: half'])
    expect(finished).toEqual({ status: 'cancelled', completedAt: 42 })
  })
})
