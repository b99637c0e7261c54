import type { Message } from '@holdfast/conversation'
import { addMessage, setTitle } from '@holdfast/conversation'
import type { OpenConversation, Readable, Store } from '@holdfast/store'
import type { ModelMessage } from 'ai'
import type { Explained } from './explain-error.ts'
import { storeWriter } from './store-writer.ts'
import { titleFrom } from './title.ts'
import { toModelMessages } from './to-model-messages.ts'
import type { AnswerStream } from './write-answer.ts'
import { writeAnswer } from './write-answer.ts'

/** What answers: asked for when a turn begins, so that a change of the settings holds from the next turn on. */
export interface Answerer {
  /** Shown as who answered. */
  readonly name: string
  readonly provider: string
  readonly explain: (error: unknown) => Explained
  readonly answer: (messages: readonly ModelMessage[], signal: AbortSignal) => Promise<AnswerStream>
}

export interface EngineOptions {
  readonly store: Pick<Store, 'open' | 'create'>
  readonly answerer: () => Answerer
  /** The name a person gave themselves, or empty. */
  readonly author: () => string
  readonly now: () => number
  readonly newId: () => string
}

export interface Turn {
  readonly messageId: string
}

export interface Engine {
  /** The turns that this window is answering, by conversation. */
  readonly turns: Readable<ReadonlyMap<string, Turn>>
  /** Begins a conversation with a question; resolves with its id when the question is in it. */
  start(text: string): Promise<string>
  send(conversation: OpenConversation, text: string): void
  /** Answers the same question again; the new answer is an alternative to the old one. */
  retry(conversation: OpenConversation, message: Message): void
  /** Asks with other words; the new question is an alternative to the old one. */
  resend(conversation: OpenConversation, message: Message, text: string): void
  stop(conversationId: string): void
  /** Resolves when no turn is running. */
  idle(): Promise<void>
}

interface Running extends Turn {
  readonly controller: AbortController
  readonly done: Promise<void>
}

/** The turn logic: question, streaming answer, and each of its endings. One turn per conversation and window. */
export function createEngine({ store, answerer, author, now, newId }: EngineOptions): Engine {
  const running = new Map<string, Running>()
  const listeners = new Set<() => void>()
  let snapshot: ReadonlyMap<string, Turn> = new Map()

  const changed = () => {
    snapshot = new Map([...running].map(([id, { messageId }]) => [id, { messageId }]))
    for (const listener of listeners) listener()
  }

  /** `context` is what the model sees; the message `messageId` is in the document already. */
  const answer = (conversation: OpenConversation, messageId: string, context: readonly Message[], by: Answerer) => {
    const controller = new AbortController()
    const { signal } = controller
    const writer = conversation.stream(messageId)
    const run = async () => {
      // A handle of its own: the answer goes on when the reader looks at another conversation.
      const own = await store.open(conversation.id)
      try {
        const finish = await writeAnswer({
          stream: lazily(() => by.answer(toModelMessages(context), signal)),
          writer: storeWriter(writer),
          signal,
          now,
          explain: by.explain,
        })
        await writer.finish(finish)
      } finally {
        own.close()
      }
    }
    // A device that cannot write says so itself, through the conversation's status; the text stays in memory.
    const done = run()
      .catch(() => undefined)
      .then(() => {
        running.delete(conversation.id)
        changed()
      })
    running.set(conversation.id, { messageId, controller, done })
    changed()
  }

  const ask = (conversation: OpenConversation, text: string, replaced: Message | null) => {
    if (running.has(conversation.id)) return
    const by = answerer()
    const data = conversation.get()
    const before = replaced ? upTo(data.messages, replaced.id) : data.messages
    const [questionId, answerId] = [newId(), newId()]
    const at = now()
    const name = author()
    conversation.edit((doc) => {
      addMessage(doc, {
        id: questionId,
        role: 'user',
        createdAt: at,
        parts: [{ type: 'text', text }],
        ...(replaced
          ? { replaces: replaced.id, parent: replaced.parent }
          : { parent: data.messages.at(-1)?.id ?? null }),
        ...(name ? { author: { name } } : {}),
      })
      addMessage(doc, {
        id: answerId,
        role: 'assistant',
        createdAt: at,
        answers: questionId,
        status: 'streaming',
        model: by.name,
        provider: by.provider,
      })
      if (data.meta.title === '' && data.meta.titleBy !== 'user')
        setTitle(doc, { title: titleFrom(text), by: 'automatic' })
    })
    const question = conversation.getMessage(questionId)
    answer(conversation, answerId, question ? [...before, question] : before, by)
  }

  return {
    turns: {
      get: () => snapshot,
      subscribe: (listener) => {
        listeners.add(listener)
        return () => {
          listeners.delete(listener)
        }
      },
    },
    async start(text) {
      const conversation = await store.create({})
      ask(conversation, text, null)
      // Held until the answer has its own handle, so that the conversation is not closed in between.
      void running.get(conversation.id)?.done.then(() => conversation.close())
      return conversation.id
    },
    send: (conversation, text) => ask(conversation, text, null),
    resend: (conversation, message, text) => ask(conversation, text, message),
    retry(conversation, message) {
      if (running.has(conversation.id)) return
      const by = answerer()
      const context = upTo(conversation.get().messages, message.id)
      const id = newId()
      conversation.edit((doc) => {
        addMessage(doc, {
          id,
          role: 'assistant',
          createdAt: now(),
          replaces: message.id,
          parent: message.parent,
          status: 'streaming',
          model: by.name,
          provider: by.provider,
        })
      })
      answer(conversation, id, context, by)
    },
    stop: (conversationId) => running.get(conversationId)?.controller.abort(),
    async idle() {
      await Promise.all([...running.values()].map(({ done }) => done))
    },
  }
}

function upTo(messages: readonly Message[], id: string): readonly Message[] {
  const index = messages.findIndex((message) => message.id === id)
  return index < 0 ? messages : messages.slice(0, index)
}

/** So that a model that cannot even be loaded is an ending of the answer like any other. */
async function* lazily(open: () => Promise<AnswerStream>): AnswerStream {
  yield* await open()
}
