import { randomUUID } from 'node:crypto'
import { mkdir, rm, stat as statFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isUpdateLogError } from '../errors.ts'
import { named } from '../level/faults.ts'
import { requireName, requireRef } from '../names.ts'
import { damagedBlob, isWhole, type OpenBlob, openBlobFile, readPart, writeBlobFile } from './blob-file.ts'
import { folderOf, isThere, namesIn, storage } from './folders.ts'
import { type BlobEntry, type BlobRef, type BlobStore, requireBlobRef, requireHashes, storeClosed } from './port.ts'
import { wantedOf } from './references.ts'
import { metered } from './room.ts'
import { openSpaceFolder, type SpaceFolder } from './space-folder.ts'

const SPACE_FOLDER = /^[0-9a-f]{32}$/

export interface DiskBlobsOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/**
 * Keeps blobs as files, in a folder of the data folder:
 *
 * ```
 * DIR/<space>/<first two digits>/<sha256>   space: the first 32 hex digits of the SHA-256 of its name
 * DIR/<space>/space, references             its name; which documents refer to what
 * DIR/tmp/                                  what is being received; emptied when opened
 * DIR/quarantine/                           what was found not to be what its name says
 * ```
 *
 * The caller has the data folder for itself (the update log's lock).
 * @throws UpdateLogError `STORAGE_*`
 */
