/** How many times the rate may come at once, before anything is held back. */
const BURST_SECONDS = 2
/** Milliseconds without being held back after which it counts anew. Shorter than the burst, so that no room is given away meanwhile. */
const QUIET = 1_000

/** What `Pace` says of a sender that has been too fast for too long. */
export const TOO_LONG = Number.POSITIVE_INFINITY

export interface PaceLimits {
  /** Messages a second; 0 for no limit. */
  readonly rate: number
  /** Milliseconds that a sender may be held back for with no quiet second between. */
  readonly patience: number
}

/**
 * A bucket of so many messages a second. Who empties it is held back until as much as it sent over has flowed in again. One that is held back
 * again within a second sends as fast as it can: when that has gone on for longer than the patience, so that it has sent more than the rate
 * gives in that time beyond its burst, it is said to be too fast. A sender that stops by itself never is, unless it had as much as that at
 * once. The clock is looked at only when the bucket is empty.
 */
export class Pace {
  readonly #rate: number
  readonly #patience: number
  readonly #monotonic: () => number
  #left: number
  #filledAt: number
  /** Since when, and until when, it has been held back with no quiet second between. */
  #heldSince = Number.NEGATIVE_INFINITY
  #heldUntil = Number.NEGATIVE_INFINITY

  constructor({ rate, patience }: PaceLimits, monotonic: () => number) {
    this.#rate = rate
    this.#patience = patience
    this.#monotonic = monotonic
    this.#left = rate * BURST_SECONDS
    this.#filledAt = monotonic()
  }

  /** Counts a message. @returns milliseconds to take nothing more for; 0 when there is no need, `TOO_LONG` when no more is to be taken at all */
  count(): number {
    if (this.#rate === 0) return 0
    this.#left -= 1
    if (this.#left >= 0) return 0
    const now = this.#monotonic()
    const filled = ((now - this.#filledAt) * this.#rate) / 1000
    this.#left = Math.min(this.#left + filled, this.#rate * BURST_SECONDS)
    this.#filledAt = now
    return this.#left >= 0 ? 0 : this.#hold(now, Math.ceil((-this.#left * 1000) / this.#rate))
  }

  #hold(now: number, wait: number): number {
    if (now - this.#heldUntil > QUIET) this.#heldSince = now
    this.#heldUntil = now + wait
    return this.#heldUntil - this.#heldSince > this.#patience ? TOO_LONG : wait
  }
}
