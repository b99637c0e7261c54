import type { OpenConversation } from '@holdfast/store'
import { useCallback, useEffect, useRef, useState } from 'react'

export interface DraftState {
  readonly text: string
  /** False until the kept draft has been read. Writing before that wins over what was kept. */
  readonly loaded: boolean
  readonly set: (text: string) => void
}

/** Text typed but not sent, kept with the conversation on this device, there again after a reload. */
export function useDraft(conversation: OpenConversation): DraftState {
  const [state, setState] = useState({ text: '', loaded: false })
  const touched = useRef(false)
  useEffect(() => {
    let left = false
    touched.current = false
    setState({ text: '', loaded: false })
    // A draft that cannot be read is an empty one; the conversation's own status says what is wrong with the device.
    const show = (text: string) => {
      if (!left && !touched.current) setState({ text, loaded: true })
    }
    conversation.draft.load().then(show, () => show(''))
    return () => {
      left = true
    }
  }, [conversation])
  const set = useCallback(
    (text: string) => {
      touched.current = true
      setState({ text, loaded: true })
      conversation.draft.set(text).catch(() => undefined)
    },
    [conversation],
  )
  return { ...state, set }
}
