import { joinUpdates } from '@holdfast/protocol'
import type { Appended, AppendOptions, DocumentRef, UpdateLog } from '@holdfast/update-log'
import type { Metrics } from './metrics.ts'
import type { Clock } from './options.ts'

/** What became of something that was handed over to be written. */
export type Outcome =
  | { readonly kind: 'durable'; readonly seq: number; readonly feed: number; readonly alone: boolean }
  | { readonly kind: 'failed'; readonly error: unknown }

export type Settle = (outcome: Outcome) => void

export interface Accepted<From> {
  readonly update: Uint8Array
  readonly from: From
  readonly settle: Settle | null
}

export interface WritesOptions<From> {
  readonly ref: DocumentRef
  readonly log: UpdateLog
  readonly clock: Clock
  readonly metrics: Metrics
  /** The epoch to write under. */
  readonly epoch: () => string | undefined
  /** A record became durable: told before those who wait for it. */
  readonly onWritten: (batch: readonly Accepted<From>[], update: Uint8Array, appended: Appended) => void
  readonly onFailed: (error: unknown) => void
  /** Nothing is being written and nothing waits to be. */
  readonly onIdle: () => void
}

/** Bytes that are joined to one record. */
const MOST_JOINED = 256 * 1024

interface Fence {
  /** How many accepted updates must be durable first. */
  readonly after: number
  readonly run: () => void
  readonly failed: ((error: unknown) => void) | null
}

interface Summary {
  readonly bytes: Uint8Array
  readonly settle: Settle[]
}

/** What one room has to write: in order, one record at a time, each of all that came while the one before was on its way. */
export class Writes<From> {
  readonly #options: WritesOptions<From>
  /** Accepted and not yet being written. */
  #queue: Accepted<From>[] = []
  /** When the first of them was accepted. */
  #queuedAt = 0
  #summary: Summary | null = null
  #writing = false
  #accepted = 0
  #durable = 0
  #fences: Fence[] = []
  #abandoned: { readonly error: unknown } | null = null

  constructor(options: WritesOptions<From>) {
    this.#options = options
  }

  get isIdle(): boolean {
    return !this.#writing && this.#queue.length === 0
  }

  add(accepted: Accepted<From>): void {
    this.#accepted += 1
    this.#options.metrics.unsaved += 1
    if (this.#queue.length === 0) this.#queuedAt = this.#options.clock.monotonic()
    this.#queue.push(accepted)
    // What arrives in the same turn of the event loop is written together.
    if (this.#queue.length === 1 && !this.#writing) setImmediate(() => this.#write())
  }

  /** Runs when everything accepted so far is durable (W1); `failed` instead when it will not be. */
  whenDurable(run: () => void, failed: ((error: unknown) => void) | null): void {
    if (this.#abandoned !== null) failed?.(this.#abandoned.error)
    else if (this.#durable >= this.#accepted) run()
    else this.#fences.push({ after: this.#accepted, run, failed })
  }

  /** Has the summary written with the updates that wait to be. @returns false when none do */
  summarize(bytes: Uint8Array, settle: Settle): boolean {
    if (this.#queue.length === 0) return false
    this.#summary = { bytes, settle: [...(this.#summary?.settle ?? []), settle] }
    return true
  }

  /** Nothing more is written; what is on its way has its own outcome, everything else has failed. */
  abandon(error: unknown): void {
    if (this.#abandoned !== null) return
    this.#abandoned = { error }
    const queue = this.#queue
    const fences = this.#fences
    const summary = this.#summary
    this.#queue = []
    this.#fences = []
    this.#summary = null
    this.#options.metrics.unsaved -= queue.length
    for (const { settle } of queue) settle?.({ kind: 'failed', error })
    for (const settle of summary?.settle ?? []) settle({ kind: 'failed', error })
    for (const { failed } of fences) failed?.(error)
  }

  #write(): void {
    if (this.#writing || this.#queue.length === 0) return
    const { ref, log, clock, metrics } = this.#options
    const batch = this.#takeBatch()
    const summary = this.#summary
    this.#summary = null
    this.#writing = true
    const update = batch.length === 1 ? batch[0]!.update : joinUpdates(batch.map((accepted) => accepted.update))
    const begun = clock.monotonic()
    const queuedAt = this.#queuedAt
    this.#queuedAt = begun
    log.append(ref, update, this.#appendOptions(summary)).then(
      (appended) => {
        this.#writing = false
        const now = clock.monotonic()
        metrics.appended(now - begun)
        metrics.acknowledged(now - queuedAt, batch.length)
        this.#written(batch, summary, update, appended)
      },
      (error: unknown) => {
        this.#writing = false
        metrics.unsaved -= batch.length
        this.#options.onFailed(error)
        for (const { settle } of batch) settle?.({ kind: 'failed', error })
        for (const settle of summary?.settle ?? []) settle({ kind: 'failed', error })
        this.#options.onIdle()
      },
    )
  }

  /** As many as are cheap to join: a large one is written as it is. */
  #takeBatch(): Accepted<From>[] {
    let bytes = 0
    let count = 0
    for (const { update } of this.#queue) {
      bytes += update.length
      if (count > 0 && bytes > MOST_JOINED) return this.#queue.splice(0, count)
      count += 1
    }
    const all = this.#queue
    this.#queue = []
    return all
  }

  #appendOptions(summary: Summary | null): AppendOptions {
    const epoch = this.#options.epoch()
    return { ...(epoch === undefined ? {} : { epoch }), ...(summary === null ? {} : { summary: summary.bytes }) }
  }

  #written(batch: readonly Accepted<From>[], summary: Summary | null, update: Uint8Array, appended: Appended): void {
    const { seq, feed } = appended
    const alone = isOfOne(batch)
    if (this.#abandoned === null) this.#options.onWritten(batch, update, appended)
    const outcome: Outcome = { kind: 'durable', seq, feed, alone }
    for (const { settle } of batch) {
      this.#durable += 1
      settle?.(outcome)
      while (this.#fences.length > 0 && this.#fences[0]!.after <= this.#durable) this.#fences.shift()!.run()
    }
    for (const settle of summary?.settle ?? []) settle(outcome)
    this.#write()
    if (this.isIdle) this.#options.onIdle()
  }
}

export function isOfOne(batch: readonly Accepted<unknown>[]): boolean {
  const [first] = batch
  return batch.every((accepted) => accepted.from === first?.from)
}
