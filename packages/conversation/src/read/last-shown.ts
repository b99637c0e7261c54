import type { Conversation } from '../types.ts'

/** O1: the parent of what is written next. */
export function lastShownId(conversation: Conversation): string | null {
  return conversation.messages.at(-1)?.id ?? null
}
