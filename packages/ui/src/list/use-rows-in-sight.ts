import type { RefObject } from 'react'
import { useCallback, useLayoutEffect, useState } from 'react'
import { rowAt } from './layout.ts'

/** Rows kept ready beyond each edge. */
const spare = 12
/** The list renders again when it was scrolled this far (px), not for every pixel: less than the rows kept ready. */
const grain = 4 * 38

interface Sight {
  readonly top: number
  readonly height: number
}

export interface RowsInSight {
  readonly start: number
  /** One beyond the last. */
  readonly end: number
  /** Scrolls as little as it takes to have the whole row in sight. */
  readonly reveal: (index: number) => void
}

/**
 * Which rows of a scrolled list have to be in the page. Heights are known and `tops` says where rows begin, so nothing is
 * measured: measuring 10,000 rows was a fifth of what the page did before its list was seen.
 */
export function useRowsInSight(scroller: RefObject<HTMLElement | null>, tops: Float64Array): RowsInSight {
  // Before the first measurement the list may be as high as the window.
  const [sight, setSight] = useState<Sight>({ top: 0, height: globalThis.innerHeight || 900 })
  useLayoutEffect(() => {
    const box = scroller.current
    if (!box) return
    const look = () => {
      const top = Math.floor(box.scrollTop / grain) * grain
      const height = box.clientHeight || globalThis.innerHeight
      setSight((was) => (was.top === top && was.height === height ? was : { top, height }))
    }
    const observer = new ResizeObserver(look)
    observer.observe(box)
    box.addEventListener('scroll', look, { passive: true })
    return () => {
      observer.disconnect()
      box.removeEventListener('scroll', look)
    }
  }, [scroller])
  const reveal = useCallback(
    (index: number) => {
      const box = scroller.current
      const [top, bottom] = [tops[index], tops[index + 1]]
      if (!box || top === undefined || bottom === undefined) return
      if (top < box.scrollTop) box.scrollTop = index <= 1 ? 0 : top
      else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight
    },
    [scroller, tops],
  )
  const count = tops.length - 1
  return {
    start: Math.max(0, rowAt(tops, sight.top) - spare),
    end: Math.min(count, rowAt(tops, sight.top + grain + sight.height) + 1 + spare),
    reveal,
  }
}
