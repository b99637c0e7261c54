/** How many times the rate may come at once, before anything is held back. */
const BURST_SECONDS = 2

/** A bucket of so many messages a second. The clock is looked at only when it is empty. */
export class Pace {
  readonly #rate: number
  readonly #monotonic: () => number
  #left: number
  #filledAt: number

  /** @param rate messages a second; 0 for no limit */
  constructor(rate: number, monotonic: () => number) {
    this.#rate = rate
    this.#monotonic = monotonic
    this.#left = rate * BURST_SECONDS
    this.#filledAt = monotonic()
  }

  /** Counts a message. @returns milliseconds to take nothing more for; 0 when there is no need */
  count(): number {
    if (this.#rate === 0) return 0
    this.#left -= 1
    if (this.#left >= 0) return 0
    const now = this.#monotonic()
    const filled = ((now - this.#filledAt) * this.#rate) / 1000
    this.#left = Math.min(this.#left + filled, this.#rate * BURST_SECONDS)
    this.#filledAt = now
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left * 1000) / this.#rate)
  }
}
