import type { OpenConversation, Store } from '@holdfast/store'
import { memoryPersistence, openStore } from '@holdfast/store'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Answerer, Engine } from '../src/answering/engine.ts'
import { createEngine } from '../src/answering/engine.ts'
import { promptOf } from '../src/answering/prompt.ts'
import type { AnswerStream } from '../src/answering/write-answer.ts'

/** A model that says what the test tells it to, when it tells it to. */
class ModelByHand implements Answerer {
  readonly name = 'by hand'
  readonly provider = 'test'
  readonly asked: string[][] = []
  #say: (delta: string | Error | null) => void = () => undefined
  #begun: () => void = () => undefined
  readonly #queue: (string | Error | null)[] = []

  explain = (error: unknown) => ({ code: 'BROKEN', message: String(error) })

  answer: Answerer['answer'] = async (conversation, answerId, signal) => {
    const messages = await promptOf(conversation, answerId, async () => null)
    this.asked.push(messages.map((message) => `${message.role}: ${JSON.stringify(message.content)}`))
    this.#begun()
    return this.#stream(signal) as unknown as AnswerStream
  }

  say(delta: string | Error | null): void {
    this.#queue.push(delta)
    this.#say(null)
  }

  begun(): Promise<void> {
    return new Promise((resolve) => {
      this.#begun = resolve
    })
  }

  async *#stream(signal: AbortSignal) {
    for (;;) {
      const next = this.#queue.shift()
      if (next === undefined) {
        await new Promise<void>((resolve, reject) => {
          this.#say = () => resolve()
          signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        })
      } else if (next === null) {
        const none = { inputTokens: 1, outputTokens: 1, inputTokenDetails: {}, outputTokenDetails: {} }
        yield { type: 'finish', finishReason: 'stop', totalUsage: none }
        return
      } else if (typeof next === 'string') yield { type: 'text-delta', id: 't', text: next }
      else throw next
    }
  }
}

let store: Store
let model: ModelByHand
let engine: Engine
let conversation: OpenConversation
let time = 1_000

beforeEach(async () => {
  store = await openStore({
    space: 'default',
    persistence: memoryPersistence(),
    channel: null,
    locks: null,
    persist: null,
  })
  model = new ModelByHand()
  engine = createEngine({
    store,
    answerer: () => model,
    author: () => 'Ann',
    now: () => ++time,
    newId: () => crypto.randomUUID(),
  })
  conversation = await store.create({})
})

afterEach(async () => {
  conversation.close()
  await store.close()
})

const shown = () =>
  conversation.get().messages.map((message) => {
    const text = message.parts.map((part) => ('text' in part ? part.text : part.type)).join('')
    return `${message.role} ${message.status} ${text}`
  })

const last = () => {
  const message = conversation.get().messages.at(-1)
  if (!message) throw new Error('nothing is shown')
  return message
}

async function chat(question: string, answer: string): Promise<void> {
  const begun = model.begun()
  engine.send(conversation, { text: question, files: [] })
  await begun
  model.say(answer)
  model.say(null)
  await engine.idle()
}

describe('a turn', () => {
  test('is a question and a streaming answer at once, then a complete one; the title comes from the question', async () => {
    const begun = model.begun()
    engine.send(conversation, { text: 'What holds fast?', files: [] })
    expect(shown()).toEqual(['user complete What holds fast?', 'assistant streaming '])
    expect(engine.turns.get().get(conversation.id)).toEqual({ messageId: last().id })
    await begun
    model.say('A holdfast')
    model.say(null)
    await engine.idle()
    expect(shown()).toEqual(['user complete What holds fast?', 'assistant complete A holdfast'])
    expect(conversation.get().meta).toMatchObject({ title: 'What holds fast?', titleBy: 'automatic' })
    expect(last()).toMatchObject({ model: 'by hand', finishReason: 'stop', usage: { input: 1, output: 1 } })
    expect(engine.turns.get().size).toBe(0)
  })

  test('O6 sends the model exactly what is shown', async () => {
    await chat('One', 'First')
    await chat('Two', 'Second')
    expect(model.asked[1]).toEqual([
      'user: [{"type":"text","text":"One"}]',
      'assistant: [{"type":"text","text":"First"}]',
      'user: [{"type":"text","text":"Two"}]',
    ])
  })

  test('that is stopped is cancelled and keeps what had arrived', async () => {
    const begun = model.begun()
    engine.send(conversation, { text: 'Long', files: [] })
    await begun
    model.say('Half')
    await expect.poll(() => shown().at(-1)).toBe('assistant streaming Half')
    engine.stop(conversation.id)
    await engine.idle()
    expect(shown().at(-1)).toBe('assistant cancelled Half')
  })

  test('that fails says why and keeps what had arrived', async () => {
    const begun = model.begun()
    engine.send(conversation, { text: 'Long', files: [] })
    await begun
    model.say('Half')
    model.say(new Error('gone'))
    await engine.idle()
    expect(shown().at(-1)).toBe('assistant error Half')
    expect(last().error).toEqual({ code: 'BROKEN', message: 'Error: gone' })
  })

  test('whose model cannot even be loaded fails like any other', async () => {
    model.answer = () => Promise.reject(new Error('no such file'))
    engine.send(conversation, { text: 'Anybody?', files: [] })
    await engine.idle()
    expect(last()).toMatchObject({ status: 'error', error: { code: 'BROKEN' } })
  })

  test('goes on when the reader closes the conversation', async () => {
    const id = await engine.start({ text: 'Hello', files: [] })
    model.say('Still here')
    model.say(null)
    await engine.idle()
    const again = await store.open(id)
    expect(again.get().messages.at(-1)).toMatchObject({ status: 'complete' })
    again.close()
  })
})

describe('alternatives', () => {
  test('O3 retry shows a second answer to the same question, asked with the same context', async () => {
    await chat('One', 'First')
    const begun = model.begun()
    engine.retry(conversation, last())
    await begun
    model.say('Better')
    model.say(null)
    await engine.idle()
    expect(shown()).toEqual(['user complete One', 'assistant complete Better'])
    expect(last().alternatives).toMatchObject({ count: 2, index: 1 })
    expect(model.asked[1]).toEqual(model.asked[0])
  })

  test('O3 resend shows another question with an answer of its own; a title set by the user stays', async () => {
    await chat('One', 'First')
    const question = conversation.get().messages[0]
    if (!question) throw new Error('no question')
    const begun = model.begun()
    engine.resend(conversation, question, 'Uno')
    await begun
    model.say('Primo')
    model.say(null)
    await engine.idle()
    expect(shown()).toEqual(['user complete Uno', 'assistant complete Primo'])
    expect(conversation.get().messages[0]?.alternatives).toMatchObject({ count: 2, continuedElsewhere: true })
    expect(model.asked[1]).toEqual(['user: [{"type":"text","text":"Uno"}]'])
    expect(conversation.get().meta.title).toBe('One')
  })
})

test('one turn at a time per conversation and window', async () => {
  const begun = model.begun()
  expect(engine.send(conversation, { text: 'One', files: [] })).toBe(true)
  expect(engine.send(conversation, { text: 'Two', files: [] })).toBe(false)
  const question = conversation.get().messages[0]
  if (!question) throw new Error('no question')
  // Whoever asks is told that it was not taken, so that the words are not let go.
  expect(engine.resend(conversation, question, 'Uno')).toBe(false)
  expect(await engine.retry(conversation, question)).toBe(false)
  expect(shown()).toHaveLength(2)
  await begun
  model.say(null)
  await engine.idle()
})
