import type { BlobStore, BlobTally, Change, DocumentRef, UpdateLog } from '@holdfast/update-log'
import { messageOf, type RelayEvent } from '../events.ts'
import type { Clock } from '../options.ts'

export interface BlobKeeperOptions {
  readonly blobs: BlobStore
  readonly log: UpdateLog
  readonly clock: Clock
  /** How long a blob stays after the last document that referred to it was purged, in ms. */
  readonly grace: number
  /** How often it is looked for such blobs, in ms. */
  readonly sweepEvery: number
  readonly report: (event: RelayEvent) => void
}

export interface BlobKeeper {
  /** Keeps that a document refers to these, see `BlobStore`. @returns null when the document was purged */
  refer(
    ref: DocumentRef,
    hashes: readonly string[],
    since: string | null,
  ): Promise<(BlobTally & { readonly missing: readonly string[] }) | null>
  isPurged(ref: DocumentRef): Promise<boolean>
  /** A document that was purged while something was kept for it lets go of it again. */
  settle(ref: DocumentRef): Promise<void>
  /** Resolves when nothing is under way. */
  close(): Promise<void>
}

/**
 * Lets blobs go with the documents that refer to them. The log's word that a document is purged is durable before anything is released
 * here, so what a kill leaves undone is found by asking the log at the next start.
 */
export function keepBlobs({ blobs, log, clock, grace, sweepEvery, report }: BlobKeeperOptions): BlobKeeper {
  let isClosed = false
  let cancel: () => void = () => undefined
  /** Purges in the order in which they were committed, one after the other. */
  let releasing: Promise<void> = Promise.resolve()

  const failed = (error: unknown): void => report({ event: 'blobs-failed', error: messageOf(error) })

  function purged({ space, document }: Change): void {
    releasing = releasing.then(() => blobs.release({ space, document })).catch(failed)
  }

  const stopListening = log.onCommit(({ changes }) => {
    for (const change of changes) if (change.purged) purged(change)
  })

  async function isPurged(ref: DocumentRef): Promise<boolean> {
    // Whoever comes behind a purge, of a name that begins anew, is not to be released with it.
    await releasing
    return (await log.stat(ref))?.kind === 'purged'
  }

  async function settle(ref: DocumentRef): Promise<void> {
    if (await isPurged(ref)) await blobs.release(ref)
  }

  async function releasePurged(): Promise<void> {
    for (const space of await blobs.spaces()) {
      for (const { document } of await blobs.references(space)) {
        if (isClosed) return
        await settle({ space, document })
      }
    }
  }

  async function sweep(): Promise<void> {
    const { count, bytes } = await blobs.sweep(grace)
    if (count > 0) report({ event: 'blobs-swept', count, bytes })
  }

  function again(): void {
    if (isClosed) return
    cancel = clock.after(sweepEvery, () => {
      working = sweep().catch(failed).then(again)
    })
  }

  let working = releasePurged().then(sweep).catch(failed).then(again)

  return {
    isPurged,
    settle,
    async refer(ref, hashes, since) {
      if (await isPurged(ref)) return null
      const told = await blobs.refer(ref, hashes, since)
      await settle(ref)
      return told
    },
    async close() {
      isClosed = true
      cancel()
      stopListening()
      await working
      await releasing
    },
  }
}
