import { useStore } from '@holdfast/react'
import type { NotSavedReason } from '@holdfast/store'
import { Banner, Button, sentence, useToast } from '@holdfast/ui'
import { Download, RotateCw } from 'lucide-react'
import { useEffect } from 'react'
import { downloadConversation } from './conversation-actions.ts'
import { useUsage } from './use-usage.ts'

const advice: Readonly<Record<NotSavedReason['code'], string>> = {
  BLOCKED: 'Another window holds an older version of this page open: close it.',
  QUOTA: 'Free some space on this device, or empty the trash here.',
  DELETED: 'Somebody cleared this browser’s data while the page was open.',
  CLOSED: 'The browser closed its storage.',
  NEWER_VERSION: 'A newer version of this page has written here: reload to use it.',
  UNAVAILABLE: 'Private windows and strict cookie settings block storage; an ordinary window has it.',
  ABORTED: 'The browser gave the write up.',
  CORRUPT: 'What the browser gave back is not what was written.',
  UNSUPPORTED: 'This storage does not keep such a thing.',
}

export interface NotSavedBannerProps {
  readonly reason: NotSavedReason
  /** The conversation to offer as a download. */
  readonly conversation?: string
}

/** Says that the device does not keep what is on the screen, and what to do; leaving the page asks first. */
export function NotSavedBanner({ reason, conversation }: NotSavedBannerProps) {
  const store = useStore()
  const toast = useToast()
  const usage = useUsage()
  useEffect(() => {
    if (conversation === undefined) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [conversation])
  const download = (id: string) => {
    downloadConversation(store, id).catch((error: unknown) => toast({ text: `No download: ${String(error)}` }))
  }
  const taken = reason.code === 'QUOTA' && usage ? ` Holdfast takes ${usage}.` : ''
  return (
    <Banner
      tone="bad"
      title={conversation === undefined ? 'This device does not save' : 'The last changes are not saved on this device'}
      actions={
        <>
          <Button size="small" onClick={() => store.retry()}>
            <RotateCw size={14} aria-hidden />
            Try again
          </Button>
          {conversation !== undefined && (
            <Button size="small" onClick={() => download(conversation)}>
              <Download size={14} aria-hidden />
              Download
            </Button>
          )}
        </>
      }
    >
      {sentence(reason.message)}
      {taken} {advice[reason.code]} Your text stays on this page until it is saved; saving is tried again by itself.
    </Banner>
  )
}
