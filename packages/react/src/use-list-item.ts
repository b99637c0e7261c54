import type { ListItem } from '@holdfast/store'
import { useStore } from './store-context.tsx'
import { useSelected } from './use-selected.ts'

/**
 * One line of the list: its summary, whether it waits to be sent (`status`), whether the relay has more of it (`behind`), whether its last
 * answer broke off (`interrupted`; while that is not set, `summary.streaming` is somebody who writes).
 * Undefined while the list does not have it.
 */
export function useListItem(id: string): ListItem | undefined {
  return useSelected(useStore().list, (items) => items.find((item) => item.id === id))
}
