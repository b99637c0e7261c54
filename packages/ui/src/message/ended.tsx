import type { Message } from '@holdfast/conversation'
import { CircleAlert, CirclePause, CircleStop, CornerDownRight, RotateCw } from 'lucide-react'
import { Button } from '../controls/button.tsx'
import type { MessageActions } from './actions.ts'

export interface EndedProps {
  readonly message: Message
  readonly interrupted: boolean
  /** The window that was writing was asked to stop, and has not answered. */
  readonly unanswered?: boolean
  readonly actions: MessageActions
}

/** Whether an answer ended in a way that is shown below it, with what to do next. */
export function endedBadly(message: Message, interrupted: boolean): boolean {
  return interrupted || message.status !== 'complete' || message.finishReason === 'length'
}

const silent =
  'The window that was writing this does not answer. What had arrived is kept; should it come back, the rest appears here.'

/** How an answer ended when it did not end well, with what can be done about it. */
export function Ended({ message, interrupted, unanswered = false, actions }: EndedProps) {
  const status = interrupted ? 'interrupted' : message.status
  const [Icon, text] =
    status === 'error'
      ? [CircleAlert, message.error?.message ?? 'The answer failed.']
      : status === 'cancelled'
        ? [CircleStop, 'This answer was stopped.']
        : status === 'interrupted'
          ? [CirclePause, unanswered ? silent : 'This answer was interrupted. What had arrived is kept.']
          : [CirclePause, 'The answer reached the length limit.']
  const goesOn = actions.continue && status !== 'error' && message.parts.some((part) => part.type === 'text')
  return (
    <div className="hf-ended" data-tone={status === 'error' ? 'bad' : 'plain'}>
      <Icon size={16} aria-hidden />
      <p>{text}</p>
      {goesOn && (
        <Button size="small" onClick={() => actions.continue?.(message)}>
          <CornerDownRight size={14} aria-hidden />
          Continue
        </Button>
      )}
      {actions.retry && (
        <Button size="small" onClick={() => actions.retry?.(message)}>
          <RotateCw size={14} aria-hidden />
          Retry
        </Button>
      )}
    </div>
  )
}
