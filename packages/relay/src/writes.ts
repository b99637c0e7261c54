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

export interface Written<From> {
  readonly batch: readonly Accepted<From>[]
  /** All of it. */
  readonly update: Uint8Array
  /** Shown ahead, all of it; else none was. */
  readonly wasShown: boolean
}

export interface WritesOptions<From> {
  readonly ref: DocumentRef
  readonly log: UpdateLog
  readonly clock: Clock
  readonly metrics: Metrics
  /** The epoch to write under. */
  readonly epoch: () => string | undefined
  /** Whether there is anybody to show a batch ahead to, and nothing against it. */
  readonly isForAhead: (batch: readonly Accepted<From>[]) => boolean
  /** Hands a batch to the system and shows it to others. @returns false when it is to be shown when it is durable */
  readonly showAhead: (batch: readonly Accepted<From>[], update: Uint8Array) => boolean
  /** So many batches that were shown ahead are durable; told even when nothing else is any more. */
  readonly onDurable: (shown: number) => void
  /** A record became durable: told before those who wait for it. */
  readonly onWritten: (record: Written<From>, appended: Appended) => void
  readonly onFailed: (error: unknown) => void
  /** Nothing is being written and nothing waits to be. */
  readonly onIdle: () => void
}

/** Bytes that are joined to one record. */
const MOST_JOINED = 256 * 1024
/**
 * What a turn of the event loop brought is shown ahead if it is so many updates at most, while so many turns' wait for their write at most: where more
 * comes, to tell it joined and when it is durable is less to do for everybody.
 */
const FEW_UPDATES = 8
const FEW_TURNS = 2

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

/** What a turn of the event loop brought. */
interface Batch<From> {
  readonly accepted: readonly Accepted<From>[]
  /** All of it. */
  readonly update: Uint8Array
  readonly queuedAt: number
}

/**
 * What one room has to write: in order, one record at a time, each of all that came while the one before was on its way. A record was shown ahead
 * as a whole or not at all, and nothing is shown before what came before it.
 */
export class Writes<From> {
  readonly #options: WritesOptions<From>
  /** Shown ahead and not yet being written. */
  #shown: Batch<From>[] = []
  /** Accepted after them, neither shown nor being written. */
  #queue: Accepted<From>[] = []
  /** When the first of the queue was accepted. */
  #queuedAt = 0
  #summary: Summary | null = null
  #writing: 'shown' | 'not-shown' | null = null
  #accepted = 0
  #durable = 0
  #fences: Fence[] = []
  #abandoned: { readonly error: unknown } | null = null

  constructor(options: WritesOptions<From>) {
    this.#options = options
  }

  get isIdle(): boolean {
    return this.#writing === null && !this.#isWaiting
  }

