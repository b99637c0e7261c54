import * as encoding from 'lib0/encoding'
import { ClientSocket, clientFrame } from './socket.ts'

/** How a server is reached and spoken to. */
export interface Target {
  readonly port: number
  /** Before the document's name, and after it. */
  readonly before: string
  readonly after: string
  /** `hocuspocus`: the same y-protocols messages, each behind the document's name, after a message that logs in. */
  readonly dialect: 'stock' | 'hocuspocus'
  /** False: nobody answers a sync step 1; being connected is all there is. */
  readonly answers: boolean
}

export const SYNC = 0
export const STEP1 = 0
export const STEP2 = 1
export const UPDATE = 2
const HOCUSPOCUS_AUTH = 2
const HOCUSPOCUS_TOKEN = 0
/** Hocuspocus answers a step 1 of its own asking with this in the place of `SYNC`. */
const HOCUSPOCUS_SYNC_REPLY = 4

const NO_STATE = Uint8Array.of(0)

function prefix({ dialect }: Target, document: string): Uint8Array {
  const encoder = encoding.createEncoder()
  if (dialect === 'hocuspocus') encoding.writeVarString(encoder, document)
  return encoding.toUint8Array(encoder)
}

/** A frame of the sync protocol as a client writes it to its socket. */
export function syncFrame(target: Target, document: string, kind: number, bytes: Uint8Array): Buffer {
  const encoder = encoding.createEncoder()
  encoding.writeUint8Array(encoder, prefix(target, document))
  encoding.writeVarUint(encoder, SYNC)
  encoding.writeVarUint(encoder, kind)
  encoding.writeVarUint8Array(encoder, bytes)
  return clientFrame(encoding.toUint8Array(encoder))
}

function loginFrame(target: Target, document: string): Buffer {
  const encoder = encoding.createEncoder()
  encoding.writeUint8Array(encoder, prefix(target, document))
  encoding.writeVarUint(encoder, HOCUSPOCUS_AUTH)
  encoding.writeVarUint(encoder, HOCUSPOCUS_TOKEN)
  encoding.writeVarString(encoder, '')
  return clientFrame(encoding.toUint8Array(encoder))
}

export interface StockListener {
  /** The connection stands; nothing has been asked. */
  opened?(): void
  /** A sync step 1 of the server's. */
  asked?(stateVector: Uint8Array): void
  /** A sync step 2 or an update: the update in it, a view that is only good until this returns. */
  update(update: Uint8Array, kind: number): void
  closed?(code: number | null): void
}

/** One client of one document. */
export class StockClient {
  readonly document: string
  readonly #target: Target
  readonly #socket: ClientSocket
  readonly #prefix: number

  constructor(target: Target, document: string, listener: StockListener) {
    this.#target = target
    this.document = document
    this.#prefix = prefix(target, document).length
    this.#socket = new ClientSocket(target.port, `${target.before}${document}${target.after}`, {
      opened: () => {
        if (target.dialect === 'hocuspocus') this.#socket.send(loginFrame(target, document))
        listener.opened?.()
      },
      message: (message) => this.#hear(message, listener),
      closed: (code) => listener.closed?.(code),
    })
  }

  get waiting(): number {
    return this.#socket.waiting
  }

  /** Asks for what a client lacks that has this state; all of it by default. */
  ask(stateVector: Uint8Array = NO_STATE): void {
    this.#socket.send(syncFrame(this.#target, this.document, STEP1, stateVector))
  }

  frame(kind: number, bytes: Uint8Array): Buffer {
    return syncFrame(this.#target, this.document, kind, bytes)
  }

  send(frame: Buffer): void {
    this.#socket.send(frame)
  }

  close(): void {
    this.#socket.close()
  }

  terminate(): void {
    this.#socket.terminate()
  }

  #hear(message: Uint8Array, listener: StockListener): void {
    let at = this.#prefix
    const isSync = message[at] === SYNC || (this.#prefix > 0 && message[at] === HOCUSPOCUS_SYNC_REPLY)
    if (!isSync) return
    const kind = message[at + 1]
    at += 2
    while (message[at]! >= 0x80) at += 1
    const bytes = message.subarray(at + 1)
    if (kind === STEP1) listener.asked?.(bytes)
    else if (kind === STEP2 || kind === UPDATE) listener.update(bytes, kind)
  }
}
