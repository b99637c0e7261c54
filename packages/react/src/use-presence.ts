import type { OpenConversation, Peer } from '@holdfast/store'
import { useReadable } from './use-readable.ts'

/** Everybody who has this conversation open, this window included (`self`). */
export function usePresence(conversation: OpenConversation): readonly Peer[] {
  return useReadable(conversation.presence)
}
