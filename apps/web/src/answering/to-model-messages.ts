import type { FilePart, JsonValue, Message, ToolCallPart } from '@holdfast/conversation'
import type { AssistantContent, ModelMessage, ToolContent, ToolResultPart, UserContent } from 'ai'

type AssistantParts = Exclude<AssistantContent, string>
type UserParts = Exclude<UserContent, string>

/** What came back from a tool. A call without an answer still needs one: providers refuse a conversation with a hole. */
function resultOf(part: ToolCallPart): ToolResultPart {
  const head = { type: 'tool-result' as const, toolCallId: part.callId, toolName: part.name }
  switch (part.state) {
    case 'output-available': {
      const value: JsonValue = part.output
      return {
        ...head,
        output: typeof value === 'string' ? { type: 'text', value } : { type: 'json', value: value as never },
      }
    }
    case 'output-error':
      return { ...head, output: { type: 'error-text', value: part.errorText ?? 'the tool failed' } }
    case 'output-denied':
      return {
        ...head,
        output: { type: 'execution-denied', reason: part.approval?.reason ?? 'the user did not allow it' },
      }
    default:
      return { ...head, output: { type: 'error-text', value: 'interrupted before there was a result' } }
  }
}

function fileOf(part: FilePart): UserParts[number] | null {
  if (!part.url) return null
  return {
    type: 'file',
    data: part.url,
    mediaType: part.mediaType,
    ...(part.filename ? { filename: part.filename } : {}),
  }
}

function userMessage(message: Message): ModelMessage | null {
  const content: UserParts = []
  for (const part of message.parts) {
    if (part.type === 'text' && part.text) content.push({ type: 'text', text: part.text })
    if (part.type === 'file') {
      const file = fileOf(part)
      if (file) content.push(file)
    }
  }
  return content.length === 0 ? null : { role: 'user', content }
}

/** One assistant message becomes as many as it had steps: text and calls, the results, then what was said about them. */
function assistantMessages(message: Message): ModelMessage[] {
  const out: ModelMessage[] = []
  let content: AssistantParts = []
  let results: ToolContent = []
  const close = () => {
    if (content.length > 0) out.push({ role: 'assistant', content })
    if (results.length > 0) out.push({ role: 'tool', content: results })
    content = []
    results = []
  }
  for (const part of message.parts) {
    if (part.type === 'step-start' || (part.type === 'text' && results.length > 0)) close()
    if (part.type === 'text' && part.text) content.push({ type: 'text', text: part.text })
    if (part.type === 'tool-call') {
      const input = part.input ?? {}
      content.push({ type: 'tool-call', toolCallId: part.callId, toolName: part.name, input })
      results.push(resultOf(part))
    }
  }
  close()
  return out
}

/**
 * What a model is sent: exactly what is shown (rule O6), in its order. What was deleted shows only that it was, so it is not sent;
 * neither is an answer without words, nor what a reasoning model thought.
 */
export function toModelMessages(shown: readonly Message[]): ModelMessage[] {
  return shown.flatMap((message): ModelMessage[] => {
    if (message.deletedAt !== null) return []
    switch (message.role) {
      case 'assistant':
        return assistantMessages(message)
      case 'system': {
        const content = message.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n')
        return content ? [{ role: 'system', content }] : []
      }
      default: {
        const user = userMessage(message)
        return user ? [user] : []
      }
    }
  })
}
