import type { StoreStatus } from '@holdfast/store'
import { useStore } from './store-context.tsx'
import { useReadable } from './use-readable.ts'

/** The space as a whole: the relay, what waits for it, and whether the device can be written. */
export function useStoreStatus(): StoreStatus {
  return useReadable(useStore().status)
}
