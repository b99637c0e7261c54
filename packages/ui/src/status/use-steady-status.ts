import type { ConversationStatus } from '@holdfast/store'
import { useEffect, useState } from 'react'

const steadyFor = 200
/** A stream of which nothing was committed for this long (ms) does not flow. */
const flowsFor = 1_000

export interface Steady {
  readonly status: ConversationStatus
  /**
   * An answer streams, everything but its last words is committed, and those are being. Never right after anything else
   * was edited: that has to be seen committed first.
   */
  readonly flowing: boolean
}

export interface Flow {
  /** A message of the conversation is being written. */
  readonly streaming: boolean
  /** Another value whenever anything but the text of that message has changed. */
  readonly structure: unknown
}

/**
 * The status for showing: while an answer streams, it is saved and unsaved many times a second. That something is not
 * saved is shown at once; that all is saved only when it stays so, so that the line neither flickers nor claims too much.
 */
export function useSteadyStatus(status: ConversationStatus, { streaming, structure }: Flow): Steady {
  const [settled, setSettled] = useState(status)
  const [committed, setCommitted] = useState<unknown>(status.kind === 'saved' ? structure : null)
  useEffect(() => {
    if (status.kind === 'saved') {
      setCommitted(structure)
      const timer = setTimeout(() => setSettled(status), steadyFor)
      return () => clearTimeout(timer)
    }
    setSettled(status)
    const timer = setTimeout(() => setCommitted(null), flowsFor)
    return () => clearTimeout(timer)
  }, [status, structure])
  const steady = status.kind === 'saved' && settled.kind !== 'saved' ? settled : status
  return { status: steady, flowing: steady.kind === 'saving' && streaming && committed === structure }
}
