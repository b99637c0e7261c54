import type { Conversation, FilePart, Message, PartInput } from '@holdfast/conversation'
import { addMessage, setTitle } from '@holdfast/conversation'
import type { OpenConversation, Readable, Store } from '@holdfast/store'
import type { Explained } from './explain-error.ts'
import { storeWriter } from './store-writer.ts'
import { titleFrom } from './title.ts'
import type { AnswerStream } from './write-answer.ts'
import { writeAnswer } from './write-answer.ts'

/** What answers: asked for when a turn begins, so that a change of the settings holds from the next turn on. */
export interface Answerer {
  /** Shown as who answered. */
  readonly name: string
  readonly provider: string
  readonly explain: (error: unknown) => Explained
  /** `conversation` is as it stood when the message `answerId` was begun in it; what is shown before that is asked. */
  readonly answer: (conversation: Conversation, answerId: string, signal: AbortSignal) => Promise<AnswerStream>
}

export interface EngineOptions {
  readonly store: Pick<Store, 'open' | 'create'>
  readonly answerer: () => Answerer
  /** The name a person gave themselves, or empty. */
  readonly author: () => string
  readonly now: () => number
  readonly newId: () => string
}

/** What a person asks: words, files, or both. */
export interface Question {
  readonly text: string
  readonly files: readonly QuestionFile[]
}

export type QuestionFile = Extract<PartInput, { type: 'file' }>

export interface Turn {
  readonly messageId: string
}

export interface Engine {
  /** The turns that this window is answering, by conversation. */
  readonly turns: Readable<ReadonlyMap<string, Turn>>
  /** Begins a conversation with a question; resolves with its id when the question is in it. */
  start(question: Question): Promise<string>
  /** @returns false, and nothing is changed, while this window is answering in that conversation; so do the next two */
  send(conversation: OpenConversation, question: Question): boolean
  /**
   * Answers the same question again; the new answer is an alternative to the old one.
   * Rejects with a `LeaseHeldError` when another window is answering that question again.
   */
  retry(conversation: OpenConversation, message: Message): Promise<boolean>
  /** Asks with other words; the new question is an alternative to the old one. */
  resend(conversation: OpenConversation, message: Message, text: string): boolean
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

  /** The message `messageId` is in the document already. */
  const answer = (conversation: OpenConversation, messageId: string, by: Answerer) => {
    const asked = conversation.get()
    const controller = new AbortController()
    const { signal } = controller
    const writer = conversation.stream(messageId)
    // Another window asks for it to stop, or has written its end.
    writer.signal.addEventListener('abort', () => controller.abort(writer.signal.reason), { once: true })
    const run = async () => {
      // A handle of its own: the answer goes on when the reader looks at another conversation.
      const own = await store.open(conversation.id)
      try {
        const finish = await writeAnswer({
          stream: lazily(() => by.answer(asked, messageId, signal)),
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

  const ask = (conversation: OpenConversation, { text, files }: Question, replaced: Message | null): boolean => {
    if (running.has(conversation.id)) return false
    const by = answerer()
    const data = conversation.get()
    const [questionId, answerId] = [newId(), newId()]
    const at = now()
    const name = author()
    conversation.edit((doc) => {
      addMessage(doc, {
        id: questionId,
        role: 'user',
        createdAt: at,
        parts: [...files, ...(text ? [{ type: 'text' as const, text }] : [])],
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
        setTitle(doc, { title: titleFrom(text || (files[0]?.filename ?? '')), by: 'automatic' })
    })
    answer(conversation, answerId, by)
    return true
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
    async start(question) {
      const conversation = await store.create({})
      ask(conversation, question, null)
      // Held until the answer has its own handle, so that the conversation is not closed in between.
      void running.get(conversation.id)?.done.then(() => conversation.close())
      return conversation.id
    },
    send: (conversation, question) => ask(conversation, question, null),
    resend: (conversation, message, text) => ask(conversation, { text, files: filesOf(message) }, message),
    async retry(conversation, message) {
      if (running.has(conversation.id)) return false
      // Under the lease of its question, so that two windows do not answer it again at once.
      const lease = await conversation.lease(message.parent ?? message.id)
      if (running.has(conversation.id)) {
        lease.release()
        return false
      }
      const by = answerer()
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
      answer(conversation, id, by)
      void running.get(conversation.id)?.done.then(() => lease.release())
      return true
    },
    stop: (conversationId) => running.get(conversationId)?.controller.abort(),
    async idle() {
      await Promise.all([...running.values()].map(({ done }) => done))
    },
  }
}

/** A question asked with other words is asked with the same files. */
function filesOf(message: Message): QuestionFile[] {
  return message.parts
    .filter((part) => part.type === 'file')
    .map(({ mediaType, filename, blob, url }: FilePart) => ({
      type: 'file',
      mediaType,
      ...(filename === null ? {} : { filename }),
      ...(blob === null ? {} : { blob }),
      ...(url === null ? {} : { url }),
    }))
}

/** So that a model that cannot even be loaded is an ending of the answer like any other. */
async function* lazily(open: () => Promise<AnswerStream>): AnswerStream {
  yield* await open()
}
