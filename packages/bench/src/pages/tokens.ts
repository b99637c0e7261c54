import { seededRandom } from '@holdfast/testkit'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { afterThisFrame } from './watch.ts'

/*
 * Tokens that say which they are, so that the window that writes one and the window that shows it can each note when.
 * Both are on one machine, so both read one clock.
 */

/** In ms since the epoch, finer than Date.now() gives it. */
const now = (): number => performance.timeOrigin + performance.now()

/** How far this page's fine clock is from the machine's. In ms; a clock that was set since the page began is off by that. */
export function clockError(): number {
  return Math.abs(now() - Date.now())
}

const word = (number: number): string => `${String(number).padStart(6, '0')}t `

export interface Stream {
  /** The number of the first token; the rest follow. */
  readonly first: number
  readonly count: number
  /** Ms between two tokens, on average. Each gap is drawn anew, so that no frame rate keeps step with it. */
  readonly gap: number
}

/** Says one token after another, and gives when it said each. */
async function speak({ first, count, gap }: Stream, say: (token: string) => void): Promise<number[]> {
  const random = seededRandom(first)
  const said: number[] = []
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setTimeout(resolve, gap * (0.5 + random.next())))
    said.push(now())
    say(word(first + i))
  }
  return said
}

let answering: { readonly stream: Stream; readonly done: (said: number[]) => void } | null = null

/**
 * Stands in for a model behind an OpenAI-compatible endpoint: the page asks with `fetch`, and the answer's tokens come
 * as chunks of its body. All after that (the AI SDK, the store, both disks, both sockets) is the app's own.
 */
export function installModel(endpoint: string): void {
  const elsewhere = globalThis.fetch
  globalThis.fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    return url.startsWith(endpoint) ? Promise.resolve(answerOf()) : elsewhere(input, init)
  }
}

/** The next question is answered with these tokens. Resolves with when each was said. */
export function answerNext(stream: Stream): Promise<number[]> {
  const { promise, resolve } = Promise.withResolvers<number[]>()
  answering = { stream, done: resolve }
  return promise
}

function answerOf(): Response {
  if (!answering) throw new Error('a question came that the benchmark did not ask')
  const { stream, done } = answering
  answering = null
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const chunk = (delta: object, finish: string | null) => {
        const choices = [{ index: 0, delta, finish_reason: finish }]
        const said = { id: 'answer', object: 'chat.completion.chunk', created: 1, model: 'tokens', choices }
        controller.enqueue(encoder.encode(`data: ${JSON.stringify(said)}\n\n`))
      }
      const said = await speak(stream, (token) => chunk({ role: 'assistant', content: token }, null))
      chunk({}, 'stop')
      controller.enqueue(encoder.encode('data: [DONE]\n\n'))
      controller.close()
      done(said)
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

/** Resolves with when each of these tokens was on this page's screen. */
export function tokensSeen(selector: string, { first, count }: Stream): Promise<number[]> {
  const { promise, resolve } = Promise.withResolvers<number[]>()
  const seen: number[] = []
  let drawing = 0
  const look = () => {
    const last = [...document.querySelectorAll(selector)].at(-1)?.textContent ?? ''
    const newest = last.match(/\d{6}(?=t)/g)?.at(-1)
    const shown = newest === undefined ? 0 : Number(newest) - first + 1
    if (shown <= drawing) return
    drawing = Math.min(shown, count)
    const upTo = drawing
    requestAnimationFrame(() =>
      afterThisFrame(() => {
        while (seen.length < upTo) seen.push(now())
        if (seen.length < count) return
        observer.disconnect()
        resolve(seen)
      }),
    )
  }
  const observer = new MutationObserver(look)
  observer.observe(document, { subtree: true, childList: true, characterData: true })
  return promise
}

const stock: { text: Y.Text | null } = { text: null }

/** The reference: a stock provider over a bare text, and an element that shows it. */
export async function joinStock(url: string): Promise<void> {
  const doc = new Y.Doc()
  const text = doc.getText('text')
  const shown = document.body.appendChild(document.createElement('article'))
  text.observe(() => {
    shown.textContent = text.toString()
  })
  const provider = new WebsocketProvider(url, 'bench', doc, { disableBc: true })
  await new Promise((resolve) => provider.once('sync', resolve))
  stock.text = text
}

export function writeStock(stream: Stream): Promise<number[]> {
  const { text } = stock
  if (!text) throw new Error('this page has not joined')
  return speak(stream, (token) => text.insert(text.length, token))
}
