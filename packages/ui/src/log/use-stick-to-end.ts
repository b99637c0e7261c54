import type { RefObject } from 'react'
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'

const near = 48

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
  const lastTop = useRef(0)
  const remembered = useRef<{ readonly element: Element; readonly top: number } | null>(null)

  const toEnd = useCallback(() => {
    const element = scroller.current
    if (!element) return
    stuck.current = true
    setAtEnd(true)
    element.scrollTop = element.scrollHeight
  }, [scroller])

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
    if (stuck.current) box.scrollTop = box.scrollHeight
    else if (remembered.current?.element.isConnected) {
      box.scrollTop += remembered.current.element.getBoundingClientRect().top - remembered.current.top
    }
    remembered.current = null
  }, [shown, scroller])

  useEffect(() => {
    const box = scroller.current
    const inner = content.current
    if (!box || !inner) return
    const onScroll = () => {
      const rest = box.scrollHeight - box.scrollTop - box.clientHeight
      // Content that grows moves the end away without the reader having done anything: only going up lets go.
      if (rest <= near) stuck.current = true
      else if (box.scrollTop < lastTop.current - 1) stuck.current = false
      lastTop.current = box.scrollTop
      setAtEnd(stuck.current)
    }
    const follow = () => {
      if (stuck.current) box.scrollTop = box.scrollHeight
    }
    const observer = new ResizeObserver(follow)
    observer.observe(inner)
    observer.observe(box)
    box.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      observer.disconnect()
      box.removeEventListener('scroll', onScroll)
    }
  }, [scroller, content])

  return { atEnd, toEnd, remember }
}
