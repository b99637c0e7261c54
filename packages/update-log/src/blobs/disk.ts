import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat as statFile, unlink } from 'node:fs/promises'
import { platform } from 'node:os'
import { dirname, join } from 'node:path'
import { isUpdateLogError } from '../errors.ts'
import { codesOf, named } from '../level/faults.ts'
import { HEADER_BYTES, openBlobFile, readPart, readWhole, writeBlobFile } from './blob-file.ts'
import { type BlobRef, type BlobStore, type BlobTotals, requireBlobRef, storeClosed } from './port.ts'

/**
 * Keeps blobs as files, in a folder of the data folder:
 *
 * ```
 * DIR/<space>/<first two digits>/<sha256>   space: the first 32 hex digits of the SHA-256 of its name
 * DIR/tmp/                                  what is being received; emptied when opened
 * DIR/quarantine/                           what was found not to be what its name says
 * ```
 *
 * The caller has the data folder for itself (the update log's lock).
 * @throws UpdateLogError `STORAGE_*`
 */
export async function openDiskBlobs(directory: string): Promise<BlobStore> {
  const temporary = join(directory, 'tmp')
  const quarantine = join(directory, 'quarantine')
  /** By space; counted when first asked for, and kept up from then on. */
  const counted = new Map<string, { count: number; bytes: number }>()
  const underWay = new Set<Promise<unknown>>()
  let placing: Promise<void> = Promise.resolve()
  let isClosed = false

  await storage(async () => {
    await rm(temporary, { recursive: true, force: true })
    await mkdir(temporary, { recursive: true, mode: 0o700 })
  })

  function run<T>(ref: BlobRef, work: (path: string) => Promise<T>): Promise<T> {
    if (isClosed) return Promise.reject(storeClosed())
    const running = storage(async () => {
      requireBlobRef(ref)
      return work(join(folderOf(directory, ref.space), ref.hash.slice(0, 2), ref.hash))
    })
    const settled = Promise.allSettled([running]).then(() => void underWay.delete(settled))
    underWay.add(settled)
    return running
  }

  function count(space: string, blobs: number, bytes: number): void {
    const totals = counted.get(space)
    if (totals === undefined) return
    totals.count += blobs
    totals.bytes += bytes
  }

  /** One after the other, so that of several with the same bytes one makes the blob. */
  function place(received: string, path: string): Promise<boolean> {
    const placed = placing.then(async () => {
      if (await isThere(path)) return false
      await rename(received, path)
      return true
    })
    placing = placed.then(
      () => undefined,
      () => undefined,
    )
    return placed
  }

  async function setAside(space: string, path: string, bytes: number): Promise<void> {
    await mkdir(quarantine, { recursive: true, mode: 0o700 })
    await rename(path, join(quarantine, `${path.slice(-64)}-${randomUUID()}`))
    count(space, -1, -bytes)
  }

  return {
    put: (ref, type, content, limit) =>
      run(ref, async (path) => {
        if (await isThere(path)) return { created: false }
        const received = join(temporary, randomUUID())
        try {
          const bytes = await writeBlobFile(received, ref.hash, type, content, limit)
          await makeFolder(directory, dirname(path))
          const created = await place(received, path)
          // Also when somebody else with the same bytes was quicker: it is durable when this resolves.
          await syncFolder(dirname(path))
          if (created) count(ref.space, 1, bytes)
          return { created }
        } finally {
          await rm(received, { force: true })
        }
      }),

    stat: (ref) =>
      run(ref, async (path) => {
        try {
          const blob = await openBlobFile(path)
          await blob?.file.close()
          return blob?.stat ?? null
        } catch (error) {
          // Whoever asks whether it is there is to bring it again.
          if (!isUpdateLogError(error, 'DAMAGED')) throw error
          await setAside(ref.space, path, Math.max(0, (await statFile(path)).size - HEADER_BYTES))
          return null
        }
      }),

    read: (ref, range) =>
      run(ref, async (path) => {
        const blob = await openBlobFile(path)
        if (blob === null) return null
        const { bytes } = blob.stat
        const content =
          range === undefined
            ? readWhole(blob, ref.hash, () => setAside(ref.space, path, bytes))
            : readPart(blob, range.from, Math.min(range.to, bytes - 1))
        return { ...blob.stat, content: withNames(content) }
      }),

    delete: (ref) =>
      run(ref, async (path) => {
        try {
          const { size } = await statFile(path)
          await unlink(path)
          await syncFolder(dirname(path))
          count(ref.space, -1, HEADER_BYTES - size)
          return true
        } catch (error) {
          if (codesOf(error).has('ENOENT')) return false
          throw error
        }
      }),

    async totals(space) {
      if (isClosed) throw storeClosed()
      let totals = counted.get(space)
      if (totals === undefined) {
        totals = { ...(await storage(() => countFolder(folderOf(directory, space)))) }
        counted.set(space, totals)
      }
      return { ...totals }
    },

    async close() {
      isClosed = true
      await Promise.allSettled(underWay)
    },
  }
}

/** Failures of the disk get their names; mistakes of ours stay what they are. */
async function storage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isStorage(error) ? named(error) : error
  }
}

/** A sender that goes away in the middle is no failure of the disk. */
function isStorage(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall !== 'read' && !codesOf(error).has('ECONNRESET')
}

async function* withNames(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* content
  } catch (error) {
    throw named(error)
  }
}

/** Names of spaces are no file names: some file systems do not tell `a` from `A`. */
function folderOf(directory: string, space: string): string {
  return join(directory, createHash('sha256').update(space).digest('hex').slice(0, 32))
}

async function isThere(path: string): Promise<boolean> {
  try {
    await statFile(path)
    return true
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return false
    throw error
  }
}

/** Makes a folder and waits until each part of its path is on the disk. */
async function makeFolder(root: string, folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (made === undefined) return
  for (let at = dirname(folder); at.startsWith(root); at = dirname(at)) await syncFolder(at)
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders, and does not need it.
  if (platform() === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function countFolder(folder: string): Promise<BlobTotals> {
  let count = 0
  let bytes = 0
  for (const shard of await namesIn(folder)) {
    for (const name of await namesIn(join(folder, shard))) {
      const { size } = await statFile(join(folder, shard, name))
      count += 1
      bytes += Math.max(0, size - HEADER_BYTES)
    }
  }
  return { count, bytes }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return []
    throw error
  }
}
