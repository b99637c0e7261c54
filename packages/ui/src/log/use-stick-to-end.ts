import type { RefObject } from 'react'
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'

const near = 48
/** A scroll this soon (ms) after a wheel, touch, key or press is the reader's. */
const soon = 250

export interface StickToEnd {
  /** False once the reader has scrolled up. */
  readonly atEnd: boolean
  readonly toEnd: () => void
  /** Call before earlier messages are put in: what the reader looks at stays where it is. */
  readonly remember: () => void
}

/**
 * Keeps the end in sight while a message grows, unless the reader scrolled up. `shown` is how many messages are in the
 * page: when it changes, what was remembered is put back in its place.
 */
export function useStickToEnd(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  shown: number,
): StickToEnd {
  const [atEnd, setAtEnd] = useState(true)
  const stuck = useRef(true)
  const followed = useRef({ top: 0, height: 0 })
  const remembered = useRef<{ readonly element: Element; readonly top: number } | null>(null)

  const follow = useCallback(() => {
    const box = scroller.current
    if (!box) return
    box.scrollTop = box.scrollHeight
    followed.current = { top: box.scrollTop, height: box.scrollHeight }
  }, [scroller])

  const toEnd = useCallback(() => {
    stuck.current = true
    setAtEnd(true)
    follow()
  }, [follow])

  const remember = useCallback(() => {
    const box = scroller.current
    if (!box || stuck.current) return
    const edge = box.getBoundingClientRect().top
    const element = [...box.querySelectorAll('article')].find((one) => one.getBoundingClientRect().bottom > edge)
    remembered.current = element ? { element, top: element.getBoundingClientRect().top } : null
  }, [scroller])

  // biome-ignore lint/correctness/useExhaustiveDependencies: `shown` is what this waits for
  useLayoutEffect(() => {
    const box = scroller.current
    if (!box) return
    if (stuck.current) follow()
    else if (remembered.current?.element.isConnected) {
      box.scrollTop += remembered.current.element.getBoundingClientRect().top - remembered.current.top
    }
    remembered.current = null
  }, [shown, scroller, follow])

  useEffect(() => {
    const box = scroller.current
    const inner = content.current
    if (!box || !inner) return
    let touched = Number.NEGATIVE_INFINITY
    const touch = () => {
      touched = performance.now()
    }
    const onScroll = () => {
      // Earlier messages may take a while to be put in: the place to keep is where the reader is by then.
      if (remembered.current) remember()
      const { top, height } = followed.current
      const rest = box.scrollHeight - box.scrollTop - box.clientHeight
      // Content that grows or is measured moves things without the reader having done anything. Going up lets go only
      // when the reader did it, or when nothing else can have: the content is as it was.
      const byReader = performance.now() - touched < soon || box.scrollHeight === height
      if (rest <= near) stuck.current = true
      else if (stuck.current && box.scrollTop < top - 1 && byReader) stuck.current = false
      else if (stuck.current) follow()
      setAtEnd(stuck.current)
    }
    const grown = () => {
      if (stuck.current) follow()
    }
    const observer = new ResizeObserver(grown)
    observer.observe(inner)
    observer.observe(box)
    const gestures = ['wheel', 'touchmove', 'keydown', 'pointerdown'] as const
    for (const gesture of gestures) box.addEventListener(gesture, touch, { passive: true })
    box.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      observer.disconnect()
      for (const gesture of gestures) box.removeEventListener(gesture, touch)
      box.removeEventListener('scroll', onScroll)
    }
  }, [scroller, content, follow, remember])

  return { atEnd, toEnd, remember }
}
