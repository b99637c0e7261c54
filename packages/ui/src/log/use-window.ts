import { startTransition, useCallback, useEffect, useState } from 'react'

/** Shown in the first frame: more than fits on a screen. */
const first = 8
/** Added at a time while the browser is idle. */
const step = 60
/** Above this, earlier messages come only when the reader scrolls up to them. */
export const fillLimit = 2_000

const idle: (run: () => void) => () => void =
  typeof requestIdleCallback === 'function'
    ? (run) => {
        const handle = requestIdleCallback(run, { timeout: 200 })
        return () => cancelIdleCallback(handle)
      }
    : (run) => {
        const handle = setTimeout(run, 16)
        return () => clearTimeout(handle)
      }

export interface LogWindow {
  /** How many of the last messages are in the page. */
  readonly count: number
  /** Earlier ones that wait for the reader to scroll up. */
  readonly more: boolean
  readonly showMore: () => void
}

/** Lets the end of a long conversation be on the screen first, and fills in what is before it from idle time. */
export function useWindow(total: number, beforeGrowing: () => void): LogWindow {
  const [count, setCount] = useState(first)
  const [limit, setLimit] = useState(fillLimit)
  const goal = Math.min(total, limit)
  useEffect(() => {
    if (count >= goal) return
    return idle(() => {
      beforeGrowing()
      startTransition(() => setCount((was) => Math.min(goal, was + step)))
    })
  }, [count, goal, beforeGrowing])
  const showMore = useCallback(() => setLimit((was) => was + step * 4), [])
  return { count: Math.min(count, total), more: total > goal && count >= goal, showMore }
}
