import {
  type ChannelMode,
  type ClientFrame,
  encodeClientFrame,
  type OpenWish,
  type RequestAnswer,
  SyncClient,
  type SyncClientEffect,
  type SyncClientEvent,
  type SyncFeedEntry,
  type VersionRange,
} from '@holdfast/protocol'
import { WebSocket } from 'ws'
import * as Y from 'yjs'

type Asked = number | string | null

export type ClientEffectOf<K extends SyncClientEffect['kind']> = Extract<SyncClientEffect, { readonly kind: K }>
type ChannelSaid = ClientEffectOf<'channel'>['effect']

export interface DeviceOptions {
  readonly port: number
  readonly token: string
  readonly space?: string
  readonly client?: string
  readonly incarnation?: string
  readonly cursor?: number
  readonly reach?: number
  readonly versions?: VersionRange
}

let windows = 0

/** One connection of `/sync` with the client's own machine, over a real socket. Nothing is retried by itself. */
export class Device {
  readonly sync: SyncClient
  readonly entries: SyncFeedEntry[] = []
  readonly said: SyncClientEffect[] = []
  /** Bytes of the socket's messages, both ways. */
  readonly traffic = { received: 0, receivedBytes: 0, sent: 0, sentBytes: 0 }
  cursor: number
  incarnation: string
  #socket: WebSocket | null = null
  #waiting: (() => void)[] = []
  readonly #options: DeviceOptions
  readonly #channels = new Map<number, (effect: ChannelSaid) => void>()

  constructor(options: DeviceOptions) {
    this.#options = options
    windows += 1
    const { client = `w${windows}`, versions } = options
    this.sync = new SyncClient({ client, agent: 'test', ...(versions === undefined ? {} : { versions }) })
    this.incarnation = options.incarnation ?? ''
    this.cursor = options.cursor ?? 0
  }

  /** Opens the connection; resolves when it is welcomed or has been refused. */
  async connect(onGreeted: () => void = () => undefined): Promise<this> {
    this.#onGreeted = onGreeted
    const { token, reach = 0 } = this.#options
    this.handle({ kind: 'start', token, incarnation: this.incarnation, cursor: this.cursor, reach })
    await this.until(() => ['open', 'refused', 'waiting'].includes(this.sync.state.kind))
    return this
  }

  #onGreeted: () => void = () => undefined

  handle(event: SyncClientEvent): void {
    for (const effect of this.sync.handle(event, 0.5)) this.#do(effect)
    this.pump()
    this.#look()
  }

  pump(): void {
    const socket = this.#socket
    if (socket === null || socket.readyState !== WebSocket.OPEN) return
    for (let frames = this.sync.next(65_536); frames.length > 0; frames = this.sync.next(65_536)) {
      for (const frame of frames) this.#send(socket, frame)
    }
  }

  /** Sends a frame past the machine, which would not. */
  force(frame: ClientFrame | Uint8Array): void {
    if (this.#socket !== null) this.#send(this.#socket, frame instanceof Uint8Array ? frame : encodeClientFrame(frame))
  }

  #send(socket: WebSocket, bytes: Uint8Array): void {
    this.traffic.sent += 1
    this.traffic.sentBytes += bytes.length
    socket.send(bytes)
  }

  listen(opening: number, listener: (effect: ChannelSaid) => void): void {
    this.#channels.set(opening, listener)
  }

  /** Resolves when the condition holds, looked at after each thing that happens. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async answer(request: Asked): Promise<RequestAnswer> {
    const find = (): ClientEffectOf<'answered'> | undefined =>
      this.said.find((effect): effect is ClientEffectOf<'answered'> => {
        return effect.kind === 'answered' && effect.request === request
      })
    await this.until(() => find() !== undefined)
    return find()!.answer
  }

  /** How the connection was lost. */
  async lost(): Promise<ClientEffectOf<'lost'>> {
    const find = (): ClientEffectOf<'lost'> | undefined =>
      this.said.find((effect): effect is ClientEffectOf<'lost'> => effect.kind === 'lost')
    await this.until(() => find() !== undefined)
    return find()!
  }

  /** The feed's newest entry of a document. */
  async entry(document: string, accept: (entry: SyncFeedEntry) => boolean = () => true): Promise<SyncFeedEntry> {
    const find = (): SyncFeedEntry | undefined =>
      this.entries.findLast((entry) => entry.document === document && accept(entry))
    await this.until(() => find() !== undefined)
    return find()!
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.#socket?.terminate()
  }

  close(): void {
    this.handle({ kind: 'stop' })
  }

  pause(): void {
    this.#socket?.pause()
  }

  resume(): void {
    this.#socket?.resume()
  }

  #look(): void {
    for (const look of this.#waiting.splice(0)) look()
  }

