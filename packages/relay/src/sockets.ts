import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { CLOSE, type CloseCode } from '@holdfast/protocol'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { systemClock } from './clock.ts'
import { FrameWatch } from './frame-watch.ts'
import type { Clock } from './options.ts'
import { Pace, TOO_LONG } from './pace.ts'
import type { Wire, WireListener } from './wire.ts'

interface Breach {
  readonly code: CloseCode
  readonly reason: string
}

const BREACH: Breach = { code: CLOSE.BAD_FRAME, reason: 'a breach of the WebSocket protocol' }
const UNFINISHED: Breach = { code: CLOSE.STALLED, reason: 'a message was not finished' }

/** RFC 6455's codes with which `ws` answers what it will not read, and ours for them: stock clients retry the former for ever. */
const OURS: Readonly<Record<number, Breach>> = {
  1002: BREACH,
  1007: BREACH,
  // Said of too many fragments and of nothing else.
  1008: { code: CLOSE.TOO_BIG, reason: 'a message in too many fragments' },
  1009: { code: CLOSE.TOO_BIG, reason: 'a message is too big' },
}

/** `ws` closes by itself on a breach of the protocol; this puts our codes in the place of its own. */
class CodedSocket extends WebSocket {
  breach: Breach | null = null

  override close(code?: number, reason?: string | Buffer): void {
    // A code with a reason beside it is the client's own, sent back.
    const breach = code === undefined || reason !== undefined ? undefined : OURS[code]
    if (breach === undefined) super.close(code, reason)
    else {
      this.breach = breach
      super.close(breach.code, breach.reason)
    }
  }
}

export interface SocketServerOptions {
  /** Largest message, in bytes. */
  readonly messageBytes: number
  readonly fragments: number
  /** Messages a second that a connection is read at; 0 for no limit. */
  readonly messageRate?: number
  /** Milliseconds that it may send more for, with no quiet second between, before it is closed. */
  readonly ratePatience?: number
  /** Milliseconds in which a message that has begun must end, or go on by 16 KiB. */
  readonly unfinishedFor?: number
  readonly clock?: Clock
  /** A connection is read more slowly, because it sends more than `messageRate`. */
  readonly onHeldBack?: () => void
}

export interface SocketServer {
  /** Completes the handshake. `accept` is called with the wire before anything of it can be told. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array, accept: (wire: Wire) => WireListener): void
}

/** A message that goes on by less in its time has stopped; the slowest of real links manages more. */
const PROGRESS = 16 * 1024
/** How often messages are looked at for being unfinished, in ms. */
const LOOK = 1_000

/** The one place of serving that knows `ws`. Compression stays off: 91 KB could become 90 MiB. */
export function createSocketServer(options: SocketServerOptions): SocketServer {
  const { messageRate = 0, ratePatience = 10_000, unfinishedFor = 30_000, clock = systemClock, onHeldBack } = options
  const seconds = `${messageRate} messages a second for ${ratePatience / 1000} s`
  const tooFast: Breach = { code: CLOSE.TOO_FAST, reason: `more than ${seconds}: send more slowly, and come again` }
  const settings = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: options.messageBytes,
    maxFragments: options.fragments,
    // How long a peer may take to answer a close before it is dropped.
    closeTimeout: 2_000,
    // A pong for each ping would pile up for a client that reads nothing.
    autoPong: false,
    WebSocket: CodedSocket,
  }
  const server = new WebSocketServer(settings)
  const watched = new Set<Watched>()

  function look(): void {
    const now = clock.monotonic()
    for (const one of watched) one.look(now)
    if (watched.size > 0) clock.after(LOOK, look)
  }

