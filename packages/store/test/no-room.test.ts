import { addMessage } from '@holdfast/conversation'
import { expect, test } from 'vitest'
import type { OpenConversation, Store } from '../src/types.ts'
import { onRelay } from './devices.ts'
import type { RelayHarness } from './relay-harness.ts'
import { relayPerTest } from './relay-per-test.ts'
import { until } from './world.ts'

let relay: RelayHarness
const { device } = relayPerTest((fresh) => {
  relay = fresh
})

async function limit(limits: RelayHarness['limits']): Promise<void> {
  await relay.stop()
  relay.limits = limits
  await relay.start()
}

function write(conversation: OpenConversation, id: string, length = 3): void {
  const parts = [{ type: 'text' as const, text: 'x'.repeat(length) }]
  conversation.edit((doc) => addMessage(doc, { id, role: 'user', createdAt: Date.now(), parts }))
}

const isRefused = (code: string) => (now: ReturnType<OpenConversation['status']['get']>) =>
  now.kind === 'saved' && now.relay === 'refused' && now.reason?.code === code

async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

/** A space of which one conversation takes all the room. */
async function fullSpace(): Promise<{ store: Store; large: OpenConversation }> {
  await limit({ spaceQuota: 20_000 })
  const store = await device().open()
  const large = await store.create({ title: 'Large' })
  write(large, 'all', 30_000)
  await large.sent()
  return { store, large }
}

test('C57 edits that a full space does not take wait, are said why, are set aside nowhere, and go when there is room', async () => {
  const { store, large } = await fullSpace()
  const conversation = await store.create({ title: 'One more' })
  write(conversation, 'm')
  await until(conversation.status, isRefused('SPACE_FULL'))
  expect(store.status.get()).toMatchObject({ relay: 'connected', notTaken: { code: 'SPACE_FULL' } })
  expect(store.aside.get()).toEqual([])
  large.close()
  await store.purge(large.id)
  await until(store.list, (items) => items.length === 1)
  await conversation.sent()
  expect((await onRelay(relay.log, conversation.id)).getMap('messages').has('m')).toBe(true)
  expect((await until(store.status, ({ waiting }) => waiting === 0)).notTaken).toBeUndefined()
  expect(store.aside.get()).toEqual([])
})

test('C57 so do those of a conversation that nobody has open, at once when asked to retry', async () => {
  const { store, large } = await fullSpace()
  const conversation = await store.create({ title: 'One more' })
  write(conversation, 'm')
  await conversation.saved()
  conversation.close()
  await until(store.status, ({ notTaken }) => notTaken?.code === 'SPACE_FULL')
  large.close()
  await store.purge(large.id)
  await eventually(() => {
    store.retry()
    return store.status.get().waiting === 0
  })
  expect(store.status.get().notTaken).toBeUndefined()
  expect(store.aside.get()).toEqual([])
})

test('C57 a conversation that is as large as one may be says so, and stays on the device', async () => {
  await limit({ documentBytes: 20_000 })
  const store = await device().open()
  const conversation = await store.create({ title: 'Long' })
  write(conversation, 'all', 30_000)
  await conversation.sent()
  write(conversation, 'more')
  const status = await until(conversation.status, isRefused('DOCUMENT_FULL'))
  expect(status).toMatchObject({ reason: { message: expect.stringContaining('as large as the relay takes') } })
  await conversation.saved()
  expect(conversation.get().messages).toHaveLength(2)
  expect(store.aside.get()).toEqual([])
})
