import type { FinishMessage, JsonObject, JsonValue, ToolCallPatch, Usage } from '@holdfast/conversation'
import type { TextStreamPart, ToolSet } from 'ai'
import type { Explained } from './explain-error.ts'

/** What an answer is written with: the store's writer, narrowed to what is needed, so that a test can record it. */
export interface AnswerWriter {
  text(delta: string): void
  reasoning(delta: string): void
  stepStart(): void
  toolCall(call: {
    callId: string
    name: string
    startedAt: number
    input?: JsonValue
    providerExecuted?: boolean
  }): void
  toolInput(callId: string, delta: string): void
  toolPatch(callId: string, patch: ToolCallPatch): void
  source(source: { sourceId: string; sourceType: 'url' | 'document'; url?: string; title?: string }): void
  error(error: Explained): void
}

export type AnswerStream = AsyncIterable<TextStreamPart<ToolSet>>

export interface WriteAnswerOptions {
  readonly stream: AnswerStream
  readonly writer: AnswerWriter
  readonly signal: AbortSignal
  readonly now: () => number
  readonly explain: (error: unknown) => Explained
}

type LanguageModelUsage = Extract<TextStreamPart<ToolSet>, { type: 'finish' }>['totalUsage']

function usageOf(usage: LanguageModelUsage): Partial<Usage> {
  const counted = {
    input: usage.inputTokens,
    output: usage.outputTokens,
    cacheRead: usage.inputTokenDetails.cacheReadTokens,
    cacheWrite: usage.inputTokenDetails.cacheWriteTokens,
    reasoning: usage.outputTokenDetails.reasoningTokens,
  }
  return Object.fromEntries(Object.entries(counted).filter(([, count]) => typeof count === 'number'))
}

/** Tools may hand back anything; only what JSON can hold is kept. */
function asJson(value: unknown): JsonValue {
  if (value === undefined) return null
  try {
    return JSON.parse(JSON.stringify(value)) as JsonValue
  } catch {
    return String(value)
  }
}

/**
 * Writes a model's stream into a message and says how it ended. Never throws: an error is an ending, and what had
 * arrived before it is kept.
 */
export async function writeAnswer(options: WriteAnswerOptions): Promise<FinishMessage> {
  const { stream, writer, signal, now, explain } = options
  const started = new Set<string>()
  let failed: Explained | null = null
  let ending: { finishReason?: string; usage?: Partial<Usage> } = {}
  let aborted = false

  const begin = (callId: string, name: string, more: { input?: JsonValue; providerExecuted?: boolean } = {}) => {
    started.add(callId)
    writer.toolCall({ callId, name, startedAt: now(), ...more })
  }

  const take = (part: TextStreamPart<ToolSet>): void => {
    switch (part.type) {
      case 'text-delta':
        writer.text(part.text)
        break
      case 'reasoning-delta':
        writer.reasoning(part.text)
        break
      case 'start-step':
        writer.stepStart()
        break
      case 'tool-input-start':
        begin(part.id, part.toolName, part.providerExecuted ? { providerExecuted: true } : {})
        break
      case 'tool-input-delta':
        writer.toolInput(part.id, part.delta)
        break
      case 'tool-call':
        if (!started.has(part.toolCallId)) begin(part.toolCallId, part.toolName)
        writer.toolPatch(part.toolCallId, { state: 'input-available', input: asJson(part.input) as JsonObject })
        break
      case 'tool-result':
        if (part.preliminary) break
        writer.toolPatch(part.toolCallId, {
          state: 'output-available',
          output: asJson(part.output),
          endedAt: now(),
        })
        break
      case 'tool-error':
        if (!started.has(part.toolCallId)) begin(part.toolCallId, part.toolName, { input: asJson(part.input) })
        writer.toolPatch(part.toolCallId, {
          state: 'output-error',
          errorText: part.error instanceof Error ? part.error.message : String(part.error),
          endedAt: now(),
        })
        break
      case 'tool-output-denied':
        writer.toolPatch(part.toolCallId, { state: 'output-denied', endedAt: now() })
        break
      case 'source':
        writer.source({
          sourceId: part.id,
          sourceType: part.sourceType,
          ...(part.sourceType === 'url' ? { url: part.url } : {}),
          ...(part.title ? { title: part.title } : {}),
        })
        break
      case 'file':
        // Bytes never live in a conversation's document, and there is nowhere else yet: that is said, not hidden.
        writer.error({
          code: 'FILE_NOT_KEPT',
          message: `The model made a file (${part.file.mediaType}), which this version cannot keep.`,
        })
        break
      case 'finish':
        ending = { finishReason: part.finishReason, usage: usageOf(part.totalUsage) }
        break
      case 'error':
        failed ??= explain(part.error)
        break
      case 'abort':
        aborted = true
        break
      default:
        // Marks of beginnings and ends, which the document's own order already says.
        break
    }
  }

  try {
    for await (const part of stream) take(part)
  } catch (error) {
    if (!signal.aborted) failed ??= explain(error)
  }
  const completedAt = now()
  if (signal.aborted || aborted) return { status: 'cancelled', completedAt, ...ending }
  if (failed) return { status: 'error', completedAt, error: failed, ...ending }
  if (ending.finishReason === undefined || ending.finishReason === 'interrupted') {
    return { status: 'interrupted', completedAt, ...ending }
  }
  return { status: 'complete', completedAt, ...ending }
}
