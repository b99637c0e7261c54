import { useStore, useStoreStatus } from '@holdfast/react'
import { FilesBanner, RefusalBanner, spaceRefusal } from '@holdfast/ui'
import { useRemedies } from '../app/remedies.ts'

/** Says what the relay does not let this page do in its whole space, and what helps. */
export function RelayBanner() {
  const store = useStore()
  const space = useStoreStatus()
  const remedies = useRemedies()
  const reason = spaceRefusal(space)
  if (reason) return <RefusalBanner reason={reason} remedies={remedies} />
  return space.relay === 'connected' ? <FilesBanner space={space} onRetry={() => store.retry()} /> : null
}
