import { CLOSE, type ClientFrame, decodeClientFrame } from '@holdfast/protocol'
import { describe, expect, test } from 'vitest'
import { statusText } from '../src/status-text.ts'
import type { OpenConversation, Reason, Store } from '../src/types.ts'
import { onRelay, relayOf, say } from './devices.ts'
import { type RelayHarness, WebSocketOfNode } from './relay-harness.ts'
import { relayPerTest } from './relay-per-test.ts'
import { until } from './world.ts'

let relay: RelayHarness
const { device } = relayPerTest((fresh) => {
  relay = fresh
})

/** The relay goes and comes back with these limits, and the store has noticed both. */
async function comesBack(store: Store, limits: RelayHarness['limits'] = {}): Promise<void> {
  await relay.stop()
  await until(store.status, ({ relay }) => relay === 'offline')
  relay.limits = limits
  await relay.start()
  store.retry()
  await until(store.status, ({ relay }) => relay === 'connected')
}

interface Sent {
  readonly frame: ClientFrame
  /** How often something had been waited for on that socket by then: 0 behind the opening, 1 behind what came for that, ... */
  readonly trip: number
}

/** What each socket of a store sent, and how it ended. */
function watchedSockets() {
  const sockets: { readonly sent: Sent[]; code: number | null; reason: string }[] = []
  class Watched extends WebSocketOfNode {
    constructor(url: string) {
      super(url)
      const record = { sent: [] as Sent[], code: null as number | null, reason: '' }
      let trip = 0
      let isAsking = false
      this.addEventListener('message', () => {
        if (isAsking) trip += 1
        isAsking = false
      })
      this.addEventListener('close', ({ code, reason }) => Object.assign(record, { code, reason }))
      const send = this.send.bind(this)
      this.send = (data) => {
        const frame = decodeClientFrame(new Uint8Array(data as ArrayBuffer))
        if (frame.kind !== 'garbage') record.sent.push({ frame, trip })
        isAsking = true
        send(data)
      }
      sockets.push(record)
    }
  }
  return { WebSocket: Watched as typeof WebSocket, sockets }
}

async function opened(store: Store, count: number): Promise<OpenConversation[]> {
  const conversations: OpenConversation[] = []
  for (let i = 0; i < count; i++) {
    const conversation = await store.create({ title: `Number ${i}` })
    say(conversation, `text ${i}`)
    conversations.push(conversation)
  }
  for (const conversation of conversations) await conversation.sent()
  return conversations
}

async function synced(conversations: readonly OpenConversation[]): Promise<void> {
  for (const conversation of conversations) await until(conversation.status, () => relayOf(conversation) === 'synced')
}

function reasonsOf(store: Store): Reason[] {
  const reasons: Reason[] = []
  store.status.subscribe(() => {
    const { reason } = store.status.get()
    if (reason !== undefined && reasons.at(-1)?.code !== reason.code) reasons.push(reason)
  })
  return reasons
}

describe('coming back', () => {
  test.each([
    [15, 15],
    [40, 15],
  ])('C19 with %i open conversations %i are opened with the hello, the rest with the welcome', async (count, early) => {
    const { WebSocket, sockets } = watchedSockets()
    const store = await device().open({ WebSocket })
    const conversations = await opened(store, count)
    sockets.length = 0
    await comesBack(store)
    await synced(conversations)
    const { sent } = sockets.findLast(({ sent }) => sent.length > 0)!
    const ahead = sent.filter(({ trip }) => trip === 0).map(({ frame }) => frame.kind)
    expect(ahead).toEqual(['hello', ...Array.from({ length: early }, () => 'open')])
    const opens = sent.filter(({ frame }) => frame.kind === 'open')
    expect(opens.map(({ trip }) => trip)).toEqual(Array.from({ length: count }, (_, i) => (i < early ? 0 : 1)))
    expect(relay.metrics()).not.toContain('TOO_EARLY')
  })

  test('C19 a relay that takes less ahead closes once, and then is greeted before anything is opened', async () => {
    const { WebSocket, sockets } = watchedSockets()
    const store = await device().open({ WebSocket })
    const conversations = await opened(store, 8)
    const reasons = reasonsOf(store)
    sockets.length = 0
    await comesBack(store, { earlyMessages: 3 })
    await synced(conversations)
    expect(sockets.filter(({ code }) => code === CLOSE.TOO_EARLY)).toHaveLength(1)
    expect(reasons).toContainEqual({
      code: 'TOO_EARLY',
      message: 'the relay wants to be greeted before more is sent; it is tried again so',
    })
    expect(sockets.at(-1)!.sent.filter(({ trip }) => trip === 0)).toMatchObject([{ frame: { kind: 'hello' } }])
    expect(relay.metrics()).toContain('holdfast_refusals_total{reason="TOO_EARLY"} 1\n')
  })
})

describe('sending more than the relay reads', () => {
  test('C70 is told as a reason, loses nothing, and goes on with the rest by itself', async () => {
    const { WebSocket, sockets } = watchedSockets()
    const store = await device().open({ WebSocket })
    await comesBack(store, { messageRate: 100, ratePatience: 0 })
    const conversation = await store.create({ title: 'A flood' })
    await conversation.sent()
    const reasons = reasonsOf(store)
    for (let i = 0; i < 600; i++) {
      say(conversation, `text ${i}`)
      if (i % 50 === 0) await conversation.saved()
    }
    await conversation.sent()
    await until(store.status, ({ relay, waiting }) => relay === 'connected' && waiting === 0)
    expect(statusText(conversation.status.get())).toBe('Saved on this device · Synced')
    expect((await onRelay(relay.log, conversation.id)).getMap('messages').size).toBe(600)
    const closed = sockets.filter(({ code }) => code === CLOSE.TOO_FAST)
    expect(closed.length).toBeGreaterThan(0)
    expect(closed[0]!.reason).toBe('more than 100 messages a second for 0 s: send more slowly, and come again')
    expect(reasons).toContainEqual({
      code: 'TOO_FAST',
      message: 'this device sent more at once than the relay takes; it goes on with the rest in a moment',
    })
    expect(relay.metrics()).toContain(`holdfast_refusals_total{reason="TOO_FAST"} ${closed.length}\n`)
  })

  test('C70 over the stock endpoint too', async () => {
    relay.old = true
    await relay.stop()
    relay.limits = { messageRate: 100, ratePatience: 0 }
    await relay.start()
    const store = await device().open()
    const conversation = await store.create({ title: 'A flood' })
    await conversation.sent()
    const reasons = new Set<string>()
    conversation.status.subscribe(() => {
      const status = conversation.status.get()
      if (status.kind === 'saved' && status.relay === 'offline') reasons.add(status.reason?.code ?? '')
    })
    for (let i = 0; i < 600; i++) {
      say(conversation, `text ${i}`)
      if (i % 50 === 0) await conversation.saved()
    }
    await conversation.sent()
    expect(statusText(conversation.status.get())).toBe('Saved on this device · Sent to relay')
    expect((await onRelay(relay.log, conversation.id)).getMap('messages').size).toBe(600)
    expect([...reasons]).toEqual(['TOO_FAST'])
    expect(relay.metrics()).toMatch(/holdfast_refusals_total\{reason="TOO_FAST"\} [1-9]/)
  })
})
