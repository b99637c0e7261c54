import { type DocumentRef, isUpdateLogError, type UpdateLog } from '@holdfast/update-log'
import type { UpkeepOptions } from '@holdfast/update-log/upkeep'

export interface CompactedAll {
  readonly compacted: number
  readonly unchanged: number
  readonly bytesBefore: number
  readonly bytesAfter: number
  /** Documents that could not be compacted; they are as they were. */
  readonly failed: readonly { readonly space: string; readonly document: string; readonly what: string }[]
}

/** Compacts one document, or all of a space, or all. One after the other, so that serving goes before. */
export async function compactAll(
  log: UpdateLog,
  { space, document }: Partial<DocumentRef>,
  { signal, onProgress }: UpkeepOptions,
): Promise<CompactedAll> {
  const refs = await documentsOf(log, space, document)
  const failed: { space: string; document: string; what: string }[] = []
  const counts = { compacted: 0, unchanged: 0, bytesBefore: 0, bytesAfter: 0 }
  for (const [i, ref] of refs.entries()) {
    signal?.throwIfAborted()
    try {
      const { outcome, bytesBefore, bytesAfter } = await log.compact(ref)
      if (outcome === 'compacted') counts.compacted += 1
      else counts.unchanged += 1
      counts.bytesBefore += bytesBefore
      counts.bytesAfter += bytesAfter
    } catch (error) {
      // Purged meanwhile.
      if (isUpdateLogError(error, 'PURGED') && document === undefined) continue
      const isOwn = ['DAMAGED', 'COMPACTION_REFUSED', 'COMPACTION_FAILED'].some(
        (code) => isUpdateLogError(error) && error.code === code,
      )
      if (!isOwn || !isUpdateLogError(error)) throw error
      failed.push({ ...ref, what: error.message })
    }
    onProgress?.({ step: 'compacting', done: i + 1, total: refs.length })
  }
  return { ...counts, failed }
}

async function documentsOf(log: UpdateLog, space?: string, document?: string): Promise<DocumentRef[]> {
  if (space !== undefined && document !== undefined) return [{ space, document }]
  const refs: DocumentRef[] = []
  for (const name of space === undefined ? await log.spaces() : [space]) {
    for (const stat of await log.documents(name)) {
      if (stat.kind === 'live') refs.push({ space: name, document: stat.document })
    }
  }
  return refs
}
