import type { CallRef, Conversation, Message, SubagentRef, ToolState } from '@holdfast/conversation'
import type { Random } from '@holdfast/testkit'
import type * as Y from 'yjs'

/** One person's hand on one conversation for the length of one edit. */
export interface Hand {
  readonly doc: Y.Doc
  readonly random: Random
  /** What is shown, before the edit. */
  readonly shown: Conversation
  /** Every message, hidden ones too. */
  readonly messages: readonly Message[]
  readonly calls: readonly (CallRef & { readonly state: ToolState })[]
  readonly subagents: readonly SubagentRef[]
  /** An id that nobody else has. */
  id(): string
  /** A text that is written once in the whole run, so that what is lost or doubled shows. */
  token(): string
  /** Now, give or take a moment: clocks of machines differ. */
  at(): number
  /** Does it to one of them; false when there is none. */
  on<T>(items: readonly T[], edit: (item: T) => void): boolean
}

export interface HandOptions {
  readonly doc: Y.Doc
  readonly shown: Conversation
  readonly random: Random
  readonly now: number
  readonly serial: () => number
  readonly wrote: (token: string) => void
}

export function handOf({ doc, shown, random, now, serial, wrote }: HandOptions): Hand {
  const messages = [...shown.messages, ...shown.hidden]
  const calls = messages.flatMap(({ id, parts }) =>
    parts.flatMap((part) => (part.type === 'tool-call' ? [{ message: id, callId: part.callId, part }] : [])),
  )
  return {
    doc,
    random,
    shown,
    messages,
    calls: calls.map(({ message, callId, part }) => ({ message, callId, state: part.state })),
    subagents: calls.flatMap(({ message, callId, part }) =>
      part.children.map(({ id }) => ({ message, callId, subagent: id })),
    ),
    id: () => `n${serial()}`,
    token: () => {
      const token = `<${serial()}>`
      wrote(token)
      return token
    },
    at: () => now + random.int(2_000) - 1_000,
    on: (items, edit) => {
      if (items.length === 0) return false
      edit(random.pick(items))
      return true
    },
  }
}
