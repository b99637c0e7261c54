import { useSyncExternalStore } from 'react'

const query = matchMedia('(max-width: 48rem)')

function subscribe(tell: () => void): () => void {
  query.addEventListener('change', tell)
  return () => query.removeEventListener('change', tell)
}

/** Whether the list is a drawer over the conversation rather than beside it. */
export const useNarrow = (): boolean => useSyncExternalStore(subscribe, () => query.matches)
