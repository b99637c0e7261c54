/** Bounds of the wait before trying again, in milliseconds. */
export interface Backoff {
  readonly first: number
  readonly longest: number
}

export const DEFAULT_BACKOFF: Backoff = { first: 500, longest: 30_000 }

/**
 * Full jitter (W8): evenly anywhere between 0 and a bound that doubles with each attempt, so that a thousand clients of a
 * relay that came back do not all arrive at once.
 * @param attempt 0 for the first after a success
 * @param random in [0, 1)
 * @returns milliseconds
 */
export function retryDelay(attempt: number, random: number, { first, longest }: Backoff = DEFAULT_BACKOFF): number {
  return Math.floor(random * Math.min(longest, first * 2 ** Math.min(attempt, 30)))
}
