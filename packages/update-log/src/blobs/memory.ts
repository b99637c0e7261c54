import { createHash } from 'node:crypto'
import { type BlobStat, type BlobStore, hashMismatch, requireBlobRef, storeClosed, tooLarge } from './port.ts'

interface Kept extends BlobStat {
  readonly space: string
  readonly bytesOf: Uint8Array
}

/** A blob store that forgets everything with the process. Passes the same contract suite as the one on disk. */
export function createMemoryBlobs(): BlobStore {
  const blobs = new Map<string, Kept>()
  let isClosed = false

  function check(ref: Parameters<BlobStore['stat']>[0]): string {
    if (isClosed) throw storeClosed()
    requireBlobRef(ref)
    return `${ref.space}/${ref.hash}`
  }

  return {
    async put(ref, type, content, limit) {
      const key = check(ref)
      if (blobs.has(key)) return { created: false }
      const parts: Uint8Array[] = []
      let bytes = 0
      for await (const part of content) {
        bytes += part.length
        if (bytes > limit) throw tooLarge(limit)
        parts.push(part.slice())
      }
      const bytesOf = new Uint8Array(Buffer.concat(parts))
      const actual = createHash('sha256').update(bytesOf).digest('hex')
      if (actual !== ref.hash) throw hashMismatch(ref.hash, actual)
      const created = !blobs.has(key)
      if (created) blobs.set(key, { space: ref.space, bytes, type, bytesOf })
      return { created }
    },

    async stat(ref) {
      const found = blobs.get(check(ref))
      return found === undefined ? null : { bytes: found.bytes, type: found.type }
    },

    async read(ref, range) {
      const found = blobs.get(check(ref))
      if (found === undefined) return null
      const { bytes, type, bytesOf } = found
      const part = range === undefined ? bytesOf : bytesOf.subarray(range.from, range.to + 1)
      return { bytes, type, content: once(part.slice()) }
    },

    async delete(ref) {
      return blobs.delete(check(ref))
    },

    async totals(space) {
      if (isClosed) throw storeClosed()
      const own = [...blobs.values()].filter((blob) => blob.space === space)
      return { count: own.length, bytes: own.reduce((sum, { bytes }) => sum + bytes, 0) }
    },

    async close() {
      isClosed = true
    },
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  if (bytes.length > 0) yield bytes
}
