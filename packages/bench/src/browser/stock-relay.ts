import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { type WebSocket, WebSocketServer } from 'ws'
import * as awarenessProtocol from 'y-protocols/awareness'
import * as syncProtocol from 'y-protocols/sync'
import * as Y from 'yjs'

const SYNC = 0
const AWARENESS = 1

/**
 * The reference relay: y-protocols over ws, one document in memory, as y-websocket's own server does it. No disk, no
 * access, no checks: the least that a stock provider needs on the other side.
 */
export class StockRelay implements AsyncDisposable {
  /** For a provider: it appends the name of the document. */
  readonly url: string
  private readonly server: WebSocketServer
  private readonly doc = new Y.Doc()
  private readonly awareness = new awarenessProtocol.Awareness(this.doc)

  private constructor(server: WebSocketServer) {
    this.server = server
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.awareness.setLocalState(null)
    server.on('connection', (socket) => this.greet(socket))
    this.doc.on('update', (update: Uint8Array) => {
      this.tellAll(SYNC, (encoder) => syncProtocol.writeUpdate(encoder, update))
    })
    this.awareness.on('update', ({ added, updated, removed }: Record<'added' | 'updated' | 'removed', number[]>) => {
      const changed = [...added, ...updated, ...removed]
      this.tellAll(AWARENESS, (encoder) => {
        encoding.writeVarUint8Array(encoder, awarenessProtocol.encodeAwarenessUpdate(this.awareness, changed))
      })
    })
  }

  static async start(): Promise<StockRelay> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    return new StockRelay(server)
  }

  private greet(socket: WebSocket): void {
    socket.binaryType = 'arraybuffer'
    socket.on('message', (data: ArrayBuffer) => this.take(socket, new Uint8Array(data)))
    socket.send(frame(SYNC, (encoder) => syncProtocol.writeSyncStep1(encoder, this.doc)))
  }

  private take(socket: WebSocket, message: Uint8Array): void {
    const decoder = decoding.createDecoder(message)
    const kind = decoding.readVarUint(decoder)
    if (kind === AWARENESS) {
      awarenessProtocol.applyAwarenessUpdate(this.awareness, decoding.readVarUint8Array(decoder), socket)
      return
    }
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, SYNC)
    syncProtocol.readSyncMessage(decoder, encoder, this.doc, socket)
    if (encoding.length(encoder) > 1) socket.send(encoding.toUint8Array(encoder))
  }

  private tellAll(kind: number, write: (encoder: encoding.Encoder) => void): void {
    const bytes = frame(kind, write)
    for (const socket of this.server.clients) socket.send(bytes)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.awareness.destroy()
    for (const socket of this.server.clients) socket.terminate()
    this.server.close()
    await once(this.server, 'close')
  }
}

function frame(kind: number, write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, kind)
  write(encoder)
  return encoding.toUint8Array(encoder)
}
