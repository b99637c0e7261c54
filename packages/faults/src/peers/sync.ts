import { type OpenWish, SyncClient, type SyncClientEffect, type SyncClientEvent } from '@holdfast/protocol'
import { WebSocket } from 'ws'
import { ADMIN_TOKEN } from '../process/relay.ts'

export type ChannelEffect = Extract<SyncClientEffect, { readonly kind: 'channel' }>['effect']

export interface SyncPeerOptions {
  /** `http://...` of the relay. */
  readonly url: string
  /** Its name among the windows. */
  readonly client: string
  /** The relay's own host and port, when `url` is a way there. */
  readonly host?: string
  readonly space?: string
  readonly token?: string
  /** What is remembered of an earlier connection. */
  readonly history?: string
  readonly cursor?: number
  /** Told of everything that is not a channel's. */
  readonly onEffect?: (effect: SyncClientEffect) => void
}

/** One connection of `/sync` with the client's own machine over a real socket, for as long as that lives. Retries nothing. */
export class SyncPeer {
  readonly machine: SyncClient
  readonly closed: Promise<void>
  readonly #options: SyncPeerOptions
  readonly #channels = new Map<number, (effect: ChannelEffect) => void>()
  readonly #gone = Promise.withResolvers<void>()
  readonly #welcomed = Promise.withResolvers<void>()
  #socket: WebSocket | null = null

  constructor(options: SyncPeerOptions) {
    this.#options = options
    this.machine = new SyncClient({ client: options.client, agent: 'faults' })
    this.closed = this.#gone.promise
    this.#welcomed.promise.catch(() => undefined)
  }

  /** Resolves when it is welcomed; rejects when the socket closes before. */
  connect(): Promise<void> {
    const { token = ADMIN_TOKEN, history = '', cursor = 0 } = this.#options
    this.handle({ kind: 'start', token, incarnation: history, cursor })
    return this.#welcomed.promise
  }

  handle(event: SyncClientEvent): void {
    for (const effect of this.machine.handle(event, 0.5)) this.#do(effect)
    this.#pump()
  }

  /** @returns the opening's number; its effects go to `listener` */
  open(wish: OpenWish, listener: (effect: ChannelEffect, opening: number) => void): number {
    const opening = this.machine.open(wish)
    if (opening === null) throw new Error(`no channel is free for ${wish.document}`)
    this.#channels.set(opening, (effect) => listener(effect, opening))
    this.#pump()
    return opening
  }

  /** Asks for a document to be purged; `answered` says what came of it. */
  purge(document: string, epoch: string): void {
    this.machine.purge(document, epoch)
    this.#pump()
  }

  /** Drops the connection. */
  leave(): void {
    this.#socket?.terminate()
  }

  #do(effect: SyncClientEffect): void {
    switch (effect.kind) {
      case 'connect':
        this.#connect()
        return
      case 'disconnect':
        this.#socket?.close()
        return
      case 'channel':
        this.#channels.get(effect.opening)?.(effect.effect)
        return
      case 'welcomed':
        this.#options.onEffect?.(effect)
        this.#welcomed.resolve()
        return
      default:
        this.#options.onEffect?.(effect)
    }
  }

  #connect(): void {
    const { url, host = new URL(url).host, space = 'default' } = this.#options
    const socket = new WebSocket(`${url.replace('http', 'ws')}/sync/${space}`, {
      perMessageDeflate: false,
      headers: { host },
    })
    this.#socket = socket
    socket.on('open', () => this.handle({ kind: 'socket-open' }))
    socket.on('message', (data: Buffer) => this.handle({ kind: 'bytes', bytes: new Uint8Array(data), now: 0 }))
    // Why it broke does not matter here: `close` follows.
    socket.on('error', () => undefined)
    socket.on('close', (code, reason) => {
      this.#socket = null
      this.handle({ kind: 'socket-closed', code, reason: reason.toString() })
      this.#welcomed.reject(new Error(`closed with ${code} before the welcome`))
      this.#gone.resolve()
    })
  }

  #pump(): void {
    const socket = this.#socket
    if (socket === null || socket.readyState !== WebSocket.OPEN) return
    for (let frames = this.machine.next(65_536); frames.length > 0; frames = this.machine.next(65_536)) {
      for (const frame of frames) socket.send(frame)
    }
  }
}
