import { afterEach, beforeEach, expect, test } from 'vitest'
import { memoryPersistence } from '../src/persistence/memory.ts'
import { openStore } from '../src/store.ts'
import type { Store } from '../src/types.ts'
import { onRelay, say } from './devices.ts'
import { type RelayHarness, startRelay, WebSocketOfNode } from './relay-harness.ts'
import { until } from './world.ts'

let relay: RelayHarness
let store: Store | null = null
beforeEach(async () => {
  relay = await startRelay()
})
afterEach(async () => {
  await store?.close()
  store = null
  await relay.close()
})

test('L13 what a full space refuses stays on the device, is said, and goes by itself when there is room', async () => {
  await relay.stop()
  relay.limits = { spaceQuota: 6_000 }
  await relay.start()
  store = await openStore({
    space: 'default',
    persistence: memoryPersistence(),
    relay: relay.address,
    WebSocket: WebSocketOfNode,
    // The first wait is three hundredths of a second.
    random: { next: () => 0.001, bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
  })
  const large = await store.create({ title: 'Large' })
  say(large, 'x'.repeat(6_000))
  await large.sent()
  const small = await store.create({ title: 'Small' })
  say(small, 'not yet')
  const refused = await until(small.status, (status) => status.kind === 'saved' && status.relay === 'refused')
  expect(refused).toMatchObject({
    kind: 'saved',
    reason: { code: 'SPACE_FULL', message: expect.stringContaining('no more room') },
  })
  // Reading goes on: what is on the relay is there for others.
  expect((await onRelay(relay.log, large.id)).getMap('messages').size).toBe(1)
  await relay.log.purge({ space: 'default', document: large.id })
  await until(small.status, (status) => status.kind === 'saved' && status.relay === 'synced')
  expect((await onRelay(relay.log, small.id)).getMap('messages').size).toBe(1)
  expect(store.status.get().aside).toBe(0)
})
