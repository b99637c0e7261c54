import type { BlobStore } from '../blobs/port.ts'
import type { View } from '../level/database.ts'
import { readDocuments, readSpaces } from '../level/read.ts'

export interface SpaceCount {
  readonly space: string
  readonly documents: number
  readonly purged: number
  /** Updates that were ever stored of the documents that are there. */
  readonly updates: number
  /** Of snapshots (compressed) and of the updates since, as they came. */
  readonly bytes: number
  /** Updates since the last snapshots: what compacting would take together. */
  readonly uncompacted: number
  readonly blobs: number
  readonly blobBytes: number
}

export interface DocumentCount {
  readonly space: string
  readonly document: string
  readonly updates: number
  readonly bytes: number
  readonly uncompacted: number
}

export interface Counted {
  readonly spaces: readonly SpaceCount[]
  /** The largest documents, largest first. */
  readonly largest: readonly DocumentCount[]
}

/** Counts what is there, by the documents' heads alone. Damaged documents are left out. */
export async function countFolder(view: View, blobs: BlobStore, largest: number): Promise<Counted> {
  const spaces: SpaceCount[] = []
  let top: DocumentCount[] = []
  const names = new Set([...(await readSpaces(view)), ...(await blobs.spaces())])
  for (const space of [...names].sort()) {
    const totals = await blobs.totals(space)
    const counts = { documents: 0, purged: 0, updates: 0, bytes: 0, uncompacted: 0 }
    for (const stat of await readDocuments(view, space)) {
      if (stat.kind === 'purged') {
        counts.purged += 1
        continue
      }
      const { snapshotBytes, tailBytes, tailUpdates } = stat.stats
      const bytes = snapshotBytes + tailBytes
      counts.documents += 1
      counts.updates += stat.seq
      counts.bytes += bytes
      counts.uncompacted += tailUpdates
      top.push({ space, document: stat.document, updates: stat.seq, bytes, uncompacted: tailUpdates })
      if (top.length > largest * 100) top = first(top, largest)
    }
    spaces.push({ space, ...counts, blobs: totals.count, blobBytes: totals.bytes })
  }
  return { spaces, largest: first(top, largest) }
}

function first(documents: readonly DocumentCount[], count: number): DocumentCount[] {
  return documents.toSorted((a, b) => b.bytes - a.bytes).slice(0, count)
}
