import type { KeyboardEvent } from 'react'

/** Arrow keys, Home and End among the elements inside `event.currentTarget` that match; wraps around. */
export function moveFocus(event: KeyboardEvent<HTMLElement>, selector: string): void {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: 'first', End: 'last' }[event.key] as
    | 1
    | -1
    | 'first'
    | 'last'
    | undefined
  if (step === undefined) return
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>(selector)]
  if (all.length === 0) return
  event.preventDefault()
  const at = all.indexOf(document.activeElement as HTMLElement)
  const next = step === 'first' ? 0 : step === 'last' ? all.length - 1 : (at + step + all.length) % all.length
  all[next]?.focus()
}
