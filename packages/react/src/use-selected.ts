import type { Readable } from '@holdfast/store'
import { useCallback, useRef, useSyncExternalStore } from 'react'

/**
 * Follows one aspect of a readable; renders again only when `select` gives something that is not `same` as before.
 * `select` may be written inline.
 */
export function useSelected<T, S>(
  readable: Readable<T>,
  select: (value: T) => S,
  same: (a: S, b: S) => boolean = Object.is,
): S {
  const last = useRef<{ readonly source: Readable<T>; readonly selected: S } | null>(null)
  const subscribe = useCallback((tell: () => void) => readable.subscribe(tell), [readable])
  const get = () => {
    const selected = select(readable.get())
    const before = last.current
    if (before && before.source === readable && same(before.selected, selected)) return before.selected
    last.current = { source: readable, selected }
    return selected
  }
  return useSyncExternalStore(subscribe, get, get)
}
