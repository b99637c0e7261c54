import { addMessage } from '@holdfast/conversation'
import type { AsideItem, OpenConversation, Store } from '@holdfast/store'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { render } from 'vitest-browser-react'
import {
  StoreProvider,
  useAside,
  useBlobUrl,
  useLease,
  useLeases,
  useListItem,
  usePurge,
  useStreamingMessage,
  useWaiting,
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

const draw = (element: React.ReactNode, of: Store = store) =>
  render(<StoreProvider store={of}>{element}</StoreProvider>)

function Waits() {
  const { conversations, files, behind } = useWaiting()
  const item = useListItem(conversation.id)
  return (
    <p>
      {conversations} conversations, {files} files, {behind} behind, {item ? item.status : 'not listed'}
    </p>
  )
}

test('useWaiting and useListItem say what the relay does not have yet', async () => {
  const screen = await draw(<Waits />)
  await expect.element(screen.getByText('1 conversations, 0 files, 0 behind, waiting')).toBeVisible()
  await store.blobs.put(new Uint8Array([1, 2, 3]), 'image/png')
  await expect.element(screen.getByText('1 conversations, 1 files, 0 behind, waiting')).toBeVisible()
})

function Row() {
  const item = useListItem(conversation.id)
  return <p>{item?.interrupted ? 'broke off' : item?.summary.streaming ? 'answering' : 'quiet'}</p>
}

test('W12 useListItem says of an answer that it goes on, and that it broke off', async () => {
  const screen = await draw(<Row />)
  await expect.element(screen.getByText('quiet')).toBeVisible()
  conversation.edit((doc) =>
    addMessage(doc, { id: 'answer', role: 'assistant', createdAt: Date.now(), status: 'streaming' }),
  )
  const writer = conversation.stream('answer')
  await expect.element(screen.getByText('answering')).toBeVisible()
  await writer.finish({ status: 'interrupted' })
  await expect.element(screen.getByText('broke off')).toBeVisible()
})

function Picture({ sha256 }: { readonly sha256: string }) {
  const address = useBlobUrl(sha256)
  if (address.state === 'ready') return <img src={address.url} alt="kelp" />
  return <p>{address.state === 'failed' ? address.error.message : 'loading'}</p>
}

test('useBlobUrl shows a blob from the device, and takes its address back on leaving', async () => {
  const { sha256 } = await store.blobs.put(new TextEncoder().encode('bytes'), 'text/plain')
  const screen = await draw(<Picture sha256={sha256} />)
  const image = screen.getByRole('img', { name: 'kelp' })
  await expect.element(image).toHaveAttribute('src', expect.stringContaining('blob:'))
  const url = image.element().getAttribute('src') ?? ''
  expect(await (await fetch(url)).text()).toBe('bytes')
  await screen.unmount()
  await expect(fetch(url)).rejects.toThrow()
})

test('useBlobUrl says why a blob cannot be shown', async () => {
  const screen = await draw(<Picture sha256={'0'.repeat(64)} />)
  await expect.element(screen.getByText('not on this device', { exact: false })).toBeVisible()
})

function Purge() {
  const purge = usePurge()
  const item = useListItem(conversation.id)
  return (
    <button type="button" onClick={() => void purge(conversation.id)}>
      {item ? item.summary.title : 'gone'}
    </button>
  )
}

test('usePurge deletes for good: the list has it no more', async () => {
  const screen = await draw(<Purge />)
  await screen.getByRole('button', { name: 'Tides' }).click()
  await expect.element(screen.getByRole('button', { name: 'gone' })).toBeVisible()
})

function Aside() {
  return (
    <ul>
      {useAside().map((item) => (
        <li key={item.key}>{item.title}</li>
      ))}
    </ul>
  )
}

test('useAside follows what is set aside', async () => {
  let items: readonly AsideItem[] = []
  const listeners = new Set<() => void>()
  const aside = {
    ...store.aside,
    get: () => items,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const screen = await draw(<Aside />, { ...store, aside: aside as Store['aside'] })
  const reason = { code: 'EPOCH_PURGED', message: 'deleted elsewhere' }
  items = [{ key: 'k', conversation: 'c', title: 'Left over', reason, at: 1 }]
  for (const tell of listeners) tell()
  await expect.element(screen.getByText('Left over')).toBeVisible()
})

function Answering({ of }: { readonly of: OpenConversation }) {
  const id = useStreamingMessage(of)
  const lease = useLease(of, id ?? '', id !== null)
  const leases = useLeases(of)
  return (
    <button type="button" onClick={lease.requestStop}>
      {id === null ? 'nothing' : lease.live ? (lease.mine ? 'mine' : `by ${lease.holder}`) : 'interrupted'} {lease.stop}{' '}
      {leases.length}
    </button>
  )
}

test('useLease: this window writes, and is stopped by asking', async () => {
  conversation.edit((doc) => addMessage(doc, { id: 'a', role: 'assistant', createdAt: 1, status: 'streaming' }))
  const writer = conversation.stream('a')
  const screen = await draw(<Answering of={conversation} />)
  await expect.element(screen.getByText('mine none 0')).toBeVisible()
  const stopped = new Promise((resolve) => writer.signal.addEventListener('abort', resolve, { once: true }))
  await screen.getByRole('button').click()
  await stopped
  await writer.finish({ status: 'cancelled' })
  await expect.element(screen.getByText('nothing none 0')).toBeVisible()
})

test('useLease: one that neither stops nor writes no longer counts as live, until it writes again', async () => {
  conversation.edit((doc) => addMessage(doc, { id: 'a', role: 'assistant', createdAt: 1, status: 'streaming' }))
  const writer = conversation.stream('a')
  const deaf = { ...conversation, requestStop: () => Promise.resolve() }
  const screen = await draw(<Answering of={deaf} />)
  await screen.getByRole('button').click()
  await expect.element(screen.getByText('mine asked 0')).toBeVisible()
  await expect.element(screen.getByText('interrupted unanswered 0'), { timeout: 8_000 }).toBeVisible()
  writer.text('still here')
  await expect.element(screen.getByText('mine none 0')).toBeVisible()
  await writer.finish({ status: 'complete' })
}, 15_000)
