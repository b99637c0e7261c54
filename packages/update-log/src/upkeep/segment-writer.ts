import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../blobs/folders.ts'
import { badBackup, segmentPath, sumOfFile } from './backup-folder.ts'
import type { BackedUpSegment, Extent } from './manifest.ts'

/** A new segment is begun after so many bytes. */
const SEGMENT_BYTES = 128 << 20
const BUFFER_BYTES = 4 << 20

/** Writes the segments of one backup. Nothing of them has its name before `finish`. */
export class SegmentWriter {
  readonly #directory: string
  #number: number
  #file: FileHandle | null = null
  #sum: Hash = createHash('sha256')
  #bytes = 0
  #held: Uint8Array[] = []
  #heldBytes = 0
  readonly #written: BackedUpSegment[] = []
  /** Bytes of all segments. */
  total = 0

  /** @param first the number of the first segment */
  constructor(directory: string, first: number) {
    this.#directory = directory
    this.#number = first
  }

  async add(bytes: Uint8Array): Promise<Extent> {
    if (this.#bytes >= SEGMENT_BYTES) await this.#endSegment()
    const extent = { segment: this.#number, offset: this.#bytes, length: bytes.length }
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    this.#bytes += bytes.length
    this.total += bytes.length
    if (this.#heldBytes >= BUFFER_BYTES) await this.#flush()
    return extent
  }

  /** Everything is on the disk, under its names, and was read again. @throws UpdateLogError `BAD_BACKUP` when it is not what was written */
  async finish(): Promise<readonly BackedUpSegment[]> {
    await this.#endSegment()
    for (const { number } of this.#written) await rename(this.#part(number), segmentPath(this.#directory, number))
    await syncFolder(join(this.#directory, 'segments'))
    for (const { number, bytes, sha256 } of this.#written) {
      const path = segmentPath(this.#directory, number)
      const found = await sumOfFile(path)
      if (found?.sha256 !== sha256 || found.bytes !== bytes) {
        throw badBackup(`${path} is not what was written to it; the disk of the backup is not to be trusted.`)
      }
    }
    return this.#written
  }

  /** Takes away what was written. */
  async discard(): Promise<void> {
    await this.#file?.close()
    this.#file = null
    for (const number of [...this.#written.map((segment) => segment.number), this.#number]) {
      await rm(this.#part(number), { force: true })
      await rm(segmentPath(this.#directory, number), { force: true })
    }
  }

  #part(number: number): string {
    return `${segmentPath(this.#directory, number)}.part`
  }

  async #flush(): Promise<void> {
    if (this.#heldBytes === 0) return
    const bytes = Buffer.concat(this.#held)
    this.#held = []
    this.#heldBytes = 0
    this.#file ??= await open(this.#part(this.#number), 'w', 0o600)
    this.#sum.update(bytes)
    await this.#file.writeFile(bytes)
  }

  async #endSegment(): Promise<void> {
    await this.#flush()
    const file = this.#file
    if (file === null) return
    await file.sync()
    await file.close()
    this.#file = null
    this.#written.push({ number: this.#number, bytes: this.#bytes, sha256: this.#sum.digest('hex') })
    this.#number += 1
    this.#bytes = 0
    this.#sum = createHash('sha256')
  }
}
