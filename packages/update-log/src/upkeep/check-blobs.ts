import type { BlobStore } from '../blobs/port.ts'
import { blobNames } from './blob-names.ts'
import type { Problem, UpkeepOptions } from './problems.ts'

export interface CheckedBlobs {
  readonly blobs: number
  readonly bytes: number
  /** What documents refer to and is not there: a device may still have it. No damage by itself. */
  readonly wanted: number
}

/**
 * Reads every blob and compares it with its name.
 * @param directory where the store has them
 */
export async function checkBlobs(
  blobs: BlobStore,
  directory: string,
  onProblem: (problem: Problem) => void,
  { onProgress, signal }: UpkeepOptions,
): Promise<CheckedBlobs> {
  const counts = { blobs: 0, bytes: 0, wanted: 0 }
  for (const space of blobs.opened.damaged)
    onProblem({ part: 'blob', space, what: 'which documents refer to blobs is damaged' })
  for (const space of await blobs.spaces()) {
    counts.wanted += (await blobs.wanted(space, 100_000)).length
    const hashes = await blobNames(directory, space)
    const total = counts.blobs + hashes.length
    for (const hash of hashes) {
      signal?.throwIfAborted()
      if ((await blobs.verify({ space, hash })) === 'damaged') {
        onProblem({ part: 'blob', space, blob: hash, what: 'its content is not what its name says' })
      }
      counts.blobs += 1
      onProgress?.({ step: 'blobs', done: counts.blobs, total })
    }
    counts.bytes += (await blobs.totals(space)).bytes
  }
  return counts
}
