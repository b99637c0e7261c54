import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codesOf } from '../level/faults.ts'
import { contentBytes } from './blob-file.ts'
import { isThere, makeFolder, namesIn, syncFolder } from './folders.ts'
import { type BlobTotals, isBlobHash } from './port.ts'
import { openReferenceFile } from './reference-file.ts'

const SHARD = /^[0-9a-f]{2}$/

/**
 * One space's folder: blobs by two digits of their hash, `references`, and `space`, its name. What changes it is done one after the
 * other, so that nothing is removed which somebody has just been told is there.
 */
export async function openSpaceFolder(root: string, folder: string, quarantine: string) {
  const file = await openReferenceFile(join(folder, 'references'), root, quarantine)
  const { references } = file
  /** Bytes on the disk by hash; read when first asked for, and kept up from then on. */
  let present: Promise<Present> | null = null
  let last: Promise<unknown> = Promise.resolve()
  /** Bytes that are being received. */
  let receiving = 0

  const pathOf = (hash: string): string => join(folder, hash.slice(0, 2), hash)

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work)
    last = done.catch(() => undefined)
    return done
  }

  function all(): Promise<Present> {
    present ??= listFolder(folder).catch((error: unknown) => {
      present = null
      throw error
    })
    return present
  }

  async function remove(hash: string): Promise<number | null> {
    const bytes = (await all()).bytesOf(hash)
    try {
      await unlink(pathOf(hash))
      await syncFolder(dirname(pathOf(hash)))
    } catch (error) {
      if (!codesOf(error).has('ENOENT')) throw error
      ;(await all()).delete(hash)
      return null
    }
    ;(await all()).delete(hash)
    return bytes
  }

  async function removeAll(hashes: readonly string[]): Promise<BlobTotals> {
    let count = 0
    let bytes = 0
    for (const hash of hashes) {
      const removed = await remove(hash)
      if (removed !== null) {
        count += 1
        bytes += removed
      }
    }
    // Killed before this, the next sweep finds nothing to remove and says it then.
    await file.add(hashes.filter((hash) => references.isLoose(hash)).map((hash) => ({ kind: 'forget', hash })))
    return { count, bytes }
  }

  return {
    references,
    pathOf,
    all,
    inTurn,
    isThere: (hash: string) => isThere(pathOf(hash)),
    name: () => readName(join(folder, 'space')),

    /** Says whose folder this is, for those who list them. */
    async sign(space: string): Promise<void> {
      const path = join(folder, 'space')
      if (await isThere(path)) return
      await makeFolder(root, folder)
      const fresh = `${path}.${randomUUID()}`
      const made = await open(fresh, 'wx', 0o600)
      try {
        await made.writeFile(space)
        await made.sync()
      } finally {
        await made.close()
      }
      await rename(fresh, path)
    },

    /** Bytes that are on their way count as if they were there. @returns false when there is no room; gives back by `-bytes` */
    async reserve(bytes: number, room: number): Promise<boolean> {
      if (bytes > 0 && (await all()).totals().bytes + receiving + bytes > room) return false
      receiving += bytes
      return true
    },

    /**
     * Gives a received file its place, unless one is there. Of a document that refers to it the reference is kept too: a kill in between
     * leaves a blob that is swept like one whose documents are gone.
     */
    place: (received: string, hash: string, bytes: number, document: string | null, now: number) =>
      inTurn(async () => {
        const path = pathOf(hash)
        await makeFolder(root, dirname(path))
        const created = !(await isThere(path))
        const refers = document === null ? [] : references.toRefer(document, [hash])
        if (created) {
          if (refers.length > 0 && !references.isReferred(hash)) await file.add([{ kind: 'loose', at: now, hash }])
          await rename(received, path)
          // Read before or after the rename, it is counted once.
          ;(await all()).set(hash, bytes)
        }
        // Also when somebody else with the same bytes was quicker: it is durable when this resolves.
        await syncFolder(dirname(path))
        await file.add(refers)
        return created
      }),

    refer: (document: string, hashes: readonly string[], since: string | null) =>
      inTurn(async () => {
        const holds = since === null || references.tally.holds(since)
        await file.add(references.toRefer(document, hashes))
        const tally = references.tally.now()
        const there = await all()
        return { missing: hashes.filter((hash) => !there.has(hash)), tally, holds }
      }),

    tellLost: () => inTurn(() => file.add(references.isUntold ? [{ kind: 'told' }] : [])),

    release: (document: string, now: number) => inTurn(() => file.add(references.toRelease(document, now))),

    sweep: (before: number) => inTurn(() => removeAll(references.looseSince(before))),

    collect: (before: number) =>
      inTurn(async () => {
        if (references.isDamaged) await file.add([{ kind: 'collected' }])
        const old: string[] = []
        for (const hash of (await all()).hashes()) {
          if (references.isReferred(hash) || references.isLoose(hash)) continue
          const found = await stat(pathOf(hash)).catch(() => null)
          if (found !== null && found.mtimeMs <= before) old.push(hash)
        }
        return removeAll([...references.looseSince(before), ...old])
      }),

    delete: (hash: string) => inTurn(async () => (await remove(hash)) !== null),

    setAside: (hash: string) =>
      inTurn(async () => {
        await mkdir(quarantine, { recursive: true, mode: 0o700 })
        try {
          await rename(pathOf(hash), join(quarantine, `${hash}-${randomUUID()}`))
        } catch (error) {
          // Two readers may have found it at once.
          if (!codesOf(error).has('ENOENT')) throw error
        }
        ;(await all()).delete(hash)
      }),

    /** Resolves when nothing is under way. */
    idle: (): Promise<unknown> => last,
  }
}

export type SpaceFolder = Awaited<ReturnType<typeof openSpaceFolder>>

/** What lies in a folder, by hash. */
class Present {
  readonly #bytes = new Map<string, number>()
  #total = 0

  set(hash: string, bytes: number): void {
    this.delete(hash)
    this.#bytes.set(hash, bytes)
    this.#total += bytes
  }

  delete(hash: string): void {
    this.#total -= this.bytesOf(hash)
    this.#bytes.delete(hash)
  }

  has(hash: string): boolean {
    return this.#bytes.has(hash)
  }

  bytesOf(hash: string): number {
    return this.#bytes.get(hash) ?? 0
  }

  hashes(): string[] {
    return [...this.#bytes.keys()]
  }

  totals(): BlobTotals {
    return { count: this.#bytes.size, bytes: this.#total }
  }
}

async function listFolder(folder: string): Promise<Present> {
  const found = new Present()
  for (const shard of await namesIn(folder)) {
    if (!SHARD.test(shard)) continue
    for (const hash of await namesIn(join(folder, shard))) {
      if (isBlobHash(hash)) found.set(hash, await contentBytes(join(folder, shard, hash)))
    }
  }
  return found
}

async function readName(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return null
    throw error
  }
}
