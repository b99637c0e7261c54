import { Readable } from 'node:stream'
import type { BlobStore } from '@holdfast/update-log'
import type { SlowDisk } from './slow-disk.ts'

/** A blob store on a disk that takes its time and fails. What it keeps outlives the process: closing it leaves the folder as it is. */
export function faultyBlobs(blobs: BlobStore, { through }: SlowDisk): BlobStore {
  return {
    opened: blobs.opened,
    put: async (ref, type, content, limit, options) => {
      const parts: Uint8Array[] = []
      for await (const part of content) parts.push(part)
      return through(() => blobs.put(ref, type, Readable.from(parts), limit, options), true)
    },
    stat: (...args) => through(() => blobs.stat(...args), false),
    read: (...args) => through(() => blobs.read(...args), false),
    verify: (...args) => through(() => blobs.verify(...args), false),
    delete: (...args) => through(() => blobs.delete(...args), true),
    refer: (...args) => through(() => blobs.refer(...args), true),
    release: (...args) => through(() => blobs.release(...args), true),
    sweep: (...args) => through(() => blobs.sweep(...args), true),
    collect: (...args) => through(() => blobs.collect(...args), true),
    wanted: (...args) => through(() => blobs.wanted(...args), false),
    tally: (...args) => through(() => blobs.tally(...args), false),
    totals: (...args) => through(() => blobs.totals(...args), false),
    spaces: () => through(() => blobs.spaces(), false),
    blobs: (...args) => blobs.blobs(...args),
    references: (...args) => through(() => blobs.references(...args), false),
    lossTold: (...args) => through(() => blobs.lossTold(...args), true),
    quarantine: () => blobs.quarantine(),
    close: () => blobs.close(),
  }
}
