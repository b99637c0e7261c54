import type { ReactNode, RefObject } from 'react'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { createPortal } from 'react-dom'

export interface FloatingProps {
  readonly anchor: RefObject<HTMLElement | null>
  /** `back` says that the focus belongs on the anchor again. */
  readonly onClose: (back: boolean) => void
  readonly children: ReactNode
  readonly className?: string
}

const margin = 8
/** Transparent rather than hidden: what is hidden cannot take the focus. */
const unplaced = { opacity: 0, top: 0, left: 0 }

/** A card beside its anchor, kept inside the window; Escape, Tab, a click or a scroll elsewhere closes it. */
export function Floating({ anchor, onClose, children, className = 'hf-menu' }: FloatingProps) {
  const card = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState<{ top: number; left: number } | null>(null)

  useLayoutEffect(() => {
    const from = anchor.current?.getBoundingClientRect()
    const own = card.current?.getBoundingClientRect()
    if (!from || !own) return
    const below = from.bottom + 4
    const top = below + own.height + margin <= innerHeight ? below : Math.max(margin, from.top - own.height - 4)
    const end = from.left + own.width + margin <= innerWidth ? from.left : from.right - own.width
    setPlace({ top, left: Math.min(Math.max(margin, end), innerWidth - own.width - margin) })
  }, [anchor])

  useEffect(() => {
    const outside = (event: Event) => {
      const target = event.target as Node
      if (!card.current?.contains(target) && !anchor.current?.contains(target)) onClose(false)
    }
    const key = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' && event.key !== 'Tab') return
      event.stopPropagation()
      if (event.key === 'Escape') event.preventDefault()
      onClose(true)
    }
    document.addEventListener('pointerdown', outside, true)
    document.addEventListener('scroll', outside, true)
    document.addEventListener('keydown', key, true)
    return () => {
      document.removeEventListener('pointerdown', outside, true)
      document.removeEventListener('scroll', outside, true)
      document.removeEventListener('keydown', key, true)
    }
  }, [anchor, onClose])

  // Inside an open modal dialog the rest of the page is inert, so the card goes where its anchor lives.
  const home = anchor.current?.closest('dialog') ?? document.querySelector('.hf-root') ?? document.body
  return createPortal(
    <div ref={card} className={className} style={place ?? unplaced}>
      {children}
    </div>,
    home,
  )
}
