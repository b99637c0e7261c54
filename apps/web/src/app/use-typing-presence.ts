import type { OpenConversation } from '@holdfast/store'
import { useCallback, useEffect, useRef } from 'react'
import { windowName } from './window-name.ts'

const quietAfter = 3_000

/** Tells the others here who one is and that one is typing; silent again after a pause. */
export function useTypingPresence(conversation: OpenConversation, name: string): (typing: boolean) => void {
  const state = useRef({ typing: false, timer: 0 })
  useEffect(() => {
    conversation.presence.setLocal({ name: name || windowName(navigator.userAgent) })
  }, [conversation, name])
  const say = useCallback(
    (typing: boolean) => {
      clearTimeout(state.current.timer)
      if (typing !== state.current.typing) {
        state.current.typing = typing
        conversation.presence.setLocal({ typing })
      }
      if (typing) state.current.timer = window.setTimeout(() => say(false), quietAfter)
    },
    [conversation],
  )
  useEffect(() => () => clearTimeout(state.current.timer), [])
  return say
}
