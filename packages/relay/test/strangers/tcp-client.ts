import { createHash, randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

export interface Frame {
  readonly fin: boolean
  readonly opcode: number
  readonly payload: Uint8Array
}

export interface FrameOptions {
  readonly fin?: boolean
  /** Reserved bits, 0x40, 0x20 and 0x10. */
  readonly reserved?: number
  readonly masked?: boolean
  /** What the header says, when it is not the truth. */
  readonly length?: number
  /** The form of the length: 7, 16 or 64 bits; the shortest that will do unless given. */
  readonly form?: 7 | 16 | 64
}

/** One frame of RFC 6455 as a client sends it, right or wrong. */
export function frame(opcode: number, payload: Uint8Array, options: FrameOptions = {}): Buffer {
  const { fin = true, reserved = 0, masked = true, length = payload.length } = options
  const form = options.form ?? (length < 126 ? 7 : length < 65_536 ? 16 : 64)
  const head = Buffer.alloc(form === 7 ? 2 : form === 16 ? 4 : 10)
  head[0] = (fin ? 0x80 : 0) | reserved | opcode
  head[1] = (masked ? 0x80 : 0) | (form === 7 ? length : form === 16 ? 126 : 127)
  if (form === 16) head.writeUInt16BE(length, 2)
  if (form === 64) head.writeBigUInt64BE(BigInt(length), 2)
  if (!masked) return Buffer.concat([head, payload])
  const mask = Buffer.from([1, 2, 3, 4])
  return Buffer.concat([head, mask, Buffer.from(payload.map((byte, i) => byte ^ mask[i % 4]!))])
}

/** A close frame's payload. */
export function closing(code: number, reason: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(2)
  head.writeUInt16BE(code)
  return Buffer.concat([head, reason])
}

/** A TCP connection that sends whatever it is given, as no client library would. */
export class TcpClient {
  readonly socket: Socket
  /** What the server answered before any frame. */
  head = ''
  readonly frames: Frame[] = []
  /** Resolves when the connection is over, with the code and reason of the close frame, if one came. */
  readonly closed: Promise<{ readonly code: number | null; readonly reason: string }>
  #rest: Buffer = Buffer.alloc(0)
  #looks: (() => void)[] = []

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', (chunk) => this.#take(chunk))
    // Being cut off is what is looked for; `close` tells it.
    this.socket.on('error', () => this.socket.destroy())
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        this.#look()
        const last = this.frames.find(({ opcode }) => opcode === 8)
        if (last === undefined || last.payload.length < 2) resolve({ code: null, reason: '' })
        else {
          const bytes = Buffer.from(last.payload)
          resolve({ code: bytes.readUInt16BE(0), reason: bytes.subarray(2).toString() })
        }
      })
    })
  }

  /** Asks for the upgrade and waits for the answer's head. */
  async upgrade(path: string, headers: Record<string, string> = {}): Promise<this> {
    const key = randomBytes(16).toString('base64')
    const all = {
      host: `127.0.0.1:${await this.#port()}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': key,
      ...headers,
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
    this.socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    await this.until(() => this.head !== '')
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    if (this.head.startsWith('HTTP/1.1 101') && !this.head.includes(accept)) throw new Error('a wrong accept key')
    return this
  }

  send(...bytes: Uint8Array[]): void {
    this.socket.write(Buffer.concat(bytes))
  }

  /** Resolves when the condition holds, looked at whenever something came. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.socket.destroyed) throw new Error(`the connection ended before it came: ${this.head}`)
      await new Promise<void>((resolve) => this.#looks.push(resolve))
    }
  }

  #port(): Promise<number> {
    return new Promise((resolve) => {
      if (this.socket.remotePort !== undefined) resolve(this.socket.remotePort)
      else this.socket.once('connect', () => resolve(this.socket.remotePort!))
    })
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    if (this.head === '') {
      const end = this.#rest.indexOf('\r\n\r\n')
      if (end === -1) return
      this.head = this.#rest.subarray(0, end).toString()
      this.#rest = this.#rest.subarray(end + 4)
    }
    if (this.head.startsWith('HTTP/1.1 101')) while (this.#takeFrame());
    this.#look()
  }

  #takeFrame(): boolean {
    const rest = this.#rest
    if (rest.length < 2) return false
    const short = rest[1]! & 0x7f
    const start = short === 126 ? 4 : short === 127 ? 10 : 2
    if (rest.length < start) return false
    const length = short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short
    if (rest.length < start + length) return false
    const payload = new Uint8Array(rest.subarray(start, start + length))
    this.frames.push({ fin: (rest[0]! & 0x80) !== 0, opcode: rest[0]! & 0x0f, payload })
    this.#rest = rest.subarray(start + length)
    // The server waits for our side to end before it lets go.
    if (this.frames.at(-1)?.opcode === 8) this.socket.end()
    return true
  }

  /** What came after the head of an answer that is no upgrade. */
  get body(): string {
    return this.#rest.toString()
  }

  #look(): void {
    for (const look of this.#looks.splice(0)) look()
  }
}
