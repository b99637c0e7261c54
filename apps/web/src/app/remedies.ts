import { useStore } from '@holdfast/react'
import type { Remedies } from '@holdfast/ui'
import { useMemo } from 'react'
import { useOpenDialog } from './dialogs.tsx'
import { navigate } from './use-route.ts'

/** What this page can do about what the relay refuses. */
export function useRemedies(): Remedies {
  const store = useStore()
  const open = useOpenDialog()
  return useMemo(
    () => ({
      token: () => open('token'),
      reload: () => location.reload(),
      retry: () => store.retry(),
      new: () => navigate({ page: 'new' }),
      aside: () => open('aside'),
    }),
    [store, open],
  )
}
