import type { SegmentReader } from './backup-folder.ts'
import type { BackedUpDocument, BackedUpSegment, Extent } from './manifest.ts'
import { decodeEntries } from './segment.ts'
import type { SegmentWriter } from './segment-writer.ts'

/** Segments below this are small; so many of them are left as they are. */
const SMALL_BYTES = 1 << 20
const SMALL_SEGMENTS = 24

/**
 * Keeps a backup folder from growing by what no document has any more, and from falling into ever more small files: what is still wanted of segments
 * of which less than half is, or of many small ones, is written again into the new ones. Older backups keep the old segments until they go.
 * @param documents changed in place
 */
export async function foldSegments(
  documents: BackedUpDocument[],
  before: readonly BackedUpSegment[],
  reader: SegmentReader,
  writer: SegmentWriter,
): Promise<void> {
  const folded = segmentsToFold(documents, before)
  if (folded.size === 0) return
  const again = async (extent: Extent): Promise<Extent> => {
    if (!folded.has(extent.segment)) return extent
    const bytes = await reader.bytes(extent)
    // Damage is not carried on.
    decodeEntries(bytes)
    return writer.add(bytes)
  }
  for (const [i, { state, about, records }] of documents.entries()) {
    if (![about, ...records].some(({ segment }) => folded.has(segment))) continue
    const moved: Extent[] = []
    for (const extent of records) moved.push(await again(extent))
    documents[i] = { state, about: await again(about), records: moved }
  }
}

export function segmentsToFold(
  documents: readonly BackedUpDocument[],
  before: readonly BackedUpSegment[],
): ReadonlySet<number> {
  const wanted = new Map<number, number>()
  for (const { about, records } of documents) {
    for (const { segment, length } of [about, ...records]) wanted.set(segment, (wanted.get(segment) ?? 0) + length)
  }
  const folded = new Set<number>()
  for (const { number, bytes } of before) {
    const live = wanted.get(number) ?? 0
    if (live > 0 && live * 2 < bytes) folded.add(number)
  }
  const small = before.filter(({ number, bytes }) => bytes < SMALL_BYTES && (wanted.get(number) ?? 0) > 0)
  if (small.length > SMALL_SEGMENTS) for (const { number } of small) folded.add(number)
  return folded
}
