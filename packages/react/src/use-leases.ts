import type { LeaseInfo, OpenConversation } from '@holdfast/store'
import { useReadable } from './use-readable.ts'

/** Who answers which turn of a conversation, as the relay says; empty without one. */
export function useLeases(conversation: OpenConversation): readonly LeaseInfo[] {
  return useReadable(conversation.leases)
}
