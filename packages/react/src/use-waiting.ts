import type { StoreStatus } from '@holdfast/store'
import { useStore } from './store-context.tsx'
import { useSelected } from './use-selected.ts'

/** What is under way between this device and the relay, in the whole space. */
export interface Waiting {
  /** Conversations with edits that the relay is not known to have. */
  readonly conversations: number
  /** Files that the relay is not known to have. */
  readonly files: number
  /** Conversations of which the relay has something that is not here yet. */
  readonly behind: number
}

const waitingOf = ({ waiting, uploads = 0, behind = 0 }: StoreStatus): Waiting => ({
  conversations: waiting,
  files: uploads,
  behind,
})

const same = (a: Waiting, b: Waiting): boolean =>
  a.conversations === b.conversations && a.files === b.files && a.behind === b.behind

/** Renders again when a count changes, and not for the rest of the status. */
export function useWaiting(): Waiting {
  return useSelected(useStore().status, waitingOf, same)
}
