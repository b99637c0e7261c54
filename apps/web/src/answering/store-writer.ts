import { updateToolCall } from '@holdfast/conversation'
import type { Writer } from '@holdfast/store'
import type { AnswerWriter } from './write-answer.ts'

/** Writes an answer through the store's writer, which batches and says when it is on the device. */
export function storeWriter(writer: Writer): AnswerWriter {
  return {
    text: (delta) => writer.text(delta),
    reasoning: (delta) => writer.reasoning(delta),
    stepStart: () => writer.part({ type: 'step-start' }),
    toolCall: (call) => writer.part({ type: 'tool-call', ...call }),
    toolInput: (callId, delta) => writer.toolInput(callId, delta),
    toolPatch: (callId, patch) =>
      writer.edit((doc) => updateToolCall(doc, { message: writer.messageId, callId }, patch)),
    source: (source) => writer.part({ type: 'source', ...source }),
    error: (error) => writer.part({ type: 'error', error }),
  }
}
