import type { Ahead } from '@holdfast/update-log'
import type { Left, Result } from './bring-in.ts'
import type { Clock } from './options.ts'

/** How long it is waited before what could not be stored is tried again: twice as long each time that it cannot, in ms. */
const FIRST_WAIT = 5_000
const LONGEST_WAIT = 5 * 60_000

export interface KeptOptions {
  readonly ahead: Ahead
  readonly clock: Clock
  /** Stores what is left of one document, as at a start. */
  readonly bringIn: (left: Left) => Promise<Result>
}

/**
 * What was shown and could not be stored, because the storage failed. It is tried again until it can: others have seen it (W2), and while any of it is
 * kept nothing in the file can be written over, nor what was purged be wiped out (W9).
 */
export class Kept {
  readonly #options: KeptOptions
  #left: Left[] = []
  #wait = FIRST_WAIT
  #isTrying = false
  #isClosed = false
  #cancel: (() => void) | null = null

  constructor(options: KeptOptions) {
    this.#options = options
  }

  add(left: Left): void {
    if (left.updates.length === 0) return
    this.#left.push(left)
    this.#schedule()
  }

  /** What is still kept is found by the next start. */
  close(): void {
    this.#isClosed = true
    this.#cancel?.()
    this.#cancel = null
  }

  #schedule(): void {
    if (this.#isClosed || this.#isTrying || this.#cancel !== null || this.#left.length === 0) return
    this.#cancel = this.#options.clock.after(this.#wait, () => {
      this.#cancel = null
      void this.#try()
    })
  }

  async #try(): Promise<void> {
    const { ahead, bringIn } = this.#options
    this.#isTrying = true
    let isLess = false
    for (const left of this.#left.splice(0)) {
      const { kept } = this.#isClosed ? { kept: left.updates } : await bringIn(left)
      const done = left.updates.length - kept.length
      if (done > 0) {
        ahead.release(done)
        isLess = true
      }
      if (kept.length > 0) this.#left.push({ ...left, updates: kept })
    }
    this.#isTrying = false
    this.#wait = isLess ? FIRST_WAIT : Math.min(2 * this.#wait, LONGEST_WAIT)
    this.#schedule()
  }
}
