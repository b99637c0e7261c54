import type { Readable } from '@holdfast/store'
import { useCallback, useSyncExternalStore } from 'react'

/** Follows anything of the store that can be read and subscribed to. */
export function useReadable<T>(readable: Readable<T>): T {
  const subscribe = useCallback((tell: () => void) => readable.subscribe(tell), [readable])
  const get = useCallback(() => readable.get(), [readable])
  return useSyncExternalStore(subscribe, get, get)
}
