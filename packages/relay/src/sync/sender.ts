import type { SyncConnection, SyncConnectionEffect } from '@holdfast/protocol'
import type { Wire } from '../wire.ts'
import type { OpenQueue } from './open-queue.ts'
import { Pace } from './pace.ts'
import type { SyncServices } from './services.ts'

/** Handed to the socket at a time, in bytes. */
const BUDGET = 64 * 1024
/** Handed over in one turn of the event loop: a local socket takes any amount at once, and everybody else would wait. */
const TURN_BYTES = 256 * 1024

export interface SenderOptions {
  readonly wire: Wire
  readonly connection: SyncConnection
  /** Has the next documents brought level when there is room for them. */
  readonly opens: OpenQueue
  readonly services: SyncServices
  /** Carries out what the connection decides about what was sent. */
  readonly run: (effects: readonly SyncConnectionEffect[]) => void
}

/** Sends what one connection has to say (W7): at the end of a turn of the event loop, and as fast as the client takes it. */
export class Sender {
  readonly #options: SenderOptions
  readonly #flushes = new Set<number>()
  readonly #pace = new Pace()
  #turnIsSet = false
  #isStopped = false

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** Sends when this turn of the event loop is over. */
  soon(): void {
    if (this.#turnIsSet || this.#isStopped) return
    this.#turnIsSet = true
    setImmediate(() => this.turn())
  }

  /** Has the opening's acks told when this turn of the event loop is over. */
  flushSoon(opening: number): void {
    this.#flushes.add(opening)
    this.soon()
  }

  /** The turn of the event loop is over: acks have joined, and everything goes out together. */
  turn(): void {
    this.#turnIsSet = false
    if (this.#isStopped) return
    const { connection, run } = this.#options
    const flushes = [...this.#flushes]
    this.#flushes.clear()
    for (const opening of flushes) run(connection.handle({ kind: 'channel', opening, event: { kind: 'flush' } }))
    this.pump()
  }

  /** The ping with this mark was answered: what was sent before it has arrived. */
  answered(mark: number, now: number): void {
    this.#pace.answered(mark, now)
    this.pump()
  }

  /** Called every second or so. */
  tick(now: number): void {
    if (this.#pace.look(now)) this.pump()
  }

  /** As much as the socket takes, a turn's worth at a time, and pieces only as far as those before have arrived. */
  pump(): void {
    const { wire, connection, opens, run } = this.#options
    let left = TURN_BYTES
    while (!this.#isStopped && !wire.isFull) {
      if (left <= 0) {
        this.soon()
        return
      }
      const messages = connection.next(BUDGET, !this.#pace.isFull)
      if (messages.length > 0) left -= this.#send(messages)
      else {
        const before = connection.waiting
        run(connection.sent())
        opens.next()
        if (connection.waiting === before) return
      }
    }
  }

  /** Nothing goes out any more. */
  stop(): void {
    this.#isStopped = true
  }

  #send(messages: readonly Uint8Array[]): number {
    const { wire, services } = this.#options
    const bytes = messages.reduce((sum, message) => sum + message.length, 0)
    services.metrics.sentBytes += bytes
    services.metrics.sentFrames += messages.length
    wire.sendAll(messages)
    const mark = this.#pace.sent(bytes, services.clock.monotonic())
    if (mark !== null) wire.ping(mark)
    return bytes
  }
}
