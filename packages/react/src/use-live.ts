import type { OpenConversation } from '@holdfast/store'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'

const patience = 2_500

/**
 * Whether some live window writes this message. Another window says so through presence, which takes a moment to
 * arrive: until then the message gets the benefit of the doubt.
 */
export function useLive(conversation: OpenConversation, messageId: string, streaming: boolean): boolean {
  const [waited, setWaited] = useState(false)
  const subscribe = useCallback((tell: () => void) => conversation.presence.subscribe(tell), [conversation])
  const get = useCallback(() => streaming && conversation.isLive(messageId), [conversation, messageId, streaming])
  const live = useSyncExternalStore(subscribe, get, get)
  useEffect(() => {
    setWaited(false)
    if (!streaming || live) return
    const timer = setTimeout(() => setWaited(true), patience)
    return () => clearTimeout(timer)
  }, [streaming, live])
  return streaming && (live || !waited)
}
