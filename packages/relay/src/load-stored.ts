import { type DocumentRef, isUpdateLogError, type LoadedDocument, type UpdateLog } from '@holdfast/update-log'
import type { RelayEvent } from './events.ts'
import type { Metrics } from './metrics.ts'

export interface LoadStoredServices {
  readonly log: UpdateLog
  readonly metrics: Metrics
  readonly report: (event: RelayEvent) => void
}

/**
 * Loads a document to be served. U20: what fails its checks is set aside before anybody is, so that what is left of it can be made whole by
 * its clients.
 * @returns null when there is none
 * @throws what the log's `load` and `setAside` throw
 */
export async function loadStored(ref: DocumentRef, services: LoadStoredServices): Promise<LoadedDocument | null> {
  const { log, metrics, report } = services
  try {
    return await log.load(ref)
  } catch (error) {
    if (!isUpdateLogError(error, 'DAMAGED')) throw error
    const done = await log.setAside(ref)
    if (done.kind === 'set-aside') {
      metrics.setAside += 1
      report({ event: 'document-set-aside', ...ref, kept: done.kept, copy: done.copy, detail: done.detail })
    }
    return await log.load(ref)
  }
}