export async function openDiskBlobs(directory: string, options: DiskBlobsOptions = {}): Promise<BlobStore> {
  const now = options.now ?? Date.now
  const temporary = join(directory, 'tmp')
  const quarantine = join(directory, 'quarantine')
  const folders = new Map<string, Promise<SpaceFolder>>()
  /** Files of version 1 that were read from end to end since this was opened. */
  const known = new Set<string>()
  const underWay = new Set<Promise<unknown>>()
  const damaged: string[] = []
  let isClosed = false

  const open = (folder: string): Promise<SpaceFolder> => {
    let opened = folders.get(folder)
    if (opened === undefined) {
      opened = openSpaceFolder(directory, folder, quarantine)
      folders.set(folder, opened)
      opened.catch(() => folders.delete(folder))
    }
    return opened
  }

  const created = await storage(async () => {
    const isNew = !(await isThere(directory))
    await rm(temporary, { recursive: true, force: true })
    await mkdir(temporary, { recursive: true, mode: 0o700 })
    for (const name of await namesIn(directory)) {
      if (!SPACE_FOLDER.test(name)) continue
      const space = await open(join(directory, name))
      if (space.references.isUntold) damaged.push((await space.name()) ?? name)
    }
    return isNew
  })

  function track<T>(work: () => Promise<T>): Promise<T> {
    if (isClosed) return Promise.reject(storeClosed())
    const running = storage(work)
    const settled = Promise.allSettled([running]).then(() => void underWay.delete(settled))
    underWay.add(settled)
    return running
  }

  function inSpace<T>(space: string, work: (folder: SpaceFolder) => Promise<T>): Promise<T> {
    return track(async () => {
      requireName('space', space)
      return work(await open(folderOf(directory, space)))
    })
  }

  function run<T>(ref: BlobRef, work: (folder: SpaceFolder) => Promise<T>): Promise<T> {
    return inSpace(ref.space, (folder) => {
      requireBlobRef(ref)
      return work(folder)
    })
  }

  /** Opens it and, if its parts cannot be checked, reads all of it once. Sets damaged ones aside. */
  async function openChecked(folder: SpaceFolder, hash: string): Promise<OpenBlob | null> {
    const path = folder.pathOf(hash)
    let blob: OpenBlob | null = null
    try {
      blob = await openBlobFile(path)
      if (blob === null || blob.hashes !== null || known.has(path)) return blob
      if (!(await isWhole(blob, hash))) throw damagedBlob(hash)
      known.add(path)
      return blob
    } catch (error) {
      await blob?.file.close()
      if (isUpdateLogError(error, 'DAMAGED')) await folder.setAside(hash)
      throw error
    }
  }

  return {
    opened: { created, damaged },

    put: (ref, type, content, limit, { document = null, room = Number.POSITIVE_INFINITY } = {}) =>
      run(ref, async (folder) => {
        if (document !== null) requireName('document', document)
        if (await folder.isThere(ref.hash)) {
          if (document === null) return { created: false }
          const { missing } = await folder.refer(document, [ref.hash], null)
          if (missing.length === 0) return { created: false }
        }
        await folder.sign(ref.space)
        const received = join(temporary, randomUUID())
        const meter = metered(content, (bytes) => folder.reserve(bytes, room), room)
        try {
          const bytes = await writeBlobFile(received, ref.hash, type, meter.content, limit)
          return { created: await folder.place(received, ref.hash, bytes, document, now()) }
        } finally {
          await meter.release()
          await rm(received, { force: true })
        }
      }),

    stat: (ref) =>
      run(ref, async (folder) => {
        try {
          const blob = await openBlobFile(folder.pathOf(ref.hash))
          await blob?.file.close()
          return blob?.stat ?? null
        } catch (error) {
          // Whoever asks whether it is there is to bring it again.
          if (!isUpdateLogError(error, 'DAMAGED')) throw error
          await folder.setAside(ref.hash)
          return null
        }
      }),

    read: (ref, range) =>
      run(ref, async (folder) => {
        const blob = await openChecked(folder, ref.hash)
        if (blob === null) return null
        const last = blob.stat.bytes - 1
        const content = readPart(blob, range?.from ?? 0, Math.min(range?.to ?? last, last))
        return { ...blob.stat, content: watched(content, () => folder.setAside(ref.hash)) }
      }),

    verify: (ref) =>
      run(ref, async (folder) => {
        let blob: OpenBlob | null = null
        try {
          blob = await openBlobFile(folder.pathOf(ref.hash))
          if (blob === null) return 'absent'
          return (await isWhole(blob, ref.hash)) ? 'whole' : 'damaged'
        } catch (error) {
          if (isUpdateLogError(error, 'DAMAGED')) return 'damaged'
          throw error
        } finally {
          await blob?.file.close()
        }
      }),

    delete: (ref) => run(ref, (folder) => folder.delete(ref.hash)),

    refer: (ref, hashes, since = null) =>
      inSpace(ref.space, async (folder) => {
        requireRef(ref)
        requireHashes(hashes)
        if (hashes.length > 0) await folder.sign(ref.space)
        return folder.refer(ref.document, hashes, since)
      }),

    release: (ref) =>
      inSpace(ref.space, (folder) => {
        requireRef(ref)
        return folder.release(ref.document, now())
      }),

    sweep: (grace) =>
      track(async () => {
        const sum = { count: 0, bytes: 0 }
        for (const folder of folders.values()) {
          const { count, bytes } = await (await folder).sweep(now() - grace)
          sum.count += count
          sum.bytes += bytes
        }
        return sum
      }),

    collect: (space, grace) => inSpace(space, (folder) => folder.collect(now() - grace)),

    lossTold: () =>
      track(async () => {
        for (const folder of folders.values()) await (await folder).tellLost()
      }),

    wanted: (space, limit, after = '') =>
      inSpace(space, async (folder) => {
        const there = await folder.all()
        return wantedOf(folder.references, (hash) => there.has(hash), limit, after)
      }),

    tally: (space, since = null) =>
      inSpace(space, async ({ references: { tally } }) => ({
        tally: tally.now(),
        holds: since === null || tally.holds(since),
      })),

    totals: (space) => inSpace(space, async (folder) => (await folder.all()).totals()),

    spaces: () =>
      track(async () => {
        const names = await Promise.all([...folders.values()].map(async (folder) => (await folder).name()))
        return names.filter((name) => name !== null)
      }),

    async *blobs(space) {
      const { hashes, pathOf } = await inSpace(space, async (folder) => ({
        hashes: (await folder.all()).hashes(),
        pathOf: folder.pathOf,
      }))
      for (const hash of hashes) {
        const entry = await track(() => entryOf(hash, pathOf(hash)))
        if (entry !== null) yield entry
      }
    },

    references: (space) =>
      inSpace(space, async (folder) =>
        Array.from(folder.references.documents(), ([document, hashes]) => ({ document, hashes: [...hashes] })),
      ),

    async quarantine() {
      if (isClosed) throw storeClosed()
      return storage(() => namesIn(quarantine))
    },

    async close() {
      isClosed = true
      await Promise.allSettled(underWay)
      for (const folder of await Promise.allSettled(folders.values())) {
        if (folder.status === 'fulfilled') await folder.value.idle()
      }
    },
  }
}

async function entryOf(hash: string, path: string): Promise<BlobEntry | null> {
  try {
    const blob = await openBlobFile(path)
    if (blob === null) return null
    await blob.file.close()
    return { hash, ...blob.stat, at: (await statFile(path)).mtimeMs }
  } catch (error) {
    if (isUpdateLogError(error, 'DAMAGED')) return null
    throw error
  }
}

/** Sets aside what is found damaged, and gives failures of the disk their names. */
async function* watched(content: AsyncIterable<Uint8Array>, setAside: () => Promise<void>): AsyncIterable<Uint8Array> {
  try {
    yield* content
  } catch (error) {
    if (isUpdateLogError(error, 'DAMAGED')) await setAside()
    throw named(error)
  }
}
