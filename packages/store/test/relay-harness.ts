import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { SYNC_VERSIONS, type SyncLimits, type VersionRange } from '@holdfast/protocol'
import { createAccess, createRelay, type Limits, type Relay } from '@holdfast/relay'
import type { BlobStore, UpdateLog } from '@holdfast/update-log'
import { createMemoryBlobs } from '@holdfast/update-log/blobs'
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
  /** While true, it knows nothing of `/sync`, like a relay of the version before. Takes effect with `start`. */
  old: boolean
  /** Bytes that came over all sockets since the start, and that went. */
  traffic(): { readonly received: number; readonly sent: number }
  /** What its `/metrics` says; nothing while it is stopped. */
  metrics(): string
  /** Resolves when every socket is closed, and what was under way to it counted. */
  left(): Promise<void>
  /** The log it runs on. Replace it while stopped to give the relay another past. */
  log: UpdateLog
  /** The blobs it keeps, and its limits. Take effect with `start`. */
  blobs: BlobStore
  limits: Partial<Limits>
  syncLimits: Partial<SyncLimits>
  /** Of `/sync`: what it speaks. Takes effect with `start`. */
  versions: VersionRange
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
  const past = { received: 0, sent: 0 }
  const harness: RelayHarness = {
    get address() {
      return { url: `http://127.0.0.1:${port}`, token: TOKEN }
    },
    old: false,
    traffic: () => {
      let [received, sent] = [past.received, past.sent]
      for (const socket of sockets) {
        received += socket.bytesRead
        sent += socket.bytesWritten
      }
      return { received, sent }
    },
    metrics: () => relay?.metrics() ?? '',
    left: async () => {
      await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
    },
    log: createMemoryLog(),
    blobs: createMemoryBlobs(),
    limits: {},
    syncLimits: {},
    versions: SYNC_VERSIONS,
    token: (role, expires = Date.now() + 60_000) => access.sign({ spaces: '*', role, expires, id: 'test' }),
    start: async () => {
      relay = createRelay({
        log: harness.log,
        access,
        blobs: harness.blobs,
        limits: harness.limits,
        versions: harness.versions,
        syncLimits: harness.syncLimits,
      })
      const http = createServer()
      http.on('connection', (socket) => {
        sockets.add(socket)
        socket.on('close', () => {
          sockets.delete(socket)
          past.received += socket.bytesRead
          past.sent += socket.bytesWritten
        })
      })
      relay.attach(http)
      if (harness.old) forgetSync(http)
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

/** Answers `/sync` as a relay did that never heard of it. */
function forgetSync(http: Server): void {
  type Listener = (...args: unknown[]) => void
  const upgrades = http.listeners('upgrade') as Listener[]
  const requests = http.listeners('request') as Listener[]
  http.removeAllListeners('upgrade')
  http.removeAllListeners('request')
  http.on('upgrade', (request, socket, head) => {
    if (request.url?.startsWith('/sync/')) socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
    else for (const listener of upgrades) listener(request, socket, head)
  })
  http.on('request', (request, response) => {
    if (request.url?.startsWith('/sync/')) response.writeHead(404).end()
    else for (const listener of requests) listener(request, response)
  })
}
