import { addMessage, setPinned, setTitle } from '@holdfast/conversation'
import type { OpenConversation, Store } from '@holdfast/store'
import { StrictMode } from 'react'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { render } from 'vitest-browser-react'
import {
  StoreProvider,
  useConversation,
  useConversationData,
  useConversations,
  useDraft,
  useMessage,
  useMessages,
  usePresence,
  useStatus,
  useStoreStatus,
} from '../src/index.ts'
import { openMemoryStore } from './open-memory-store.ts'

let store: Store
let conversation: OpenConversation

beforeEach(async () => {
  store = await openMemoryStore()
  conversation = await store.create({ title: 'Tides' })
})

afterEach(async () => {
  conversation.close()
  await store.close()
})

function say(id: string, text: string, status: 'complete' | 'streaming' = 'complete') {
  conversation.edit((doc) =>
    addMessage(doc, { id, role: 'assistant', createdAt: 1, status, parts: text ? [{ type: 'text', text }] : [] }),
  )
}

const renders: Record<string, number> = {}
const count = (name: string) => {
  renders[name] = (renders[name] ?? 0) + 1
}

const textOf = (parts: readonly { type: string }[]) =>
  parts.map((part) => ('text' in part ? String(part.text) : '')).join('')

function One({ id }: { readonly id: string }) {
  const message = useMessage(conversation, id)
  count(id)
  return <p data-testid={id}>{message ? textOf(message.parts) : 'gone'}</p>
}

function Log() {
  const ids = useMessages(conversation)
  count('log')
  return ids.map((id) => <One key={id} id={id} />)
}

function Title({ of }: { readonly of: OpenConversation }) {
  count('title')
  return <h1>{useConversationData(of, (data) => data.meta.title)}</h1>
}

function Page({ id }: { readonly id: string }) {
  const opening = useConversation(id)
  return opening.state === 'open' ? <Title of={opening.conversation} /> : <p>{opening.state}</p>
}

function List() {
  return (
    <ul>
      {useConversations().map(({ id, summary }) => (
        <li key={id}>
          {summary.title}
          {summary.pinned && ' pinned'}
        </li>
      ))}
    </ul>
  )
}

function Line() {
  const status = useStatus(conversation)
  const relay = useStoreStatus().relay
  const self = usePresence(conversation).find((peer) => peer.self)
  return (
    <p>
      {status.kind} {relay} {String(self?.state.typing ?? 'silent')}
    </p>
  )
}

function Field() {
  const draft = useDraft(conversation)
  return <input aria-label="Draft" value={draft.text} onChange={(event) => draft.set(event.target.value)} />
}

test('while one message streams, only it renders again', async () => {
  say('a', 'first')
  say('b', 'second')
  say('c', '', 'streaming')
  const screen = await render(
    <>
      <Title of={conversation} />
      <Log />
    </>,
  )
  await expect.element(screen.getByTestId('b')).toHaveTextContent('second')
  const before = { ...renders }
  const writer = conversation.stream('c')
  for (let i = 0; i < 20; i++) {
    writer.text(`${i} `)
    await writer.flush()
  }
  await expect.poll(() => screen.getByTestId('c').element().textContent).toContain('18 19')
  expect(renders.c).toBeGreaterThan(before.c ?? 0)
  expect({ ...renders, c: 0 }).toEqual({ ...before, c: 0 })
  await writer.finish({ completedAt: 2 })
  await expect.poll(() => conversation.getMessage('c')?.status).toBe('complete')
  expect({ ...renders, c: 0 }).toEqual({ ...before, c: 0 })
})

test('useConversation opens, gives back on leaving, and survives StrictMode', async () => {
  const screen = await render(
    <StrictMode>
      <StoreProvider store={store}>
        <Page id={conversation.id} />
      </StoreProvider>
    </StrictMode>,
  )
  await expect.element(screen.getByRole('heading', { name: 'Tides' })).toBeVisible()
  conversation.edit((doc) => setTitle(doc, { title: 'Moons', by: 'user' }))
  await expect.element(screen.getByRole('heading', { name: 'Moons' })).toBeVisible()
  await screen.unmount()
})

test('useConversations follows the list', async () => {
  const screen = await render(
    <StoreProvider store={store}>
      <List />
    </StoreProvider>,
  )
  await expect.element(screen.getByText('Tides')).toBeVisible()
  conversation.edit((doc) => setPinned(doc, true))
  await expect.element(screen.getByText('Tides pinned')).toBeVisible()
  const second = await store.create({ title: 'Second' })
  await expect.element(screen.getByText('Second')).toBeVisible()
  second.close()
})

test('useStatus, useStoreStatus and usePresence say what the store says', async () => {
  const screen = await render(
    <StoreProvider store={store}>
      <Line />
    </StoreProvider>,
  )
  await expect.element(screen.getByText('saved none silent')).toBeVisible()
  conversation.presence.setLocal({ typing: true })
  await expect.element(screen.getByText('saved none true')).toBeVisible()
})

test('useDraft keeps what was typed with the conversation', async () => {
  const first = await render(<Field />)
  await first.getByLabelText('Draft').fill('half a thought')
  await first.unmount()
  const second = await render(<Field />)
  await expect.element(second.getByLabelText('Draft')).toHaveValue('half a thought')
})
