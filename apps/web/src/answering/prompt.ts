import type { Conversation, FilePart, UiMessage } from '@holdfast/conversation'
import { modelMessages } from '@holdfast/conversation'
import type { ModelMessage, UIMessage } from 'ai'
import { convertToModelMessages } from './ai-sdk.ts'

/** Gives a file's bytes as a `data:` address, or null when they are not to be had or not to be sent. */
export type FileData = (part: FilePart) => Promise<string | null>

/**
 * What a model is asked, as the conversation stood when its answer was begun: everything shown before that answer (O6),
 * but not what a model thought, which endpoints refuse from one another, and no file by its address: an answer must not
 * be able to make this page fetch things. Files are sent as data, or named in words.
 */
export async function promptOf(conversation: Conversation, answerId: string, data: FileData): Promise<ModelMessage[]> {
  const answer = conversation.messages.findIndex((message) => message.id === answerId)
  const before = answer < 0 ? conversation.messages : conversation.messages.slice(0, answer)
  const last = before.at(-1)
  if (!last) return []
  const files = before.flatMap(({ parts, deletedAt }) =>
    deletedAt === null ? parts.filter((part) => part.type === 'file') : [],
  )
  const read = new Map(await Promise.all(files.map(async (part) => [part, await data(part)] as const)))
  const shown = modelMessages(conversation, { upTo: last.id, fileUrl: (part) => read.get(part) ?? null })
  const messages = await convertToModelMessages(shown.map(withoutReasoning) as UIMessage[], {
    // A call that another window is still running has no result yet, and providers refuse a hole.
    ignoreIncompleteToolCalls: true,
  })
  return messages.filter(({ content }) => content.length > 0)
}

function withoutReasoning(message: UiMessage): UiMessage {
  return { ...message, parts: message.parts.filter(({ type }) => type !== 'reasoning') }
}
