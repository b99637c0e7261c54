import { decodeStockFrame, encodeStep1, encodeStep2, encodeUpdate, type StockFrame } from '@holdfast/protocol'
import { WebSocket } from 'ws'
import { ADMIN_TOKEN } from '../process/relay.ts'

export interface StockPeerOptions {
  readonly url: string
  readonly document: string
  /** The relay's own host and port, when `url` is a way there. */
  readonly host?: string
  readonly space?: string
  readonly token?: string
  readonly onFrame: (frame: StockFrame) => void
}

/** One connection of the stock endpoint, for as long as it lives. */
export class StockPeer {
  /** The close code. */
  readonly closed: Promise<number>
  readonly opened: Promise<void>
  readonly socket: WebSocket

  constructor({ url, host, document, space = 'default', token = ADMIN_TOKEN, onFrame }: StockPeerOptions) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/yjs/${space}/${document}?token=${token}`, {
      perMessageDeflate: false,
      headers: { host: host ?? new URL(url).host },
    })
    this.socket = socket
    this.closed = new Promise((resolve) => socket.on('close', (code) => resolve(code)))
    this.opened = new Promise((resolve, reject) => {
      socket.on('open', () => resolve())
      socket.on('error', reject)
    })
    this.opened.catch(() => undefined)
    socket.on('message', (data: Buffer) => onFrame(decodeStockFrame(new Uint8Array(data))))
  }

  /** Asks for what lies beyond this state vector. */
  ask(stateVector: Uint8Array): void {
    this.#send(encodeStep1(stateVector))
  }

  offer(update: Uint8Array): void {
    this.#send(encodeStep2(update))
  }

  update(update: Uint8Array): void {
    this.#send(encodeUpdate(update))
  }

  leave(): void {
    this.socket.terminate()
  }

  #send(bytes: Uint8Array): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(bytes)
  }
}
