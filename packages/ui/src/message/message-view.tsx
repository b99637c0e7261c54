import type { Message } from '@holdfast/conversation'
import { useLease, useMessage } from '@holdfast/react'
import type { OpenConversation } from '@holdfast/store'
import { Pencil, RotateCw } from 'lucide-react'
import { memo, useCallback, useState } from 'react'
import { IconButton } from '../controls/button.tsx'
import { Mark } from '../controls/mark.tsx'
import { CopyButton } from '../markdown/copy-button.tsx'
import type { MessageActions } from './actions.ts'
import { AlternativesView } from './alternatives.tsx'
import { EditForm } from './edit-form.tsx'
import { Ended, endedBadly } from './ended.tsx'
import { MessageBoundary } from './message-boundary.tsx'
import { MessageMenu, Tombstone } from './message-menu.tsx'
import { PartList } from './part-list.tsx'
import { textOf } from './text-of.ts'

export interface MessageViewProps {
  readonly conversation: OpenConversation
  readonly id: string
  readonly last: boolean
  readonly actions: MessageActions
}

const roleNames: Record<Message['role'], string> = {
  user: 'You',
  assistant: 'Assistant',
  system: 'System',
  tool: 'Tool',
}

// Made once: making a formatter costs more than the rest of a message's foot.
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** The time of day, with the date when it was not today; the whole is the tooltip's. */
function timeOf(date: Date): string {
  return date.toDateString() === new Date().toDateString() ? clock.format(date) : calendar.format(date)
}

function authorOf(message: Message): string {
  if (message.role === 'assistant') return message.agent ?? message.model ?? 'Assistant'
  return message.author?.name ?? roleNames[message.role]
}

function Typing() {
  return (
    <span className="hf-typing" role="img" aria-label="The answer is on its way">
      <i />
      <i />
      <i />
    </span>
  )
}

interface FootProps {
  readonly message: Message
  readonly actions: MessageActions
  /** Offered here; elsewhere already when the answer ended badly. */
  readonly retry: boolean
  readonly onEdit: () => void
}

function Foot({ message, actions, retry, onEdit }: FootProps) {
  const at = new Date(message.createdAt)
  const isUser = message.role === 'user'
  return (
    <div className="hf-message-foot">
      {message.alternatives && actions.select && (
        <AlternativesView alternatives={message.alternatives} onSelect={actions.select} />
      )}
      <div className="hf-message-actions">
        <CopyButton label="Copy text" text={() => textOf(message)} />
        {isUser && actions.resend && (
          <IconButton label="Edit" size="small" onClick={onEdit}>
            <Pencil size={14} aria-hidden />
          </IconButton>
        )}
        {!isUser && retry && actions.retry && (
          <IconButton label="Answer again" size="small" onClick={() => actions.retry?.(message)}>
            <RotateCw size={14} aria-hidden />
          </IconButton>
        )}
        <MessageMenu message={message} actions={actions} />
        <time dateTime={at.toISOString()} title={calendar.format(at)}>
          {timeOf(at)}
        </time>
      </div>
    </div>
  )
}

function UserBody({ message }: { readonly message: Message }) {
  const others = message.parts.filter((part) => part.type !== 'text')
  const text = textOf(message)
  return (
    <>
      {others.length > 0 && <PartList parts={others} live={false} />}
      {text && <div className="hf-bubble">{text}</div>}
    </>
  )
}

/** One message. It renders again when it changes, not when another one does. */
export const MessageView = memo(function MessageView({ conversation, id, last, actions }: MessageViewProps) {
  const message = useMessage(conversation, id)
  const streaming = message?.status === 'streaming'
  const { live, stop } = useLease(conversation, id, streaming)
  const [editing, setEditing] = useState(false)
  const approve = useCallback(
    (callId: string, approved: boolean) => {
      const current = conversation.getMessage(id)
      if (current) actions.approve?.(current, callId, approved)
    },
    [conversation, id, actions],
  )
  if (!message) return null
  const isUser = message.role === 'user'
  const author = authorOf(message)
  const ended = !isUser && !live && message.deletedAt === null && endedBadly(message, streaming)
  return (
    <article
      className="hf-message"
      data-role={message.role}
      data-live={live || last}
      data-last={last}
      data-message={id}
      aria-label={isUser ? author : `${roleNames[message.role]}, ${author}`}
      aria-busy={live}
    >
      <MessageBoundary of={message}>
        {!isUser && (
          <header className="hf-message-head">
            <span className="hf-glyph">
              <Mark size={15} />
            </span>
            <strong>{author}</strong>
          </header>
        )}
        {message.deletedAt !== null ? (
          <Tombstone message={message} actions={actions} />
        ) : editing ? (
          <EditForm
            text={textOf(message)}
            onCancel={() => setEditing(false)}
            onDone={(text) => {
              if (actions.resend?.(message, text) !== false) setEditing(false)
            }}
          />
        ) : isUser ? (
          <UserBody message={message} />
        ) : (
          <PartList parts={message.parts} live={live} {...(actions.approve ? { onApprove: approve } : {})} />
        )}
        {live && <Typing />}
        {ended && (
          <Ended message={message} interrupted={streaming} unanswered={stop === 'unanswered'} actions={actions} />
        )}
        {!live && !editing && message.deletedAt === null && (
          <Foot message={message} actions={actions} retry={!ended} onEdit={() => setEditing(true)} />
        )}
      </MessageBoundary>
    </article>
  )
})
