import type { Conversation } from '@holdfast/conversation'
import type { OpenConversation } from '@holdfast/store'
import { useSelected } from './use-selected.ts'

/**
 * One aspect of a conversation, for example its title: `useConversationData(c, (data) => data.meta.title)`.
 * What did not change keeps its identity, so picking a sub-object renders only when that one changes.
 */
export function useConversationData<S>(
  conversation: OpenConversation,
  select: (data: Conversation) => S,
  same?: (a: S, b: S) => boolean,
): S {
  return useSelected(conversation, select, same)
}
