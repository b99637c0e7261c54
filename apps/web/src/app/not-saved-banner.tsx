import { useStatus, useStore } from '@holdfast/react'
import type { OpenConversation } from '@holdfast/store'
import { Banner, Button } from '@holdfast/ui'
import { Download, RotateCw } from 'lucide-react'
import { useEffect } from 'react'
import { downloadConversation } from './conversation-actions.ts'

const advice: Readonly<Record<string, string>> = {
  FULL: 'The disk, or what this browser allows the page, is full. Free some space and try again.',
}

/** Says that the device does not keep what is on the screen, and what to do; leaving the page asks first. */
export function NotSavedBanner({ conversation }: { readonly conversation: OpenConversation }) {
  const store = useStore()
  const status = useStatus(conversation)
  const failing = status.kind === 'not-saved'
  useEffect(() => {
    if (!failing) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [failing])
  if (!failing) return null
  return (
    <Banner
      tone="bad"
      title="The last changes are not saved on this device"
      actions={
        <>
          <Button size="small" onClick={() => store.retry()}>
            <RotateCw size={14} aria-hidden />
            Try again
          </Button>
          <Button size="small" onClick={() => void downloadConversation(store, conversation.id)}>
            <Download size={14} aria-hidden />
            Download
          </Button>
        </>
      }
    >
      {status.reason.message}. {advice[status.reason.code] ?? ''} Your text stays on this page until it is saved; saving
      is tried again by itself.
    </Banner>
  )
}
