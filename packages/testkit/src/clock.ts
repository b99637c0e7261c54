/** A clock that moves only when a test says so. It serves every port that asks for a clock: the store's, the relay's. */
export interface VirtualClock {
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds since the clock was made; never goes back. */
  monotonic(): number
  /** Calls `run` once after `ms`; returns what cancels it. */
  after(ms: number, run: () => void): () => void
  /** Moves on, running what becomes due in order of time. */
  advance(ms: number): void
  /** Moves to the next timer, if there is one within `ms`, and runs it. Otherwise moves on by `ms` and is false. */
  advanceToNext(ms: number): boolean
  /** Timers that wait. */
  pending(): number
}

interface Timer {
  readonly at: number
  readonly run: () => void
  cancelled: boolean
}

/** @param start the time of day at which it begins, in milliseconds since 1970 */
export function virtualClock(start = 1_800_000_000_000): VirtualClock {
  let now = start
  /** In order of time, and of being set. */
  const timers: Timer[] = []
  let cancelled = 0

  const place = (at: number): number => {
    let low = 0
    let high = timers.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (timers[middle]!.at <= at) low = middle + 1
      else high = middle
    }
    return low
  }

  const next = (): Timer | null => {
    while (timers[0]?.cancelled) {
      timers.shift()
      cancelled--
    }
    return timers[0] ?? null
  }

  const clock: VirtualClock = {
    now: () => now,
    monotonic: () => now - start,
    after: (ms, run) => {
      const timer: Timer = { at: now + Math.max(0, ms), run, cancelled: false }
      timers.splice(place(timer.at), 0, timer)
      return () => {
        if (timer.cancelled) return
        timer.cancelled = true
        cancelled++
      }
    },
    advance: (ms) => {
      const until = now + ms
      while (clock.advanceToNext(until - now));
    },
    advanceToNext: (ms) => {
      const timer = next()
      if (!timer || timer.at > now + ms) {
        now += ms
        return false
      }
      timers.shift()
      now = Math.max(now, timer.at)
      // What has run cannot be cancelled any more.
      timer.cancelled = true
      timer.run()
      return true
    },
    pending: () => timers.length - cancelled,
  }
  return clock
}
