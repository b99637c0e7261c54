import { useConversation, useConversationData, useDraft, usePresence, useStatus } from '@holdfast/react'
import type { OpenConversation } from '@holdfast/store'
import type { MessageActions } from '@holdfast/ui'
import {
  Banner,
  Button,
  Composer,
  isGone,
  loadMarkdown,
  MessageLog,
  RefusalBanner,
  refusalWords,
  TodoPanel,
  TypingNote,
  useToast,
} from '@holdfast/ui'
import type { ReactNode } from 'react'
import { useEffect, useRef } from 'react'
import type { QuestionFile } from '../answering/engine.ts'
import { pictureTypes } from '../pictures/read-pictures.ts'
import { useAttachments } from '../pictures/use-attachments.ts'
import { Header } from './header.tsx'
import { ModelButton } from './model-button.tsx'
import { NotSavedBanner } from './not-saved-banner.tsx'
import { useRemedies } from './remedies.ts'
import { useServices, useSettings } from './services.tsx'
import { useAnswering } from './use-answering.ts'
import { useConversationActions } from './use-conversation-actions.ts'
import { useMessageActions } from './use-message-actions.ts'
import { useTypingPresence } from './use-typing-presence.ts'

// The Markdown renderer is as much code as the rest of the page. Loaded at a conversation, the page needs it at once;
// otherwise it must not stand between the start and the list.
if (location.hash.startsWith('#/c/')) void loadMarkdown()
else setTimeout(() => void loadMarkdown(), 1_000)

export interface ConversationPageProps {
  readonly id: string
  readonly onSettings: () => void
  readonly banners: ReactNode
  readonly narrow: boolean
  readonly start: ReactNode
}

export function ConversationPage(props: ConversationPageProps) {
  const opening = useConversation(props.id)
  switch (opening.state) {
    case 'opening':
      return <div className="app-wait" aria-busy="true" />
    case 'failed':
      return (
        <div className="app-alone">
          <Banner
            tone="bad"
            title="This conversation cannot be opened"
            actions={
              <Button kind="primary" onClick={opening.retry}>
                Try again
              </Button>
            }
          >
            {opening.error.message}
          </Banner>
        </div>
      )
    case 'open':
      return <OpenPage {...props} conversation={opening.conversation} />
  }
}

const readOnly: MessageActions = {}

function OpenPage(props: ConversationPageProps & { readonly conversation: OpenConversation }) {
  const { conversation, id, onSettings } = props
  const { restore, download } = useConversationActions()
  const toast = useToast()
  const pictures = useAttachments()
  const { engine } = useServices()
  const { name } = useSettings()
  const answering = useAnswering(conversation)
  const draft = useDraft(conversation)
  const peers = usePresence(conversation)
  const status = useStatus(conversation)
  const actions = useMessageActions(conversation)
  const writable = useConversationData(conversation, (data) => data.writable)
  const deleted = useConversationData(conversation, (data) => data.meta.deletedAt !== null)
  const typing = useTypingPresence(conversation, name)
  const area = useRef<HTMLTextAreaElement>(null)
  const remedies = useRemedies()
  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) area.current?.focus()
  }, [])
  const absent = useConversationData(conversation, (data) => data.meta.createdAt === 0 && data.messages.length === 0)
  const send = (text: string) => {
    const ask = (files: readonly QuestionFile[]) => {
      // An answer was begun while the pictures were kept: everything stays as it was written.
      if (!engine.send(conversation, { text, files })) return
      draft.set('')
      pictures.clear()
      typing(false)
    }
    if (pictures.attachments.length === 0) ask([])
    else pictures.keep().then(ask, (error: unknown) => toast({ text: `Not sent: ${String(error)}` }))
  }
  // Deleted for good somewhere else. What is on the screen is the last that is seen of it here, unless it was set aside.
  const refusal = status.kind === 'saved' && status.relay === 'refused' ? (status.reason ?? null) : null
  const gone = refusal !== null && isGone(refusal)
  const canWrite = writable && !deleted && !absent && !gone
  return (
    <>
      <Header {...props} />
      <div className="app-banners">
        {props.banners}
        {status.kind === 'not-saved' && <NotSavedBanner reason={status.reason} conversation={id} />}
        {deleted && (
          <Banner
            tone="calm"
            title="This conversation is in the trash"
            actions={
              <Button size="small" onClick={() => restore(id)}>
                Restore
              </Button>
            }
          >
            It is kept there until it is deleted for ever, and can be restored.
          </Banner>
        )}
        {gone && (
          <Banner
            tone="warn"
            title="This conversation was deleted for ever elsewhere"
            actions={
              <Button size="small" onClick={() => download(id)}>
                Download
              </Button>
            }
          >
            What is still shown here goes when you leave it. What this device had not sent is set aside.
          </Banner>
        )}
        {refusal && !gone && !refusalWords(refusal).everywhere && (
          <RefusalBanner reason={refusal} remedies={remedies} />
        )}
        {absent && !gone && (
          <Banner tone="calm" title="This conversation is not on this device yet">
            It appears here as soon as the relay or another window brings it.
          </Banner>
        )}
        {!writable && (
          <Banner tone="warn" title="Written by a newer version of Holdfast">
            It can be read here and not changed. Update this page, or its relay, to write in it.
          </Banner>
        )}
      </div>
      <MessageLog conversation={conversation} actions={canWrite ? actions : readOnly} />
      <TodoPanel conversation={conversation} />
      <div className="app-foot">
        <TypingNote peers={peers} />
        {canWrite && (
          <Composer
            ref={area}
            text={draft.text}
            onChange={(text) => {
              draft.set(text)
              typing(text !== '')
            }}
            onSend={send}
            onStop={answering.stop}
            stopping={answering.stopping}
            busy={answering.here}
            placeholder="Write a message"
            attachments={pictures.attachments}
            onAttach={pictures.attach}
            onDetach={pictures.detach}
            accept={pictureTypes.join(',')}
            problem={pictures.problem}
          >
            <ModelButton onClick={onSettings} />
          </Composer>
        )}
      </div>
    </>
  )
}
