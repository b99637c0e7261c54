import type { Conversation } from '@holdfast/conversation'
import type { LanguageModel, ToolSet } from 'ai'
import { newId } from '../app/new-id.ts'
import type { Settings } from '../settings/settings.ts'
import { usesDemo } from '../settings/settings.ts'
import type { Answerer } from './engine.ts'
import { explainError } from './explain-error.ts'
import type { FileData } from './prompt.ts'

/** The AI SDK is by far the largest thing in the page, so it is fetched when first needed or when the page is idle. */
export async function loadAi() {
  const [{ streamText, isStepCount }, { promptOf }, { createOpenAICompatible }, { createDemoModel }, { demoTools }] =
    await Promise.all([
      import('./ai-sdk.ts'),
      import('./prompt.ts'),
      import('@ai-sdk/openai-compatible'),
      import('../demo/model.ts'),
      import('../demo/tools.ts'),
    ])
  return { streamText, isStepCount, promptOf, createOpenAICompatible, createDemoModel, demoTools }
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

interface Asked {
  readonly conversation: Conversation
  readonly answerId: string
  readonly files: FileData
  readonly signal: AbortSignal
}

async function stream(model: LanguageModel, tools: ToolSet, { conversation, answerId, files, signal }: Asked) {
  const { streamText, isStepCount, promptOf } = await loadAi()
  const result = streamText({
    model,
    messages: await promptOf(conversation, answerId, files),
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

function demo(files: FileData): Answerer {
  return {
    name: 'Demo model',
    provider: 'holdfast',
    explain: (error) => explainError(error, 'The demo model'),
    answer: async (conversation, answerId, signal) => {
      const { createDemoModel, demoTools } = await loadAi()
      const tools = demoTools({ now: () => new Date(), wait })
      return stream(createDemoModel({ wait, newId }), tools, { conversation, answerId, files, signal })
    },
  }
}

function endpoint({ endpoint: baseURL, apiKey, model }: Settings, files: FileData): Answerer {
  return {
    name: model,
    provider: new URL(baseURL).host,
    explain: (error) => explainError(error, baseURL),
    answer: async (conversation, answerId, signal) => {
      const { createOpenAICompatible } = await loadAi()
      const provider = createOpenAICompatible({
        name: 'endpoint',
        baseURL,
        includeUsage: true,
        ...(apiKey ? { apiKey } : {}),
      })
      return stream(provider(model), {}, { conversation, answerId, files, signal })
    },
  }
}

/** What the settings name, or the demo model. */
export function answererFor(settings: Settings, files: FileData): Answerer {
  return usesDemo(settings) || !URL.canParse(settings.endpoint) ? demo(files) : endpoint(settings, files)
}
