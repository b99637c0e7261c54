import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider'
import type { DemoQuestion } from './script.ts'
import { demoSteps } from './script.ts'

export interface DemoModelOptions {
  /** Resolves after `ms`; rejects with the signal's reason when it aborts. Tests hand in one that does not wait. */
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>
  /** Identifies one tool call. */
  readonly newId: () => string
}

const betweenWords = 28

/** Reads the question, and what tools have answered since, out of a prompt. */
export function readQuestion(prompt: LanguageModelV4Prompt): DemoQuestion {
  let asked = -1
  for (const [index, message] of prompt.entries()) if (message.role === 'user') asked = index
  const user = prompt[asked]
  const text =
    user?.role === 'user' ? user.content.map((part) => (part.type === 'text' ? part.text : '')).join(' ') : ''
  const results = prompt
    .slice(asked + 1)
    .flatMap((message) =>
      message.role !== 'tool'
        ? []
        : message.content.flatMap((part) =>
            part.type === 'tool-result'
              ? [{ tool: part.toolName, output: 'value' in part.output ? part.output.value : undefined }]
              : [],
          ),
    )
  return { text: text.trim(), messages: asked + 1, results }
}

function usage(input: string, output: number): LanguageModelV4Usage {
  const words = input.split(/\s+/).length
  return {
    inputTokens: { total: words, noCache: words, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: output, text: output, reasoning: undefined },
  }
}

async function* speak(
  options: LanguageModelV4CallOptions,
  { wait, newId }: DemoModelOptions,
): AsyncGenerator<LanguageModelV4StreamPart> {
  const question = readQuestion(options.prompt)
  const signal = options.abortSignal
  let words = 0
  let called = false
  yield { type: 'stream-start', warnings: [] }
  for (const step of demoSteps(question)) {
    const id = newId()
    if (step.kind === 'fail') throw new Error(step.message)
    if (step.kind === 'tool') {
      called = true
      const input = JSON.stringify(step.input)
      yield { type: 'tool-input-start', id, toolName: step.name }
      for (const delta of input.match(/.{1,6}/gs) ?? []) {
        await wait(betweenWords, signal)
        yield { type: 'tool-input-delta', id, delta }
      }
      yield { type: 'tool-input-end', id }
      yield { type: 'tool-call', toolCallId: id, toolName: step.name, input }
      continue
    }
    yield { type: `${step.kind}-start`, id }
    for (const delta of step.text.match(/\s*\S+\s*/g) ?? []) {
      await wait(betweenWords, signal)
      words += 1
      yield { type: `${step.kind}-delta`, id, delta }
    }
    yield { type: `${step.kind}-end`, id }
  }
  const unified = called ? 'tool-calls' : 'stop'
  yield { type: 'finish', usage: usage(question.text, words), finishReason: { unified, raw: unified } }
}

/** `ReadableStream.from`, which not every browser has. */
function streamFrom<T>(source: AsyncGenerator<T>): ReadableStream<T> {
  return new ReadableStream<T>({
    async pull(controller) {
      const { done, value } = await source.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await source.return(undefined)
    },
  })
}

/** A language model of the AI SDK that runs a script on the device: no network, no key, and it says what it is. */
export function createDemoModel(options: DemoModelOptions): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: 'holdfast',
    modelId: 'demo',
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error('the demo model only streams')),
    doStream: async (call) => ({ stream: streamFrom(speak(call, options)) }),
  }
}
