import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createAccess, createRelay, type Relay } from '@holdfast/relay'
import type { UpdateLog } from '@holdfast/update-log'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { WebSocket as NodeWebSocket } from 'ws'
import type { RelayAddress } from '../src/types.ts'

export const TOKEN = 'a-token-for-tests-that-is-long-enough'

/** `ws` as the browser's WebSocket, which it is close enough to. */
export const WebSocketOfNode = NodeWebSocket as unknown as typeof WebSocket

/** A real relay on a real port, which a test can stop and start again on the same port. */
export interface RelayHarness {
  readonly address: RelayAddress
  /** A signed token for every space. */
  token(role: 'read' | 'write', expires?: number): Promise<string>
  /** The log it runs on. Replace it while stopped to give the relay another past. */
  log: UpdateLog
  start(): Promise<void>
  /** As a crash: every socket is cut. */
  stop(): Promise<void>
  close(): Promise<void>
}

export async function startRelay(): Promise<RelayHarness> {
  const access = createAccess({ key: new Uint8Array(32).fill(7), adminToken: TOKEN })
  let server: Server | null = null
  let relay: Relay | null = null
  let port = 0
  const sockets = new Set<Socket>()
  const harness: RelayHarness = {
    get address() {
      return { url: `http://127.0.0.1:${port}`, token: TOKEN }
    },
    log: createMemoryLog(),
    token: (role, expires = Date.now() + 60_000) => access.sign({ spaces: '*', role, expires, id: 'test' }),
    start: async () => {
      relay = createRelay({ log: harness.log, access })
      const http = createServer()
      http.on('connection', (socket) => {
        sockets.add(socket)
        socket.on('close', () => sockets.delete(socket))
      })
      relay.attach(http)
      await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
      port = (http.address() as AddressInfo).port
      server = http
    },
    stop: async () => {
      const [http, running] = [server, relay]
      server = null
      relay = null
      for (const socket of sockets) socket.destroy()
      await running?.close()
      await new Promise<void>((resolve) => (http ? http.close(() => resolve()) : resolve()))
    },
    close: async () => {
      await harness.stop()
      await harness.log.close()
    },
  }
  await harness.start()
  return harness
}
