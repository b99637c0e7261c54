import { isUpdateLogError } from '@holdfast/update-log'
import type { Clock } from './options.ts'

/**
 * For how long a write that failed speaks for the storage, in ms. Clients that could not save try again all the time: after a minute of silence
 * nobody knows any more.
 */
const SPEAKS_FOR = 60_000

export interface WriteFailure {
  readonly code: 'STORAGE_FULL' | 'STORAGE_FAILED'
  readonly message: string
}

/** Whether the storage takes writes, from what became of the last one: to try is the only way to know. */
export class WriteHealth {
  readonly #clock: Clock
  #last: { readonly failure: WriteFailure; readonly at: number } | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  wrote(): void {
    this.#last = null
  }

  /** What one document refuses (it was purged, it is damaged) is not of the storage, and passed over. */
  failed(error: unknown): void {
    if (!isUpdateLogError(error, 'STORAGE_FULL') && !isUpdateLogError(error, 'STORAGE_FAILED')) return
    const failure =
      error.code === 'STORAGE_FULL'
        ? ({ code: 'STORAGE_FULL', message: 'The disk is full. Make room; reading goes on.' } as const)
        : ({
            code: 'STORAGE_FAILED',
            message: 'Writes fail; reading goes on. See the log, and "holdfast doctor".',
          } as const)
    this.#last = { failure, at: this.#clock.monotonic() }
  }

  /** Null when nothing is known to be wrong. */
  get failing(): WriteFailure | null {
    if (this.#last === null || this.#clock.monotonic() - this.#last.at >= SPEAKS_FOR) return null
    return this.#last.failure
  }
}
