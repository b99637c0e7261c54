import { encodeUpdate, joinUpdates } from '@holdfast/protocol'
import { Lag } from './lag.ts'
import type { Wire } from './wire.ts'

/** Larger messages go out in pieces of this size, so that draining shows and memory stays flat. */
const PIECE = 64 * 1024

export interface OutboxOptions {
  readonly wire: Wire
  /** More than this of updates waiting, and they are told by the difference of states when there is room. */
  readonly waitingBytes: number
  /** Makes the update that brings a peer with this lag up to what is durable now; null when that failed and the peer is closed. Never rejects. */
  readonly catchUp: (lag: Lag) => Promise<Uint8Array | null>
  readonly onSent: (frames: number, bytes: number) => void
  readonly onJoined: () => void
  readonly onCaughtUp: () => void
}

/** Messages for one peer, sent as fast as it takes them (W7). */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #wire: Wire
  /** Messages that cannot be joined (answers, awareness), and what is left of the one that is being sent in pieces. */
  #messages: Uint8Array[] = []
  #partSent = 0
  /** Those of the messages that the peer asked for. */
  readonly #answers = new Set<Uint8Array>()
  /** Updates that wait for room, oldest first. */
  #updates: Uint8Array[] = []
  #updateBytes = 0
  /** Set instead of `#updates` when they became too many. */
  #lag: Lag | null = null
  #catchingUp = false
  #closed = false

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#wire = options.wire
  }

  /** Whether anything waits, here or in the socket. */
  get isWaiting(): boolean {
    return (
      this.#wire.waiting > 0 ||
      this.#messages.length > 0 ||
      this.#updates.length > 0 ||
      this.#lag !== null ||
      this.#catchingUp
    )
  }

  send(frame: Uint8Array): void {
    this.#messages.push(frame)
    this.#flush()
  }

  /** Sends what the peer asked for. */
  answer(frame: Uint8Array): void {
    this.#answers.add(frame)
    this.send(frame)
  }

  /** Answers that the socket has not taken. */
  get unsentAnswers(): number {
    return this.#answers.size
  }

  /** Messages that the socket has not taken. */
  get unsentMessages(): number {
    return this.#messages.length
  }

  /** @param frame `update` as a message, made once for all peers */
  sendUpdate(update: Uint8Array, frame: Uint8Array): void {
    if (this.#lag !== null) {
      this.#lag.add(update)
    } else if (this.#isIdle() && frame.length <= PIECE && this.#hasRoom()) {
      this.#hand(frame, true)
    } else {
      this.#updates.push(update)
      this.#updateBytes += update.length
      if (this.#updateBytes > this.#options.waitingBytes && this.#updates.length > 1) this.#fallBehind()
      this.#flush()
    }
  }

  drained(): void {
    this.#flush()
  }

  close(): void {
    this.#closed = true
    this.#messages = []
    this.#answers.clear()
    this.#updates = []
    this.#lag = null
  }

  #isIdle(): boolean {
    return this.#messages.length === 0 && this.#updates.length === 0 && !this.#catchingUp
  }

  #hasRoom(): boolean {
    return !this.#closed && !this.#wire.isFull
  }

  #hand(bytes: Uint8Array, last: boolean): void {
    this.#wire.send(bytes, last)
    this.#options.onSent(last ? 1 : 0, bytes.length)
  }

  #flush(): void {
    while (this.#hasRoom()) {
      const message = this.#messages[0]
      if (message !== undefined) {
        const piece = message.subarray(this.#partSent, this.#partSent + PIECE)
        const last = this.#partSent + piece.length === message.length
        this.#partSent = last ? 0 : this.#partSent + piece.length
        if (last) {
          this.#messages.shift()
          this.#answers.delete(message)
        }
        this.#hand(piece, last)
      } else if (this.#catchingUp) {
        return
      } else if (this.#updates.length > 0) {
        this.#messages.push(encodeUpdate(this.#takeUpdates()))
      } else {
        if (this.#lag !== null) this.#catchUp(this.#lag)
        return
      }
    }
  }

  #takeUpdates(): Uint8Array {
    const updates = this.#updates
    this.#updates = []
    this.#updateBytes = 0
    if (updates.length === 1) return updates[0]!
    this.#options.onJoined()
    return joinUpdates(updates)
  }

  #fallBehind(): void {
    const lag = new Lag()
    for (const update of this.#updates) lag.add(update)
    this.#updates = []
    this.#updateBytes = 0
    this.#lag = lag
  }

  #catchUp(lag: Lag): void {
    this.#catchingUp = true
    // From here on updates wait in the list again: what becomes durable while the state is read may be told twice, never not at all.
    this.#lag = null
    const done = (update: Uint8Array | null): void => {
      this.#catchingUp = false
      if (this.#closed || update === null) return
      this.#options.onCaughtUp()
      this.#messages.push(encodeUpdate(update))
      this.#flush()
    }
    this.#options.catchUp(lag).then(done)
  }
}
