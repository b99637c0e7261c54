import { Confirm } from '@holdfast/ui'
import type { ReactNode } from 'react'
import { useCallback, useState } from 'react'
import { useConversationActions } from './use-conversation-actions.ts'

export interface ToPurge {
  readonly id: string
  readonly title: string
}

export interface PurgeDialog {
  /** Asks, and then deletes for good. */
  readonly ask: (conversations: readonly ToPurge[]) => void
  readonly dialog: ReactNode
}

/** Deleting is moving to the trash, which is undone; this is not, so it asks. */
export function usePurgeDialog(): PurgeDialog {
  const { purge } = useConversationActions()
  const [asked, setAsked] = useState<readonly ToPurge[] | null>(null)
  const ask = useCallback((conversations: readonly ToPurge[]) => {
    if (conversations.length > 0) setAsked(conversations)
  }, [])
  const [first] = asked ?? []
  if (!asked || !first) return { ask, dialog: null }
  const one = asked.length === 1
  const dialog = (
    <Confirm
      title={one ? 'Delete for ever?' : `Delete ${asked.length.toLocaleString('en')} conversations for ever?`}
      action="Delete for ever"
      onClose={() => setAsked(null)}
      onConfirm={() => purge(asked.map(({ id }) => id))}
    >
      <p>
        <strong>{one ? `“${first.title}”` : 'Everything in the trash'}</strong> is deleted here, on the relay and on
        every other device. There is no way back.
      </p>
      <p>What another device has written and not sent yet is set aside there, not lost.</p>
    </Confirm>
  )
  return { ask, dialog }
}
