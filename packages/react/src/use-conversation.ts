import type { OpenConversation } from '@holdfast/store'
import { useEffect, useState } from 'react'
import { useStore } from './store-context.tsx'

export type ConversationOpening =
  | { readonly state: 'opening' }
  | { readonly state: 'open'; readonly conversation: OpenConversation }
  | { readonly state: 'failed'; readonly error: Error; readonly retry: () => void }

const opening: ConversationOpening = { state: 'opening' }

/** Opens a conversation while the component is mounted, and gives it back after. */
export function useConversation(id: string): ConversationOpening {
  const store = useStore()
  const [attempt, setAttempt] = useState(0)
  const [result, setResult] = useState<{ readonly key: string; readonly value: ConversationOpening } | null>(null)
  const key = `${attempt}:${id}`
  useEffect(() => {
    let left = false
    let opened: OpenConversation | null = null
    store.open(id).then(
      (conversation) => {
        if (left) {
          conversation.close()
          return
        }
        opened = conversation
        setResult({ key, value: { state: 'open', conversation } })
      },
      (reason: unknown) => {
        if (left) return
        const error = reason instanceof Error ? reason : new Error(String(reason))
        setResult({ key, value: { state: 'failed', error, retry: () => setAttempt((was) => was + 1) } })
      },
    )
    return () => {
      left = true
      opened?.close()
      // What was opened is given back: a StrictMode remount must not be shown the closed one.
      setResult(null)
    }
  }, [store, id, key])
  return result?.key === key ? result.value : opening
}
