import type { AsideItem } from '@holdfast/store'
import { useStore } from './store-context.tsx'
import { useReadable } from './use-readable.ts'

/** What this device holds and the relay will not take, newest first. Decide about it with `useStore().aside`. */
export function useAside(): readonly AsideItem[] {
  return useReadable(useStore().aside)
}
