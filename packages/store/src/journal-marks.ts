import { type Batch, dropMarks, pendingOf } from './journal-batch.ts'
import type { SyncMark } from './journal-port.ts'
import type { FeedCursor, RemoteEntry } from './persistence/port.ts'

/** Everything in one batch speaks of one history: marks of another are forgotten, which costs a question and no data. */
export function speakOf(batch: Batch, history: string): void {
  if (batch.history !== null && batch.history !== history) dropMarks(batch)
  batch.history = history
}

export function markIn(batch: Batch, id: string, history: string, mark: SyncMark): void {
  speakOf(batch, history)
  const pending = pendingOf(batch, id)
  pending.sent = Math.max(pending.sent, mark.sent ?? 0)
  pending.position = mark.position ?? pending.position
  pending.told = mark.told ?? pending.told
  pending.remote = mark.remote ?? pending.remote
}

export function learnIn(
  batch: Batch,
  entries: readonly (RemoteEntry & { readonly id: string })[],
  cursor: FeedCursor,
): void {
  speakOf(batch, cursor.incarnation)
  for (const { id, ...remote } of entries) pendingOf(batch, id).remote = remote
  batch.cursor = cursor
}

/** What was marked so far is of the epoch before. */
export function adoptIn(batch: Batch, id: string, epoch: string): void {
  Object.assign(pendingOf(batch, id), { offer: true, epoch, sent: 0, position: null })
}

export function renameIn(batch: Batch | null, follows: (name: string) => boolean, name: string): void {
  if (batch !== null && batch.history !== null && follows(batch.history)) batch.history = name
}
