import type { Conversation } from '@holdfast/conversation'
import type { OpenConversation } from '@holdfast/store'
import { useConversationData } from './use-conversation-data.ts'

const idsOf = (data: Conversation): readonly string[] => data.messages.map((message) => message.id)

function sameIds(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index])
}

/**
 * Ids of the messages shown, in order. The array is the same one until a message appears, goes or is exchanged for an
 * alternative: text that streams into a message does not change it. Give each id to `useMessage`.
 */
export function useMessages(conversation: OpenConversation): readonly string[] {
  return useConversationData(conversation, idsOf, sameIds)
}