  #do(effect: SyncClientEffect): void {
    switch (effect.kind) {
      case 'connect':
        this.#connect()
        return
      case 'disconnect':
        this.#socket?.terminate()
        this.#socket = null
        break
      case 'greeted':
        this.#onGreeted()
        break
      case 'welcomed':
        this.incarnation = effect.incarnation
        break
      case 'history':
        this.cursor = 0
        break
      case 'feed':
        for (const entry of effect.entries) this.entries.push(entry)
        this.cursor = effect.upTo
        return
      case 'channel':
        this.#channels.get(effect.opening)?.(effect.effect)
        return
      case 'set-timer':
      case 'clear-timer':
        return
    }
    this.said.push(effect)
  }

  #connect(): void {
    const { port, space = 'default' } = this.#options
    const socket = new WebSocket(`ws://127.0.0.1:${port}/sync/${space}`, { perMessageDeflate: false })
    this.#socket = socket
    socket.on('open', () => this.handle({ kind: 'socket-open' }))
    socket.on('message', (data: Buffer) => {
      this.traffic.received += 1
      this.traffic.receivedBytes += data.length
      if (this.#socket === socket) this.handle({ kind: 'bytes', bytes: data, now: performance.now() })
    })
    socket.on('error', () => socket.terminate())
    socket.on('close', (code, reason) => {
      if (this.#socket !== socket) return
      this.#socket = null
      this.handle({ kind: 'socket-closed', code, reason: reason.toString() })
    })
  }
}

/** A document on a device, open over its connection. */
export class Copy {
  readonly doc: Y.Doc
  readonly text: Y.Text
  readonly device: Device
  readonly opening: number
  readonly said: ChannelSaid[] = []
  epoch = ''
  seq = 0
  sent = 0
  acked = 0
  isLevel = false
  isOver = false
  refused: { n: number; code: number }[] = []
  #offered = false

  constructor(device: Device, document: string, options: Partial<OpenWish> & { doc?: Y.Doc; mode?: ChannelMode } = {}) {
    this.device = device
    this.doc = options.doc ?? new Y.Doc()
    this.text = this.doc.getText('text')
    const opening = device.sync.open({
      document,
      epoch: options.epoch ?? '',
      seq: options.seq ?? 0,
      mode: options.mode ?? 'watch',
      stateVector: options.stateVector ?? Y.encodeStateVector(this.doc),
    })
    if (opening === null) throw new Error('no channel is free')
    this.opening = opening
    device.listen(opening, (effect) => this.hear(effect))
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this && this.#offered) this.send(update)
    })
    device.pump()
  }

  /** Opens with what was known when another copy was closed. */
  static again(device: Device, document: string, before: Copy): Copy {
    return new Copy(device, document, { doc: before.doc, epoch: before.epoch, seq: before.seq })
  }

  send(update: Uint8Array): void {
    this.sent += 1
    this.device.handle({ kind: 'channel', opening: this.opening, event: { kind: 'update', update } })
  }

  tell(event: Extract<SyncClientEvent, { kind: 'channel' }>['event']): void {
    this.device.handle({ kind: 'channel', opening: this.opening, event })
  }

  lease(operation: 'acquire' | 'renew' | 'release', fencing = 0, key = 'turn', ttl = 10_000): number {
    const request = this.device.sync.nextRequest()
    this.tell({ kind: 'lease', request, key, operation, ttl, fencing })
    return request
  }

  async leased(request: number): Promise<Extract<ChannelSaid, { kind: 'leased' }>['leased']> {
    const leased = await this.find('leased', (effect) => effect.leased.request === request)
    return leased.leased
  }

  /** The first thing of this kind that was said, now or later. */
  async find<K extends ChannelSaid['kind']>(
    kind: K,
    accept: (effect: Extract<ChannelSaid, { kind: K }>) => boolean = () => true,
  ): Promise<Extract<ChannelSaid, { kind: K }>> {
    const look = (): Extract<ChannelSaid, { kind: K }> | undefined =>
      this.said.find((effect): effect is Extract<ChannelSaid, { kind: K }> => {
        return effect.kind === kind && accept(effect as Extract<ChannelSaid, { kind: K }>)
      })
    await this.device.until(() => look() !== undefined)
    return look()!
  }

  /** Level with the relay, and everything sent is on its disk. */
  async synced(): Promise<this> {
    await this.device.until(() => this.isOver || (this.isLevel && this.#offered && this.acked === this.sent))
    if (this.isOver) throw new Error(`the channel has ended: ${JSON.stringify(this.said.at(-1))}`)
    return this
  }

  hear(effect: ChannelSaid): void {
    this.said.push(effect)
    switch (effect.kind) {
      case 'opened': {
        this.epoch = effect.epoch
        this.#offered = true
        if (effect.role === 'read') return
        this.sent += 1
        this.tell({ kind: 'offer', update: Y.encodeStateAsUpdate(this.doc, effect.stateVector) })
        return
      }
      case 'deliver':
        this.seq = effect.seq
        Y.applyUpdate(this.doc, effect.update, this)
        return
      case 'level':
        this.seq = effect.seq
        this.isLevel = true
        return
      case 'acked':
        this.acked = effect.upTo
        this.seq = Math.max(this.seq, effect.seq)
        this.refused.push(...effect.refused)
        return
      case 'resync':
        this.sent += 1
        this.tell({ kind: 'resync-answer', update: Y.encodeStateAsUpdate(this.doc, effect.stateVector) })
        return
      case 'refused':
      case 'set-aside':
      case 'closed':
      case 'lost':
        this.isOver = true
    }
  }
}
