import type { Clock } from './options.ts'

/** Longest delay that `setTimeout` keeps: 2^31 - 1 ms, 24 days. */
const LONGEST = 2 ** 31 - 1

/** The machine's own time. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delay, run) {
    const timer = setTimeout(run, Math.min(delay, LONGEST))
    timer.unref()
    return () => clearTimeout(timer)
  },
}
