import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { CLOSE } from '@holdfast/protocol'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { Wire, WireListener } from './wire.ts'

/** RFC 6455's codes with which `ws` answers what it will not read, and ours for them: stock clients retry the former for ever. */
const OURS: Readonly<Record<number, number>> = {
  1002: CLOSE.BAD_FRAME,
  1007: CLOSE.BAD_FRAME,
  1008: CLOSE.BAD_FRAME,
  1009: CLOSE.TOO_BIG,
}
const REASONS: Readonly<Record<number, string>> = {
  [CLOSE.BAD_FRAME]: 'a breach of the WebSocket protocol',
  [CLOSE.TOO_BIG]: 'a message is too big',
}

/** `ws` closes by itself on a breach of the protocol; this puts our codes in the place of its own. */
class CodedSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    const ours = code === undefined ? undefined : OURS[code]
    if (ours === undefined) super.close(code, reason)
    else super.close(ours, REASONS[ours])
  }
}

export interface SocketServerOptions {
  /** Largest message, in bytes. */
  readonly messageBytes: number
  readonly fragments: number
}

export interface SocketServer {
  /** Completes the handshake. `accept` is called with the wire before anything of it can be told. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array, accept: (wire: Wire) => WireListener): void
}

/** The one place that knows `ws`. Compression stays off: 91 KB could become 90 MiB. */
export function createSocketServer(options: SocketServerOptions): SocketServer {
  const settings = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: options.messageBytes,
    maxFragments: options.fragments,
    // How long a peer may take to answer a close before it is dropped.
    closeTimeout: 2_000,
    WebSocket: CodedSocket,
  }
  const server = new WebSocketServer(settings)
  return {
    upgrade(request, socket, head, accept) {
      server.handleUpgrade(request, socket, Buffer.from(head), (ws) => connect(ws, socket, accept))
    },
  }
}

function connect(ws: WebSocket, socket: Duplex, accept: (wire: Wire) => WireListener): void {
  const listener = accept(new SocketWire(ws, socket))
  ws.on('message', (data: RawData, isBinary: boolean) => {
    // What arrives after we have closed is not looked at.
    if (ws.readyState !== WebSocket.OPEN) return
    if (isBinary) listener.message(asBytes(data))
    else listener.textMessage()
  })
  ws.on('pong', () => listener.pong())
  socket.on('drain', () => listener.drained())
  ws.on('close', (code) => listener.closed(code))
  // `close` always follows, and tells enough.
  ws.on('error', () => ws.close())
}

function asBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}

class SocketWire implements Wire {
  readonly #ws: WebSocket
  readonly #socket: Duplex

  constructor(ws: WebSocket, socket: Duplex) {
    this.#ws = ws
    this.#socket = socket
  }

  send(bytes: Uint8Array, last: boolean): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.send(bytes, { binary: true, fin: last })
  }

  sendAll(messages: readonly Uint8Array[]): void {
    this.#socket.cork()
    for (const message of messages) this.send(message, true)
    this.#socket.uncork()
  }

  get waiting(): number {
    return this.#ws.bufferedAmount
  }

  get isFull(): boolean {
    return this.#socket.writableNeedDrain
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#ws.terminate()
  }

  ping(): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.ping()
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }
}
