import type { Artifact } from '@holdfast/conversation'
import type { OpenConversation } from '@holdfast/store'
import { createContext, use, useCallback, useSyncExternalStore } from 'react'

/** The conversation that the parts below belong to: some of them only name what is kept beside the messages. */
export const ShownConversation = createContext<OpenConversation | null>(null)

const never = () => () => undefined

/** An artifact of the conversation shown; null when it is deleted or unknown. */
export function useArtifact(id: string): Artifact | null {
  const conversation = use(ShownConversation)
  const get = useCallback(
    () => conversation?.get().artifacts.find((artifact) => artifact.id === id) ?? null,
    [conversation, id],
  )
  return useSyncExternalStore(conversation?.subscribe ?? never, get, get)
}
