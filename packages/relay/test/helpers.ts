import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { UpdateLog } from '@holdfast/update-log'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { createAccess, createRelay, type Relay, type RelayEvent, type RelayOptions, type Role } from '../src/index.ts'

export const KEY = new Uint8Array(32).fill(7)
export const ADMIN = 'an-admin-token-that-is-long-enough-0123456789'

export interface RunningRelay {
  readonly relay: Relay
  readonly server: Server
  readonly log: UpdateLog
  readonly port: number
  readonly events: RelayEvent[]
  token(role?: Role, more?: { spaces?: string[] | '*'; documents?: string[]; expires?: number }): Promise<string>
  stop(): Promise<void>
}

export async function startRelay(options: Partial<RelayOptions> = {}): Promise<RunningRelay> {
  const log = options.log ?? createMemoryLog()
  const now = (): number => options.clock?.now() ?? Date.now()
  const access = createAccess({ key: KEY, adminToken: ADMIN, now })
  const events: RelayEvent[] = []
  const relay = createRelay({ log, access, spaces: ['team'], onEvent: (event) => events.push(event), ...options })
  const server = createServer(relay.serverOptions)
  relay.attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  let tokens = 0
  return {
    relay,
    server,
    log,
    port,
    events,
    token: (role = 'write', more = {}) =>
      access.sign({
        spaces: ['default', 'team'],
        role,
        expires: now() + 30 * 86_400_000,
        id: `t${++tokens}`,
        ...more,
      }),
    async stop() {
      await relay.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A stock client, unmodified. */
export function stockClient(port: number, document: string, token: string, space = 'default') {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(`ws://127.0.0.1:${port}/yjs`, `${space}/${document}`, doc, {
    params: { token },
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    disableBc: true,
  })
  return { doc, provider, text: doc.getText('text'), synced: once(provider, 'sync') }
}

function once(provider: WebsocketProvider, event: 'sync'): Promise<void> {
  return new Promise((resolve) => provider.once(event, () => resolve()))
}

/** Resolves when `condition` holds, looked at after each update of the document. */
export function until(doc: Y.Doc, condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!condition()) return
      doc.off('update', look)
      resolve()
    }
    doc.on('update', look)
    look()
  })
}

/** A bare socket that keeps what it receives. */
export function rawClient(url: string, options: { headers?: Record<string, string>; maxPayload?: number } = {}) {
  const socket = new WebSocket(url, { headers: options.headers ?? {}, perMessageDeflate: false })
  const received: Uint8Array[] = []
  const waiting: (() => void)[] = []
  socket.on('message', (data: Buffer) => {
    received.push(new Uint8Array(data))
    for (const look of waiting.splice(0)) look()
  })
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  opened.catch(() => undefined)
  /** Resolves with the first message, now or later, that the test accepts. */
  const message = (accept: (bytes: Uint8Array) => boolean): Promise<Uint8Array> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = received.find(accept)
        if (found === undefined) waiting.push(look)
        else resolve(found)
      }
      look()
    })
  return { socket, received, opened, closed, message }
}

/** What a refused upgrade is answered with. */
export function upgradeStatus(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      port,
      host: '127.0.0.1',
      path,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    })
    request.on('response', (response) =>
      readJson(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject),
    )
    request.on('upgrade', (_response, socket) => {
      socket.destroy()
      resolve({ status: 101, body: null })
    })
    request.on('error', reject)
    request.end()
  })
}

/** A plain request whose every header is ours to choose. */
export function get(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; headers: IncomingMessage['headers']; body: unknown }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', path, headers, method })
    request.on('response', (response) =>
      readJson(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        reject,
      ),
    )
    request.on('error', reject)
    request.end()
  })
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of response) text += String(chunk)
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
