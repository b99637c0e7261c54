import type { OpenConversation } from '@holdfast/store'
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { stopRequests } from './stop-requests.ts'
import { useReadable } from './use-readable.ts'

const patience = 2_500

/**
 * Whether some live window writes this message. Another window says so through presence or its lease, which take a
 * moment to arrive: until then the message gets the benefit of the doubt. One that was asked to stop, and neither
 * stopped nor wrote, does not count as live.
 */
export function useLive(conversation: OpenConversation, messageId: string, streaming: boolean): boolean {
  const [waited, setWaited] = useState(false)
  const subscribe = useCallback(
    (tell: () => void) => {
      const stops = [conversation.presence.subscribe(tell), conversation.leases.subscribe(tell)]
      return () => {
        for (const stop of stops) stop()
      }
    },
    [conversation],
  )
  const get = useCallback(() => streaming && conversation.isLive(messageId), [conversation, messageId, streaming])
  const live = useSyncExternalStore(subscribe, get, get)
  const stop = useReadable(useMemo(() => stopRequests(conversation).of(messageId), [conversation, messageId]))
  useEffect(() => {
    setWaited(false)
    if (!streaming || live) return
    const timer = setTimeout(() => setWaited(true), patience)
    return () => clearTimeout(timer)
  }, [streaming, live])
  return streaming && stop !== 'unanswered' && (live || !waited)
}
