import type { ConversationStatus } from '@holdfast/store'
import { useEffect, useState } from 'react'

const steadyFor = 200

/**
 * The status for showing: while an answer streams, it is saved and unsaved many times a second. That it is not saved is
 * shown at once; that it is saved only when it stays so, so that the line neither flickers nor claims too much.
 */
export function useSteadyStatus(status: ConversationStatus): ConversationStatus {
  const [settled, setSettled] = useState(status)
  useEffect(() => {
    if (status.kind !== 'saved') {
      setSettled(status)
      return
    }
    const timer = setTimeout(() => setSettled(status), steadyFor)
    return () => clearTimeout(timer)
  }, [status])
  return status.kind === 'saved' && settled.kind !== 'saved' ? settled : status
}