  get #isWaiting(): boolean {
    return this.#shown.length > 0 || this.#queue.length > 0
  }

  add(accepted: Accepted<From>): void {
    this.#accepted += 1
    this.#options.metrics.unsaved += 1
    if (this.#queue.length === 0) this.#queuedAt = this.#options.clock.monotonic()
    this.#queue.push(accepted)
    // What arrives in the same turn of the event loop is shown and written together.
    if (this.#queue.length > 1) return
    setImmediate(() => {
      this.#show()
      this.#write()
    })
  }

  /** Runs when everything accepted so far is durable (W1); `failed` instead when it will not be. */
  whenDurable(run: () => void, failed: ((error: unknown) => void) | null): void {
    if (this.#abandoned !== null) failed?.(this.#abandoned.error)
    else if (this.#durable >= this.#accepted) run()
    else this.#fences.push({ after: this.#accepted, run, failed })
  }

  /** Has the summary written with the updates that wait to be. @returns false when none do */
  summarize(bytes: Uint8Array, settle: Settle): boolean {
    if (!this.#isWaiting) return false
    this.#summary = { bytes, settle: [...(this.#summary?.settle ?? []), settle] }
    return true
  }

  /** Nothing more is written; what is on its way has its own outcome, everything else has failed. */
  abandon(error: unknown): void {
    if (this.#abandoned !== null) return
    this.#abandoned = { error }
    const queue = [...this.#shown.flatMap(({ accepted }) => accepted), ...this.#queue]
    const fences = this.#fences
    const summary = this.#summary
    this.#shown = []
    this.#queue = []
    this.#fences = []
    this.#summary = null
    this.#options.metrics.unsaved -= queue.length
    for (const { settle } of queue) settle?.({ kind: 'failed', error })
    for (const settle of summary?.settle ?? []) settle({ kind: 'failed', error })
    for (const { failed } of fences) failed?.(error)
  }

  /** Shows all of the queue ahead, if that is to be. */
  #show(): void {
    const queue = this.#queue
    const isFew = queue.length <= FEW_UPDATES && this.#shown.length < FEW_TURNS
    if (queue.length === 0 || !isFew || this.#writing === 'not-shown' || !this.#options.isForAhead(queue)) return
    const update = joined(queue)
    if (!this.#options.showAhead(queue, update)) return
    this.#shown.push({ accepted: queue, update, queuedAt: this.#queuedAt })
    this.#queue = []
  }

  #write(): void {
    if (this.#writing !== null || !this.#isWaiting) return
    const { ref, log, clock, metrics } = this.#options
    const shown = this.#shown.length
    const { accepted: batch, update, queuedAt } = shown > 0 ? this.#takeShown() : this.#takeQueued()
    const summary = this.#summary
    this.#summary = null
    this.#writing = shown > 0 ? 'shown' : 'not-shown'
    const begun = clock.monotonic()
    log.append(ref, update, this.#appendOptions(summary)).then(
      (appended) => {
        this.#writing = null
        const now = clock.monotonic()
        metrics.appended(now - begun)
        metrics.acknowledged(now - queuedAt, batch.length)
        this.#options.onDurable(shown)
        this.#written({ batch, update, wasShown: shown > 0 }, summary, appended)
      },
      (error: unknown) => {
        this.#writing = null
        metrics.unsaved -= batch.length
        this.#options.onFailed(error)
        for (const { settle } of batch) settle?.({ kind: 'failed', error })
        for (const settle of summary?.settle ?? []) settle({ kind: 'failed', error })
        this.#options.onIdle()
      },
    )
  }

  #takeShown(): Batch<From> {
    const batches = this.#shown
    this.#shown = []
    if (batches.length === 1) return batches[0]!
    return {
      accepted: batches.flatMap(({ accepted }) => accepted),
      update: joinUpdates(batches.map(({ update }) => update)),
      queuedAt: batches[0]!.queuedAt,
    }
  }

  /** As many as are cheap to join: a large one is written as it is. */
  #takeQueued(): Batch<From> {
    const queuedAt = this.#queuedAt
    const accepted = this.#queue.splice(0, this.#cheapToJoin())
    this.#queuedAt = this.#options.clock.monotonic()
    return { accepted, update: joined(accepted), queuedAt }
  }

  #cheapToJoin(): number {
    let bytes = 0
    let count = 0
    for (const { update } of this.#queue) {
      bytes += update.length
      if (count > 0 && bytes > MOST_JOINED) return count
      count += 1
    }
    return count
  }

  #appendOptions(summary: Summary | null): AppendOptions {
    const epoch = this.#options.epoch()
    return { ...(epoch === undefined ? {} : { epoch }), ...(summary === null ? {} : { summary: summary.bytes }) }
  }

  #written(record: Written<From>, summary: Summary | null, appended: Appended): void {
    const { batch } = record
    const { seq, feed } = appended
    const alone = isOfOne(batch)
    if (this.#abandoned === null) this.#options.onWritten(record, appended)
    const outcome: Outcome = { kind: 'durable', seq, feed, alone }
    for (const { settle } of batch) {
      this.#durable += 1
      settle?.(outcome)
      while (this.#fences.length > 0 && this.#fences[0]!.after <= this.#durable) this.#fences.shift()!.run()
    }
    for (const settle of summary?.settle ?? []) settle(outcome)
    // What came while too much had been shown is not to wait for one more write.
    this.#show()
    this.#write()
    if (this.isIdle) this.#options.onIdle()
  }
}

export function isOfOne(batch: readonly Accepted<unknown>[]): boolean {
  const [first] = batch
  return batch.every((accepted) => accepted.from === first?.from)
}

function joined(accepted: readonly Accepted<unknown>[]): Uint8Array {
  return accepted.length === 1 ? accepted[0]!.update : joinUpdates(accepted.map(({ update }) => update))
}
