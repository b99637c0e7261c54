import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { joinUpdates } from '@holdfast/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { badFrames } from '../src/relay/client/bad-frames.ts'
import { Having } from '../src/relay/client/having.ts'
import { written } from '../src/relay/client/script.ts'
import { ClientSocket, clientFrame } from '../src/relay/client/socket.ts'
import { STEP2, StockClient, syncFrame, type Target, UPDATE } from '../src/relay/client/stock.ts'
import { reach, typed } from '../src/relay/client/typist.ts'

let server: WebSocketServer
let port: number

beforeEach(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})

afterEach(async () => {
  for (const client of server.clients) client.terminate()
  server.close()
  await once(server, 'close')
})

describe('the client’s socket', () => {
  test.each([0, 1, 125, 126, 65_535, 65_536, 300_000])('sends and takes %i bytes', async (length) => {
    server.on('connection', (ws) => ws.on('message', (data) => ws.send(data)))
    const bytes = Uint8Array.from({ length }, (_, i) => i % 251)
    const back = await new Promise<Uint8Array>((resolve) => {
      const socket: ClientSocket = new ClientSocket(port, '/', {
        opened: () => socket.send(clientFrame(bytes)),
        message: (message) => resolve(message.slice()),
        closed: () => undefined,
      })
    })
    expect(Buffer.compare(back, bytes)).toBe(0)
  })

  test('puts fragments together, several messages of one chunk apart, answers pings, and says with what it was closed', async () => {
    server.on('connection', (ws: WebSocket, request) => {
      request.socket.cork()
      ws.send(Uint8Array.of(1), { fin: false })
      ws.ping()
      ws.send(Uint8Array.of(2), { fin: false })
      ws.send(Uint8Array.of(3), { fin: true })
      ws.send(Uint8Array.of(4))
      request.socket.uncork()
      ws.on('pong', () => ws.close(4_403))
    })
    const messages: number[][] = []
    const code = await new Promise<number | null>((resolve) => {
      new ClientSocket(port, '/', { message: (message) => messages.push([...message]), closed: resolve })
    })
    expect(messages).toEqual([[1, 2, 3], [4]])
    expect(code).toBe(4_403)
  })
})

describe('the stock client', () => {
  test.each(['stock', 'hocuspocus'] as const)('finds updates in the %s dialect', async (dialect) => {
    const target: Target = { port: 0, before: '/', after: '', dialect, answers: true }
    const [update] = typed(1, 7)
    server.on('connection', (ws) => {
      // A server's frame is a client's without the mask.
      for (const kind of [STEP2, UPDATE]) ws.send(syncFrame(target, 'a', kind, update!).subarray(6))
    })
    const kinds: number[] = []
    await new Promise<void>((resolve) => {
      new StockClient({ ...target, port }, 'a', {
        update(came, kind) {
          expect([...came]).toEqual([...update!])
          kinds.push(kind)
          if (kinds.length === 2) resolve()
        },
      })
    })
    expect(kinds).toEqual([STEP2, UPDATE])
  })
})

describe('what is written', () => {
  test('how far a typist has come is read from single updates and from joined ones', () => {
    const updates = typed(300, 0xffffffff)
    expect(updates.map(reach)).toEqual(updates.map((_, i) => i + 1))
    expect(reach(joinUpdates(updates.slice(0, 200)))).toBe(200)
    expect(reach(joinUpdates(updates.slice(100, 300)))).toBe(300)
  })

  test.each([
    { kind: 'chat', number: 3, messages: 4 } as const,
    { kind: 'streamed', number: 3, messages: 4, tokens: 40 } as const,
  ])('$kind: is had when all of its updates are, and not before', (script) => {
    const { updates, stateVector, state } = written(script)
    const having = new Having()
    for (const update of updates) {
      expect(having.covers(stateVector)).toBe(false)
      having.take(update)
    }
    expect(having.covers(stateVector)).toBe(true)
    expect(written(script).state).toEqual(state)
  })

  test('bad frames come from their seed', () => {
    const target: Target = { port: 0, before: '', after: '', dialect: 'stock', answers: true }
    const first = [...badFrames(target, 'a', 1, 30)].map((frame) => frame.length)
    expect([...badFrames(target, 'a', 1, 30)].map((frame) => frame.length)).toEqual(first)
    expect([...badFrames(target, 'a', 2, 30)].map((frame) => frame.length)).not.toEqual(first)
  })
})
