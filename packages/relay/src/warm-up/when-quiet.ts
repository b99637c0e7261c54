import type { Clock } from '../options.ts'

export interface WhenQuiet {
  /** Grows with everything that is asked, sent or told. */
  readonly traffic: () => number
  /** True once nobody will be served any more. */
  readonly isOver: () => boolean
  readonly clock: Clock
  /** Does it, and ends soon when `isWanted` says no. */
  readonly run: (isWanted: () => boolean) => Promise<unknown>
}

/** Nothing was asked or told for so long: whoever came has got what they came for. In ms. */
const QUIET_MS = 250
/** About as much as the visitors make: who has been served so much has warmed the relay up. */
const ENOUGH_TRAFFIC = 2_000
/** Somebody who says a word every second would have it begun for ever. */
const MOST_TRIES = 8

/**
 * Runs something at once, and when that was disturbed again from the beginning as soon as nobody is being served, unless those who were have done as much.
 * @returns whether it was done to its end
 */
export async function whenQuiet({ traffic, isOver, clock, run }: WhenQuiet): Promise<boolean> {
  const first = traffic()
  let begun = first
  for (let tries = 0; tries < MOST_TRIES && begun - first < ENOUGH_TRAFFIC && !isOver(); tries++) {
    let isDisturbed = false
    await run(() => {
      isDisturbed ||= isOver() || traffic() !== begun
      return !isDisturbed
    })
    if (!isDisturbed) return true
    begun = await quiet(traffic, isOver, clock)
  }
  return false
}

/** @returns the traffic that there has been once there is none, or it is over */
function quiet(traffic: () => number, isOver: () => boolean, clock: Clock): Promise<number> {
  return new Promise((resolve) => {
    let before = traffic()
    const look = (): void => {
      const now = traffic()
      if (now === before || isOver()) {
        resolve(now)
        return
      }
      before = now
      clock.after(QUIET_MS, look)
    }
    clock.after(QUIET_MS, look)
  })
}
