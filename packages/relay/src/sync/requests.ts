import type { RequestAnswer } from '@holdfast/protocol'
import type { DocumentRef } from '@holdfast/update-log'
import { failedAnswer, failingOf } from './failures.ts'
import type { SyncServices } from './services.ts'

/**
 * Keeps a document's summary. With updates that wait to be written it is one write, and follows on the document's first update if that
 * is among them.
 */
export function keepSummary(
  { log, rooms }: SyncServices,
  ref: DocumentRef,
  epoch: string,
  summary: Uint8Array,
): Promise<RequestAnswer> {
  return new Promise((resolve) => {
    const done = (feed: number): void => resolve({ kind: 'done', feed })
    const failed = (error: unknown): void => resolve(failedAnswer(failingOf(error)))
    const room = rooms.find(ref)
    const joins =
      room?.epoch === epoch &&
      room.summarize(summary, (outcome) => (outcome.kind === 'durable' ? done(outcome.feed) : failed(outcome.error)))
    if (!joins) log.setSummary(ref, summary, { epoch }).then(({ feed }) => done(feed), failed)
  })
}

/** Removes a document for good; its room hears of it by the commit (W9). */
export function purgeDocument({ log }: SyncServices, ref: DocumentRef, epoch: string): Promise<RequestAnswer> {
  return log.purge(ref, { epoch }).then(
    ({ feed }): RequestAnswer => ({ kind: 'done', feed }),
    (error: unknown) => failedAnswer(failingOf(error)),
  )
}
