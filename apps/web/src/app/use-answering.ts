import { useLease, useStreamingMessage } from '@holdfast/react'
import type { OpenConversation } from '@holdfast/store'
import { useServices, useTurn } from './services.tsx'

export interface Answering {
  /** This window is. */
  readonly here: boolean
  /** Ends the answer, whichever window writes it; undefined while none is written. */
  readonly stop: (() => void) | undefined
  /** Said while a window that was asked has not stopped yet. */
  readonly stopping: string | undefined
}

/** The answer that is being written in a conversation, by this window or by another. */
export function useAnswering(conversation: OpenConversation): Answering {
  const { engine } = useServices()
  const turn = useTurn(conversation.id)
  const streaming = useStreamingMessage(conversation)
  const lease = useLease(conversation, streaming ?? '', streaming !== null)
  if (turn) return { here: true, stop: () => engine.stop(conversation.id), stopping: undefined }
  if (streaming === null || !lease.live) return { here: false, stop: undefined, stopping: undefined }
  const stopping = lease.stop === 'asked' ? `Asking ${lease.holder ?? 'the other window'} to stop` : undefined
  return { here: false, stop: lease.requestStop, stopping }
}
