import { useMessages } from '@holdfast/react'
import type { OpenConversation } from '@holdfast/store'
import { ArrowDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { useCallback, useEffect, useRef } from 'react'
import { Button } from '../controls/button.tsx'
import type { MessageActions } from '../message/actions.ts'
import { MessageView } from '../message/message-view.tsx'
import { ShownConversation } from '../message/shown-conversation.ts'
import { useStickToEnd } from './use-stick-to-end.ts'
import { useWindow } from './use-window.ts'

export interface MessageLogProps {
  readonly conversation: OpenConversation
  readonly actions: MessageActions
  /** Shown after the last message. */
  readonly children?: ReactNode
}

/** Give it the conversation's id as its key: another conversation starts at its own end. */
export function MessageLog({ conversation, actions, children }: MessageLogProps) {
  const ids = useMessages(conversation)
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const top = useRef<HTMLDivElement>(null)
  const growing = useRef<() => void>(() => undefined)
  const { count, more, showMore } = useWindow(
    ids.length,
    useCallback(() => growing.current(), []),
  )
  const { atEnd, toEnd, remember } = useStickToEnd(scroller, content, count)
  growing.current = remember

  const newest = ids.at(-1)
  const lastSeen = useRef(newest)
  useEffect(() => {
    if (newest === lastSeen.current) return
    lastSeen.current = newest
    // One's own question is shown, wherever one was reading; what others write waits behind the button.
    const message = newest === undefined ? undefined : conversation.getMessage(newest)
    if (message?.status === 'streaming' && conversation.isLive(message.id) && isOwn(conversation, message.id)) toEnd()
  }, [newest, conversation, toEnd])

  useEffect(() => {
    const mark = top.current
    if (!mark || !more) return
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) showMore()
      },
      { root: scroller.current, rootMargin: '1200px 0px 0px' },
    )
    observer.observe(mark)
    return () => observer.disconnect()
  }, [more, showMore])

  const shown = ids.slice(ids.length - count)
  return (
    <div className="hf-log-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div ref={scroller} role="log" aria-label="Messages" tabIndex={0} className="hf-log hf-scroll">
        <div ref={content} className="hf-log-inner">
          <div ref={top}>{more && <p className="hf-log-more">Earlier messages appear as you scroll up</p>}</div>
          <ShownConversation value={conversation}>
            {shown.map((id) => (
              <MessageView key={id} conversation={conversation} id={id} last={id === newest} actions={actions} />
            ))}
          </ShownConversation>
          {children}
        </div>
      </div>
      {!atEnd && (
        <div className="hf-jump">
          <Button size="small" onClick={toEnd}>
            <ArrowDown size={14} aria-hidden />
            Jump to latest
          </Button>
        </div>
      )}
    </div>
  )
}

function isOwn(conversation: OpenConversation, messageId: string): boolean {
  return conversation.presence.get().some((peer) => peer.self && peer.writing.includes(messageId))
}
