import type { Message } from '@holdfast/conversation'
import type { OpenConversation } from '@holdfast/store'
import { useCallback, useSyncExternalStore } from 'react'

/** One message; renders again when this message changes and not when another one streams. Undefined when it is gone. */
export function useMessage(conversation: OpenConversation, id: string): Message | undefined {
  const subscribe = useCallback((tell: () => void) => conversation.subscribeMessage(id, tell), [conversation, id])
  const get = useCallback(() => conversation.getMessage(id), [conversation, id])
  return useSyncExternalStore(subscribe, get, get)
}
