import type { ListItem } from '@holdfast/store'
import { useStore } from './store-context.tsx'
import { useReadable } from './use-readable.ts'

/** Every conversation of the space, newest first, trashed and archived ones included and flagged by their summary. */
export function useConversations(): readonly ListItem[] {
  return useReadable(useStore().list)
}
