import { isStepCount, streamText } from 'ai'
import { describe, expect, test } from 'vitest'
import { writeAnswer } from '../src/answering/write-answer.ts'
import { createDemoModel } from '../src/demo/model.ts'
import { demoSteps } from '../src/demo/script.ts'
import { demoTools } from '../src/demo/tools.ts'
import { recordedWriter } from './recorded-writer.ts'

const wait = (_ms: number, signal: AbortSignal | undefined) =>
  signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve()

async function ask(text: string, signal = new AbortController().signal) {
  let ids = 0
  const { writer, lines } = recordedWriter()
  const result = streamText({
    model: createDemoModel({ wait, newId: () => `id${++ids}` }),
    tools: demoTools({ now: () => new Date('2026-03-04T05:06:00Z'), wait }),
    messages: [{ role: 'user', content: text }],
    stopWhen: isStepCount(5),
    abortSignal: signal,
    onError: () => undefined,
  })
  const finished = await writeAnswer({
    stream: result.stream,
    writer,
    signal,
    now: () => 0,
    explain: (error) => ({ code: 'DEMO', message: error instanceof Error ? error.message : String(error) }),
  })
  return { lines, finished }
}

describe('the demo model', () => {
  test('says what it is, streams, and finishes', async () => {
    const { lines, finished } = await ask('Hello there')
    expect(lines.join('\n')).toContain('demo model')
    expect(lines.join('\n')).toContain('Hello there')
    expect(finished).toMatchObject({ status: 'complete', finishReason: 'stop' })
  })

  test('reasons and calls a tool when asked about the weather, and answers from its result', async () => {
    const { lines, finished } = await ask('What is the weather in New York today?')
    const kinds = lines.map((line) => line.replace(/ id\d+/, '').split(/[: ]/)[0])
    expect(kinds).toEqual(['step', 'reasoning', 'call', 'input', 'input-available', 'output-available', 'step', 'text'])
    expect(lines.at(-1)).toContain('In **New York** it is')
    expect(finished.status).toBe('complete')
  })

  test('asks the clock for the time', async () => {
    const { lines } = await ask('What time is it?')
    expect(lines.at(-1)).toContain('2026')
  })

  test('fails on purpose, keeping what it had said', async () => {
    const { lines, finished } = await ask('Pretend to fail, please')
    expect(lines.at(-1)).toContain('I am going to stop')
    expect(finished).toMatchObject({ status: 'error', error: { code: 'DEMO' } })
  })

  test('every script says that it is a demo', () => {
    for (const text of ['hi', 'a long story', 'show markdown']) {
      const said = demoSteps({ text, messages: 1, results: [] })
        .map((step) => ('text' in step ? step.text : ''))
        .join('')
      expect(said).toMatch(/demo model/)
    }
  })
})
