import type { OpenConversation, Peer } from '@holdfast/store'
import { useCallback, useMemo } from 'react'
import type { StopState } from './stop-requests.ts'
import { stopRequests } from './stop-requests.ts'
import { useLive } from './use-live.ts'
import { useReadable } from './use-readable.ts'
import { useSelected } from './use-selected.ts'

export interface LeaseOfMessage {
  /** Somebody writes it now. */
  readonly live: boolean
  /** This window does. */
  readonly mine: boolean
  /** The name of the one who does, when it is present and says so. */
  readonly holder: string | null
  /** What became of asking it to stop. */
  readonly stop: StopState
  /** Asks whoever writes it, in any window, to stop. */
  readonly requestStop: () => void
}

const writerOf = (id: string) => (peers: readonly Peer[]) => peers.find((peer) => peer.writing.includes(id))

/** Who writes a message, and how to ask it to stop. `streaming` is what the message's status says. */
export function useLease(conversation: OpenConversation, messageId: string, streaming: boolean): LeaseOfMessage {
  const live = useLive(conversation, messageId, streaming)
  const requests = useMemo(() => stopRequests(conversation), [conversation])
  const stop = useReadable(useMemo(() => requests.of(messageId), [requests, messageId]))
  const peer = useSelected(conversation.presence, writerOf(messageId), samePeer)
  const requestStop = useCallback(() => requests.ask(messageId), [requests, messageId])
  return {
    live,
    mine: streaming && peer?.self === true,
    holder: streaming && peer && !peer.self ? peer.name : null,
    stop,
    requestStop,
  }
}

function samePeer(a: Peer | undefined, b: Peer | undefined): boolean {
  return a?.clientId === b?.clientId && a?.name === b?.name && a?.self === b?.self
}
