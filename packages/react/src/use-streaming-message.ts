import type { Conversation } from '@holdfast/conversation'
import type { OpenConversation } from '@holdfast/store'
import { useConversationData } from './use-conversation-data.ts'

const lastStreaming = (data: Conversation): string | null =>
  data.messages.findLast((message) => message.status === 'streaming' && message.deletedAt === null)?.id ?? null

/** The id of the last message shown that is not finished; whether anybody still writes it, `useLease` says. */
export function useStreamingMessage(conversation: OpenConversation): string | null {
  return useConversationData(conversation, lastStreaming)
}
