import type { ConversationStatus, OpenConversation } from '@holdfast/store'
import { useReadable } from './use-readable.ts'

/** Whether what this conversation holds is saved on this device, and what the relay has of it. */
export function useStatus(conversation: OpenConversation): ConversationStatus {
  return useReadable(conversation.status)
}
