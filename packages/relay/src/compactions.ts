import { type CompactResult, type DocumentRef, isUpdateLogError, type UpdateLog } from '@holdfast/update-log'
import { messageOf, type RelayEvent } from './events.ts'
import type { Metrics } from './metrics.ts'

export interface CompactionsOptions {
  readonly log: UpdateLog
  readonly metrics: Metrics
  readonly report: (event: RelayEvent) => void
  readonly onCompacted: (ref: DocumentRef, result: CompactResult) => void
  /** It took more time or memory than one document is given. */
  readonly onTooCostly: (ref: DocumentRef, reason: string) => void
  /** It failed, perhaps because what is stored is damaged. */
  readonly onFailed: (ref: DocumentRef, error: unknown) => void
}

/** Compacts documents one at a time, each once however often it is asked for, so that serving goes before. */
export class Compactions {
  readonly #options: CompactionsOptions
  readonly #waiting = new Map<string, DocumentRef>()
  #running: Promise<void> | null = null
  #stopped = false

  constructor(options: CompactionsOptions) {
    this.#options = options
  }

  add(ref: DocumentRef): void {
    if (this.#stopped) return
    this.#waiting.set(`${ref.space}/${ref.document}`, ref)
    this.#options.metrics.compactionsWaiting = this.#waiting.size
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
  }

  /** Begins no more; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#waiting.clear()
    await this.#running
  }

  async #run(): Promise<void> {
    for (const [key, ref] of this.#waiting) {
      this.#waiting.delete(key)
      this.#options.metrics.compactionsWaiting = this.#waiting.size
      await this.#compact(ref)
    }
  }

  async #compact(ref: DocumentRef): Promise<void> {
    const { log, metrics, report, onCompacted, onTooCostly, onFailed } = this.#options
    try {
      const result = await log.compact(ref)
      metrics.compactions += 1
      report({ event: 'compacted', ...ref, outcome: result.outcome })
      onCompacted(ref, result)
    } catch (error) {
      onFailed(ref, error)
      // The log is as it was; the next time it is worth it, it is tried again.
      metrics.compactionFailures += 1
      report({ event: 'compaction-failed', ...ref, error: messageOf(error) })
      if (isUpdateLogError(error, 'COMPACTION_FAILED')) onTooCostly(ref, messageOf(error))
    }
  }
}
