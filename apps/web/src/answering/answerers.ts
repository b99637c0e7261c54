import type { LanguageModel, ModelMessage, ToolSet } from 'ai'
import { newId } from '../app/new-id.ts'
import type { Settings } from '../settings/settings.ts'
import { usesDemo } from '../settings/settings.ts'
import type { Answerer } from './engine.ts'
import { explainError } from './explain-error.ts'

/** The AI SDK is by far the largest thing in the page, so it is fetched when first needed or when the page is idle. */
export async function loadAi() {
  const [{ streamText, isStepCount }, { createOpenAICompatible }, { createDemoModel }, { demoTools }] =
    await Promise.all([
      import('./ai-sdk.ts'),
      import('@ai-sdk/openai-compatible'),
      import('../demo/model.ts'),
      import('../demo/tools.ts'),
    ])
  return { streamText, isStepCount, createOpenAICompatible, createDemoModel, demoTools }
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

const mostSteps = 5

async function stream(model: LanguageModel, tools: ToolSet, messages: readonly ModelMessage[], signal: AbortSignal) {
  const { streamText, isStepCount } = await loadAi()
  const result = streamText({
    model,
    messages: [...messages],
    tools,
    allowSystemInMessages: true,
    abortSignal: signal,
    maxRetries: 1,
    stopWhen: isStepCount(mostSteps),
    // Errors arrive in the stream too, and are written into the message from there.
    onError: () => undefined,
  })
  return result.stream
}

function demo(): Answerer {
  return {
    name: 'Demo model',
    provider: 'holdfast',
    explain: (error) => explainError(error, 'The demo model'),
    answer: async (messages, signal) => {
      const { createDemoModel, demoTools } = await loadAi()
      return stream(createDemoModel({ wait, newId }), demoTools({ now: () => new Date(), wait }), messages, signal)
    },
  }
}

function endpoint({ endpoint: baseURL, apiKey, model }: Settings): Answerer {
  return {
    name: model,
    provider: new URL(baseURL).host,
    explain: (error) => explainError(error, baseURL),
    answer: async (messages, signal) => {
      const { createOpenAICompatible } = await loadAi()
      const provider = createOpenAICompatible({
        name: 'endpoint',
        baseURL,
        includeUsage: true,
        ...(apiKey ? { apiKey } : {}),
      })
      return stream(provider(model), {}, messages, signal)
    },
  }
}

/** What the settings name, or the demo model. */
export function answererFor(settings: Settings): Answerer {
  return usesDemo(settings) || !URL.canParse(settings.endpoint) ? demo() : endpoint(settings)
}
