import { useCallback } from 'react'
import { useStore } from './store-context.tsx'

/**
 * Deletes a conversation for good, here and everywhere; ask first. Resolves when it is gone from this device.
 * The function is the same one between renders.
 */
export function usePurge(): (id: string) => Promise<void> {
  const store = useStore()
  return useCallback((id: string) => store.purge(id), [store])
}
