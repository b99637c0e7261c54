import type { Limits } from './options.ts'

/** When a connection last showed signs of life. Times are monotonic, in ms. */
export class Pulse {
  readonly #limits: Limits
  #lastProgress: number
  #lastHeard: number
  #pingedAt: number | null = null

  constructor(limits: Limits, now: number) {
    this.#limits = limits
    this.#lastProgress = now
    this.#lastHeard = now
  }

  heard(now: number): void {
    this.#lastHeard = now
  }

  /** Something that waited was taken, or nothing waits. */
  progressed(now: number): void {
    this.#lastProgress = now
  }

  /**
   * W7: what a look at the clock asks for.
   * @param oldestTransfer when the transfer that waits longest for its next piece got its last one; null when none does
   */
  look(now: number, oldestTransfer: number | null): 'nothing' | 'ping' | 'stalled' {
    const { pingEvery, stallAfter } = this.#limits
    const isDeaf = this.#pingedAt !== null && this.#lastHeard < this.#pingedAt && now - this.#pingedAt > pingEvery
    const isUnfinished = oldestTransfer !== null && now - oldestTransfer > pingEvery
    if (isDeaf || isUnfinished || now - this.#lastProgress > stallAfter) return 'stalled'
    if (now - Math.max(this.#lastHeard, this.#pingedAt ?? 0) <= pingEvery) return 'nothing'
    this.#pingedAt = now
    return 'ping'
  }
}
