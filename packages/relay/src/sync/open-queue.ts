import type { SyncChannel } from './channel.ts'

/** Channels that are brought level at the same time, and with so many under way none is that is only exchanged. */
const AT_ONCE = 64
/** Of those that somebody watches. A person has a few; a client that opens a thousand has them one after the other. */
const WATCHED_AT_ONCE = 32
/** More waiting to be sent, and no further document is read that is only exchanged; and none at all. */
const ENOUGH_WAITING = 4 * 1024 * 1024
const TOO_MUCH_WAITING = 32 * 1024 * 1024

/**
 * The channels of one connection that are yet to be brought level: a device that asks for a thousand documents must not have them all in
 * memory at once. What somebody watches goes before what is only exchanged.
 */
export class OpenQueue {
  readonly #waiting: () => number
  readonly #watching = new Set<SyncChannel>()
  readonly #exchanging = new Set<SyncChannel>()
  readonly #started = new Set<SyncChannel>()
  /** How many of those are watched. */
  #watched = 0

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
    if (!this.#started.delete(channel)) return
    if (!channel.isBrief) this.#watched -= 1
    this.next()
  }

  /** Begins as many as may be under way. */
  next(): void {
    for (const queue of [this.#watching, this.#exchanging]) {
      for (const channel of queue) {
        if (channel.isBrief ? this.#isBusy() : this.#isOverrun()) return
        queue.delete(channel)
        this.#started.add(channel)
        if (!channel.isBrief) this.#watched += 1
        channel.enter()
      }
    }
  }

  #isBusy(): boolean {
    return this.#started.size >= AT_ONCE || this.#waiting() > ENOUGH_WAITING
  }

  #isOverrun(): boolean {
    return this.#watched >= WATCHED_AT_ONCE || this.#waiting() > TOO_MUCH_WAITING
  }

  clear(): void {
    this.#watching.clear()
    this.#exchanging.clear()
    this.#started.clear()
    this.#watched = 0
  }
}
