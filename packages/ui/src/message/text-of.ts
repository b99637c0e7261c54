import type { Message } from '@holdfast/conversation'

/** The words of a message, without reasoning and tools: what Copy gives. */
export function textOf(message: Message): string {
  return message.parts
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join('\n\n')
    .trim()
}
