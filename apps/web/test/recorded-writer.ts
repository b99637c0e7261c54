import type { AnswerWriter } from '../src/answering/write-answer.ts'

/** Writes down what an answer would have written into a document. */
export function recordedWriter(): { readonly writer: AnswerWriter; readonly lines: string[] } {
  const lines: string[] = []
  let open = ''
  const append = (kind: string, delta: string) => {
    if (open === kind) lines[lines.length - 1] += delta
    else lines.push(`${kind}: ${delta}`)
    open = kind
  }
  const line = (text: string) => {
    open = ''
    lines.push(text)
  }
  const writer: AnswerWriter = {
    text: (delta) => append('text', delta),
    reasoning: (delta) => append('reasoning', delta),
    stepStart: () => line('step'),
    toolCall: ({ callId, name }) => line(`call ${callId} ${name}`),
    toolInput: (callId, delta) => append(`input ${callId}`, delta),
    toolPatch: (callId, { state, input, output, errorText }) =>
      line(`${state} ${callId} ${JSON.stringify(output ?? input ?? errorText)}`),
    source: ({ sourceId }) => line(`source ${sourceId}`),
    error: ({ code }) => line(`error ${code}`),
  }
  return { writer, lines }
}
