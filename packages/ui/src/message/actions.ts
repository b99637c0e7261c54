import type { Message } from '@holdfast/conversation'

/** What can be done with a message. What is left out is not offered. Keep the object the same between renders. */
export interface MessageActions {
  /** Answers the same question once more; the answer becomes an alternative. */
  readonly retry?: (message: Message) => void
  /** Goes on where an answer was cut off. */
  readonly continue?: (message: Message) => void
  /** Asks again with other words: an alternative to the question, with an answer of its own. Says false when it cannot now: the words stay in their form. */
  readonly resend?: (message: Message, text: string) => boolean
  /** Shows this one of its group of alternatives. */
  readonly select?: (messageId: string) => void
  /** Begins another conversation with everything up to this message. */
  readonly fork?: (message: Message) => void
  /** Leaves a tombstone, which `restore` undoes. */
  readonly delete?: (message: Message) => void
  readonly restore?: (message: Message) => void
  /** Answers a tool that asked whether it may run. */
  readonly approve?: (message: Message, callId: string, approved: boolean) => void
}
