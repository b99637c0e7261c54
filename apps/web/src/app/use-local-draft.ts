import { useCallback, useState } from 'react'

const key = 'holdfast:draft'

function read(): string {
  try {
    return localStorage.getItem(key) ?? ''
  } catch {
    return ''
  }
}

/** The draft of a conversation that does not exist yet; it survives a reload where the browser lets it. */
export function useLocalDraft(): readonly [text: string, set: (text: string) => void] {
  const [text, setText] = useState(read)
  const set = useCallback((next: string) => {
    setText(next)
    try {
      localStorage.setItem(key, next)
    } catch {
      // Blocked or full: the text is still on the screen, which is all that an unsent draft was promised.
    }
  }, [])
  return [text, set]
}
