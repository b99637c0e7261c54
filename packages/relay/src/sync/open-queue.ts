import type { SyncChannel } from './channel.ts'

/** Channels that are brought level at the same time. */
const AT_ONCE = 64
/** More waiting to be sent, and no further document is read. */
const ENOUGH_WAITING = 4 * 1024 * 1024

/**
 * The channels of one connection that are yet to be brought level: a device that asks for a thousand documents must not have them all in
 * memory at once. What somebody watches goes before what is only exchanged.
 */
export class OpenQueue {
  readonly #waiting: () => number
  readonly #watching = new Set<SyncChannel>()
  readonly #exchanging = new Set<SyncChannel>()
  readonly #started = new Set<SyncChannel>()

  /** @param waiting bytes that wait to be sent */
  constructor(waiting: () => number) {
    this.#waiting = waiting
  }

  add(channel: SyncChannel): void {
    const queue = channel.isBrief ? this.#exchanging : this.#watching
    queue.add(channel)
    this.next()
  }

  /** It is level, or over. */
  done(channel: SyncChannel): void {
    this.#watching.delete(channel)
    this.#exchanging.delete(channel)
    if (this.#started.delete(channel)) this.next()
  }

  /** Begins as many as may be under way. */
  next(): void {
    for (const queue of [this.#watching, this.#exchanging]) {
      for (const channel of queue) {
        const isBusy = this.#started.size >= AT_ONCE || this.#waiting() > ENOUGH_WAITING
        if (isBusy && channel.isBrief) return
        queue.delete(channel)
        this.#started.add(channel)
        channel.enter()
      }
    }
  }

  clear(): void {
    this.#watching.clear()
    this.#exchanging.clear()
    this.#started.clear()
  }
}
