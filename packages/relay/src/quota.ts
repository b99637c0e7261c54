import type { BlobStore, UpdateLog } from '@holdfast/update-log'
import type { Clock } from './options.ts'

export interface QuotaOptions {
  readonly log: UpdateLog
  readonly blobs: BlobStore | null
  /** Stored bytes that one space may have, blobs included; 0 for no limit. */
  readonly bytes: number
  readonly clock: Clock
  readonly onFailed: (space: string, error: unknown) => void
}

interface Usage {
  /** Bytes of documents and of blobs, as they were counted last, and what was taken since. */
  documents: number
  blobs: number
  /** Monotonic, in ms; null while it has not been counted. */
  countedAt: number | null
  counting: Promise<void> | null
}

/** From so much of the quota on it is counted anew now and then, because purging and compacting give back. */
const NEAR = 0.9
const RECOUNT_EVERY = 5_000

/** How much room each space has left. What is told here as it is written is exact enough until the next count. */
export class Quota {
  readonly #options: QuotaOptions
  readonly #spaces = new Map<string, Usage>()
  readonly #stopListening: () => void

  constructor(options: QuotaOptions) {
    this.#options = options
    this.#stopListening = options.log.onCommit(({ changes }) => {
      for (const { space, purged } of changes) if (purged && this.#spaces.has(space)) void this.#count(space)
    })
  }

  get bytes(): number {
    return this.#options.bytes
  }

  /** Whether the space takes nothing more. Ask `counted` before the first time. */
  isFull(space: string): boolean {
    const { bytes, clock } = this.#options
    if (bytes === 0) return false
    const usage = this.#usageOf(space)
    const used = usage.documents + usage.blobs
    const age = usage.countedAt === null ? Number.POSITIVE_INFINITY : clock.monotonic() - usage.countedAt
    if (used >= bytes * NEAR && age > RECOUNT_EVERY) void this.#count(space)
    return used >= bytes
  }

  /** Resolves when it is known how much the space has; at once when there is no limit. Never rejects. */
  async counted(space: string): Promise<void> {
    if (this.#options.bytes > 0 && this.#usageOf(space).countedAt === null) await this.#count(space)
  }

  /** So many bytes of a document were taken, or given back when negative. */
  took(space: string, bytes: number): void {
    const usage = this.#spaces.get(space)
    if (usage !== undefined) usage.documents = Math.max(0, usage.documents + bytes)
  }

  tookBlob(space: string, bytes: number): void {
    const usage = this.#spaces.get(space)
    if (usage !== undefined) usage.blobs += bytes
  }

  /** Bytes that the space's blobs may come to, by what its documents have. */
  async forBlobs(space: string): Promise<number> {
    const { bytes } = this.#options
    if (bytes === 0) return Number.POSITIVE_INFINITY
    await this.#count(space)
    return Math.max(0, bytes - this.#usageOf(space).documents)
  }

  close(): void {
    this.#stopListening()
  }

  #usageOf(space: string): Usage {
    let usage = this.#spaces.get(space)
    if (usage === undefined) {
      usage = { documents: 0, blobs: 0, countedAt: null, counting: null }
      this.#spaces.set(space, usage)
    }
    return usage
  }

  /** Of several who ask at a time one counts. A count that fails leaves what was known. */
  #count(space: string): Promise<void> {
    const usage = this.#usageOf(space)
    usage.counting ??= this.#read(space, usage)
      .catch((error: unknown) => this.#options.onFailed(space, error))
      .finally(() => {
        usage.counting = null
        usage.countedAt = this.#options.clock.monotonic()
      })
    return usage.counting
  }

  async #read(space: string, usage: Usage): Promise<void> {
    const { log, blobs } = this.#options
    const before = usage.documents
    const [documents, totals] = await Promise.all([log.documents(space), blobs?.totals(space)])
    const stored = documents.reduce(
      (sum, document) => sum + (document.kind === 'live' ? document.stats.snapshotBytes + document.stats.tailBytes : 0),
      0,
    )
    // What was taken while it was counted may not have been counted.
    usage.documents = stored + Math.max(0, usage.documents - before)
    usage.blobs = totals?.bytes ?? 0
  }
}