  return {
    upgrade(request, socket, head, accept) {
      // What is said at once goes with the answer to the handshake, in one packet and one call to the system.
      socket.cork()
      process.nextTick(() => socket.uncork())
      server.handleUpgrade(request, socket, Buffer.from(head), (ws) => {
        const wire = new SocketWire(ws, socket)
        const listener = accept(wire)
        const pace = new Pace({ rate: messageRate, patience: ratePatience }, () => clock.monotonic())
        connect(ws, socket, listener, () => {
          const wait = pace.count()
          if (wait === TOO_LONG) {
            listener.breached?.(tooFast.code, tooFast.reason)
            wire.close(tooFast.code, tooFast.reason)
            return false
          }
          if (wait > 0 && wire.hold('pace')) {
            onHeldBack?.()
            clock.after(wait, () => wire.release('pace'))
          }
          return true
        })
        const one = new Watched(unfinishedFor, clock.monotonic(), () => {
          listener.breached?.(UNFINISHED.code, UNFINISHED.reason)
          ws.close(UNFINISHED.code, UNFINISHED.reason)
        })
        socket.on('data', (chunk: Uint8Array) => one.watch.take(chunk))
        if (watched.size === 0) clock.after(LOOK, look)
        watched.add(one)
        ws.on('close', () => watched.delete(one))
      })
    },
  }
}

/** Whether one socket's messages end. */
class Watched {
  readonly watch = new FrameWatch()
  readonly #unfinishedFor: number
  readonly #onStopped: () => void
  #since: number
  #ended = 0
  #payload = 0

  constructor(unfinishedFor: number, now: number, onStopped: () => void) {
    this.#unfinishedFor = unfinishedFor
    this.#since = now
    this.#onStopped = onStopped
  }

  look(now: number): void {
    const { inMessage, ended, payload } = this.watch
    if (!inMessage || ended !== this.#ended || payload - this.#payload >= PROGRESS) {
      this.#since = now
      this.#ended = ended
      this.#payload = payload
    } else if (now - this.#since > this.#unfinishedFor) {
      this.#since = now
      this.#onStopped()
    }
  }
}

/** @param takes counts what has come; false when it is one too many, and the socket is closed for it */
function connect(ws: CodedSocket, socket: Duplex, listener: WireListener, takes: () => boolean): void {
  let pong: Buffer | null = null
  // What arrives after we have closed is not looked at.
  const isTaken = (): boolean => ws.readyState === WebSocket.OPEN && takes()
  ws.on('message', (data: RawData, isBinary: boolean) => {
    if (!isTaken()) return
    if (isBinary) listener.message(asBytes(data))
    else listener.textMessage()
  })
  ws.on('ping', (data: Buffer) => {
    if (!isTaken()) return
    // RFC 6455, 5.5.3: the most recent ping is the one that needs an answer.
    if (socket.writableNeedDrain) pong = data
    else ws.pong(data)
  })
  ws.on('pong', (mark: Buffer) => {
    if (!isTaken()) return
    listener.pong(Number(mark.toString()) || 0)
  })
  socket.on('drain', () => {
    if (pong !== null && ws.readyState === WebSocket.OPEN) ws.pong(pong)
    pong = null
    listener.drained()
  })
  ws.on('close', (code) => listener.closed(code))
  // `close` always follows, and tells enough.
  ws.on('error', () => {
    if (ws.breach !== null) listener.breached?.(ws.breach.code, ws.breach.reason)
    ws.close()
  })
}

function asBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}

/** Why a socket is not read: as long as there is any reason. */
type Hold = 'peer' | 'pace'

class SocketWire implements Wire {
  readonly #ws: WebSocket
  readonly #socket: Duplex
  readonly #holds = new Set<Hold>()

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
    // The answer to it is to be read.
    for (const why of [...this.#holds]) this.release(why)
  }

  terminate(): void {
    this.#ws.terminate()
  }

  ping(mark?: number): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.ping(mark === undefined ? '' : String(mark))
  }

  pause(): void {
    this.hold('peer')
  }

  resume(): void {
    this.release('peer')
  }

  /** @returns false when it was held for this already */
  hold(why: Hold): boolean {
    if (this.#holds.has(why) || this.#ws.readyState !== WebSocket.OPEN) return false
    this.#holds.add(why)
    this.#ws.pause()
    return true
  }

  release(why: Hold): void {
    if (this.#holds.delete(why) && this.#holds.size === 0) this.#ws.resume()
  }
}
