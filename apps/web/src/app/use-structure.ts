import type { Conversation } from '@holdfast/conversation'
import { useConversationData } from '@holdfast/react'
import type { OpenConversation } from '@holdfast/store'

/** Everything of a conversation but the messages that are being written. */
function settledParts(data: Conversation): readonly unknown[] {
  const written = data.messages.filter((message) => message.status !== 'streaming')
  return [data.meta, data.artifacts, data.todos, data.activities, data.checkpoints, data.messages.length, ...written]
}

function same(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index])
}

/** The same value until anything else than a message that streams has changed. */
export function useStructure(conversation: OpenConversation): unknown {
  return useConversationData(conversation, settledParts, same)
}
