import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { addMessage } from '@holdfast/conversation'
import { CLOSE } from '@holdfast/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { memoryPersistence } from '../src/persistence/memory.ts'
import { openStore } from '../src/store.ts'
import type { Store } from '../src/types.ts'
import { WebSocketOfNode } from './relay-harness.ts'
import { until } from './world.ts'

let server: Server | null = null
let store: Store | null = null
afterEach(async () => {
  await store?.close()
  server?.closeAllConnections()
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))
})

/** A relay without `/sync` that lets everybody in and closes every document with this code. */
async function relayThatCloses(code: number): Promise<{ url: string; connections(): number; next(): Promise<void> }> {
  const http = createServer((request, response) => {
    if (request.url?.startsWith('/access/')) response.end(JSON.stringify({ role: 'write' }))
    else if (request.url?.startsWith('/sync/')) response.writeHead(404).end()
    // The feed has no news, ever.
  })
  server = http
  let connections = 0
  let onConnection: () => void = () => undefined
  const sockets = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    if (request.url?.startsWith('/sync/')) {
      socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      connections++
      accepted.close(code, 'for a test')
      onConnection()
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    connections: () => connections,
    next: () =>
      new Promise((resolve) => {
        onConnection = resolve
      }),
  }
}

async function openAgainst(url: string): Promise<Store> {
  store = await openStore({
    space: 'default',
    persistence: memoryPersistence(),
    relay: { url, token: 'any' },
    WebSocket: WebSocketOfNode,
    random: { next: () => 0.01, bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
  })
  return store
}

describe('close codes (W8)', () => {
  for (const [code, name] of [
    [CLOSE.PURGED, 'PURGED'],
    [CLOSE.FORBIDDEN, 'FORBIDDEN'],
    [CLOSE.TOKEN_EXPIRED, 'TOKEN_REFUSED'],
    [CLOSE.TOO_BIG, 'TOO_BIG'],
    [4499, 'CLOSED_4499'],
  ] as const) {
    test(`C20 ${code} is final: it is said as ${name}, the text stays on the device, and nobody asks again`, async () => {
      const relay = await relayThatCloses(code)
      const conversation = await (await openAgainst(relay.url)).create()
      conversation.edit((doc) => addMessage(doc, { id: 'm', role: 'user', createdAt: 1 }))
      const status = await until(conversation.status, (now) => now.kind === 'saved' && now.relay === 'refused')
      expect(status).toMatchObject({ kind: 'saved', reason: { code: name } })
      expect(relay.connections()).toBe(1)
    })
  }

  test('C21 every other code is retried', async () => {
    const relay = await relayThatCloses(CLOSE.BUSY)
    const conversation = await (await openAgainst(relay.url)).create()
    await until(conversation.status, (now) => now.kind === 'saved' && now.relay === 'offline')
    const before = relay.connections()
    await relay.next()
    expect(relay.connections()).toBeGreaterThan(before)
  })
})
