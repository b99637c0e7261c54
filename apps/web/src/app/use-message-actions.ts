import type { Message } from '@holdfast/conversation'
import { deleteMessage, restoreMessage, selectAlternative } from '@holdfast/conversation'
import type { OpenConversation } from '@holdfast/store'
import { LeaseHeldError } from '@holdfast/store'
import type { MessageActions } from '@holdfast/ui'
import { useToast } from '@holdfast/ui'
import { useMemo } from 'react'
import { useServices } from './services.tsx'
import { useConversationActions } from './use-conversation-actions.ts'

/**
 * An answer that nobody writes any more, and that is not marked so, is marked by whoever gets its lease (W12). Without
 * the lease, because a silent window still has it, it stays as it is.
 */
async function settle(conversation: OpenConversation, message: Message): Promise<void> {
  if (message.status !== 'streaming') return
  await conversation.lease(message.id).then(
    (lease) => lease.release(),
    () => undefined,
  )
}

const reasonOf = (error: unknown): string =>
  error instanceof LeaseHeldError
    ? 'Another window is answering this already'
    : `Not answered: ${error instanceof Error ? error.message : String(error)}`

/** What can be done with the messages of a conversation that is open here. */
export function useMessageActions(conversation: OpenConversation): MessageActions {
  const { engine } = useServices()
  const toast = useToast()
  const { fork } = useConversationActions()
  return useMemo(() => {
    /** @returns whether it was taken; if not it is said why */
    const taken = (was: boolean): boolean => {
      if (!was) toast({ text: 'The answer is still being written. Wait for it, or stop it first.' })
      return was
    }
    const say = (work: Promise<boolean>) => {
      work.then(taken, (error: unknown) => toast({ text: reasonOf(error) }))
    }
    const restore = ({ id }: Message) => conversation.edit((doc) => restoreMessage(doc, { message: id }))
    return {
      retry: (message) => say(settle(conversation, message).then(() => engine.retry(conversation, message))),
      continue: (message) =>
        say(settle(conversation, message).then(() => engine.send(conversation, { text: 'Continue.', files: [] }))),
      resend: (message, text) => taken(engine.resend(conversation, message, text)),
      select: (messageId) => conversation.edit((doc) => selectAlternative(doc, messageId)),
      fork: (message) => fork(conversation, message.id),
      delete: (message) => {
        conversation.edit((doc) => deleteMessage(doc, { message: message.id, at: Date.now() }))
        toast({ text: 'Message deleted', action: { label: 'Undo', run: () => restore(message) } })
      },
      restore,
    }
  }, [engine, conversation, toast, fork])
}
