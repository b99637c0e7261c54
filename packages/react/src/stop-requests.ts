import type { OpenConversation, Readable } from '@holdfast/store'

/** `unanswered`: whoever was asked has neither stopped nor written for a while. */
export type StopState = 'none' | 'asked' | 'unanswered'

/** How long the window that writes has for stopping. In ms. */
const patience = 5_000

interface StopRequests {
  of(messageId: string): Readable<StopState>
  ask(messageId: string): void
}

const known = new WeakMap<OpenConversation, StopRequests>()

/** What was asked of other windows through this opening of a conversation: shared by everything that shows it. */
export function stopRequests(conversation: OpenConversation): StopRequests {
  const found = known.get(conversation) ?? createStopRequests(conversation)
  known.set(conversation, found)
  return found
}

function createStopRequests(conversation: OpenConversation): StopRequests {
  const states = new Map<string, StopState>()
  const listeners = new Set<() => void>()
  const set = (messageId: string, state: StopState) => {
    if (state === 'none') states.delete(messageId)
    else states.set(messageId, state)
    for (const listener of listeners) listener()
  }

  const ask = (messageId: string) => {
    if (states.get(messageId) === 'asked') return
    set(messageId, 'asked')
    const over = (state: StopState) => {
      clearTimeout(timer)
      unsubscribe()
      set(messageId, state)
      if (state === 'unanswered') listen()
    }
    // Who writes again after all was only slow, and is asked again if it is still to stop.
    const listen = () => {
      const off = conversation.subscribeMessage(messageId, () => {
        off()
        if (states.get(messageId) === 'unanswered') set(messageId, 'none')
      })
    }
    const unsubscribe = conversation.subscribeMessage(messageId, () => {
      if (conversation.getMessage(messageId)?.status !== 'streaming') over('none')
    })
    const timer = setTimeout(() => over('unanswered'), patience)
    // A request that cannot even be made is one that nobody answers.
    conversation.requestStop(messageId).catch(() => undefined)
  }

  return {
    ask,
    of: (messageId) => ({
      get: () => states.get(messageId) ?? 'none',
      subscribe: (listener) => {
        listeners.add(listener)
        return () => {
          listeners.delete(listener)
        }
      },
    }),
  }
}
