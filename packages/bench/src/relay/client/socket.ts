import { randomBytes } from 'node:crypto'
import { createConnection, type Socket } from 'node:net'

/*
 * A WebSocket client that costs next to nothing, so that what is measured is the server: frames are made once and sent as they are, under a
 * masking key of zeros (RFC 6455, 5.3: the server must unmask them all the same), and what comes is cut up where it lies.
 */

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
const FIN = 0x80
const MASKED = 0x80

/** A whole frame of a client, ready to be written. */
export function clientFrame(payload: Uint8Array, opcode: keyof typeof OPCODE = 'binary'): Buffer {
  const { length } = payload
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const frame = Buffer.alloc(2 + lengthBytes + 4 + length)
  frame[0] = FIN | OPCODE[opcode]
  frame[1] = MASKED | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127)
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2)
  else if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  frame.set(payload, 2 + lengthBytes + 4)
  return frame
}

export interface SocketListener {
  opened?(): void
  /** `message` is only good until this returns. */
  message(message: Uint8Array): void
  closed(code: number | null): void
}

/** One connection. Everything that goes wrong ends in `closed`. */
export class ClientSocket {
  readonly #socket: Socket
  readonly #listener: SocketListener
  #isOpen = false
  #isOver = false
  #rest: Buffer | null = null
  /** Fragments of a message that has not ended. */
  #fragments: Buffer[] = []
  #closeCode: number | null = null

  constructor(port: number, path: string, listener: SocketListener) {
    this.#listener = listener
    this.#socket = createConnection({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    )
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#socket.on('close', () => this.#over())
    // `close` follows.
    this.#socket.on('error', () => this.#socket.destroy())
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#isOver
  }

  /** Bytes that the system has not taken yet. */
  get waiting(): number {
    return this.#socket.writableLength
  }

  send(frame: Buffer): void {
    if (!this.#isOver) this.#socket.write(frame)
  }

  /** Says goodbye, as a client that leaves does. */
  close(): void {
    const code = Buffer.alloc(2)
    code.writeUInt16BE(1000)
    this.send(clientFrame(code, 'close'))
  }

  terminate(): void {
    this.#socket.destroy()
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#listener.closed(this.#closeCode)
  }

  #take(chunk: Buffer): void {
    let bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = null
    if (!this.#isOpen) {
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) {
        this.#rest = bytes
        return
      }
      if (bytes.toString('latin1', 0, 12) !== 'HTTP/1.1 101') {
        process.stderr.write(`the upgrade was refused: ${bytes.toString('latin1', 0, end).split('\r\n')[0]}\n`)
        this.#socket.destroy()
        return
      }
      this.#isOpen = true
      this.#listener.opened?.()
      bytes = bytes.subarray(end + 4)
    }
    let at = 0
    while (at < bytes.length) {
      const next = this.#frame(bytes, at)
      if (next === null) break
      at = next
    }
    if (at < bytes.length) this.#rest = at === 0 ? bytes : bytes.subarray(at)
  }

  /** @returns where the next frame begins; null when this one has not come to its end */
  #frame(bytes: Buffer, at: number): number | null {
    if (bytes.length - at < 2) return null
    const first = bytes[at]!
    let length = bytes[at + 1]! & 0x7f
    let from = at + 2
    if (length === 126) {
      if (bytes.length - at < 4) return null
      length = bytes.readUInt16BE(at + 2)
      from = at + 4
    } else if (length === 127) {
      if (bytes.length - at < 10) return null
      length = Number(bytes.readBigUInt64BE(at + 2))
      from = at + 10
    }
    const end = from + length
    if (end > bytes.length) return null
    this.#payload(first & 0x0f, (first & FIN) !== 0, bytes.subarray(from, end))
    return end
  }

  #payload(opcode: number, isLast: boolean, payload: Buffer): void {
    if (opcode === OPCODE.ping) this.send(clientFrame(payload, 'pong'))
    else if (opcode === OPCODE.close) {
      this.#closeCode = payload.length >= 2 ? payload.readUInt16BE() : null
      this.#socket.end()
    } else if (opcode === OPCODE.pong) return
    else if (isLast && this.#fragments.length === 0) this.#listener.message(payload)
    else {
      this.#fragments.push(Buffer.from(payload))
      if (!isLast) return
      const whole = Buffer.concat(this.#fragments)
      this.#fragments = []
      this.#listener.message(whole)
    }
  }
}
