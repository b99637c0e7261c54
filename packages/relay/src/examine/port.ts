import type { Deliberation, KnownImage } from '@holdfast/protocol'

/**
 * Reads what clients sent when it is large: judging, joining and comparing take time in the size of the bytes, and a client chooses those.
 * All methods fail with an `ExamineError`: `TOO_COSTLY` when the work went over its limits, `BAD_UPDATE` when the bytes are none.
 */
export interface Examiner {
  /** What an intake that knows `known` decides of an update. */
  judge(known: KnownImage, update: Uint8Array): Promise<Deliberation>
  /** What an intake knows that has restored these. */
  restore(updates: readonly Uint8Array[]): Promise<KnownImage>
  /** One update that says what all of them say. */
  join(updates: readonly Uint8Array[]): Promise<Uint8Array>
  /** What of them all a peer with this state vector lacks. */
  difference(updates: readonly Uint8Array[], stateVector: Uint8Array): Promise<Uint8Array>
  close(): Promise<void>
}

export type ExamineErrorCode = 'TOO_COSTLY' | 'BAD_UPDATE' | 'CLOSED'

export class ExamineError extends Error {
  readonly code: ExamineErrorCode
  override readonly name = 'ExamineError'

  constructor(code: ExamineErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Up to so many bytes are looked at where they are: the costliest 64 KiB take about 10 ms, usual ones 0.2 ms, and handing them to a thread and back
 * costs as much.
 */
export const AT_ONCE = 64 * 1024

/** The same for what was judged before: it is read at each opening of a document, and waits for no thread to start. */
export const AT_ONCE_STORED = 2 * 1024 * 1024

export function bytesOf(updates: readonly Uint8Array[]): number {
  return updates.reduce((bytes, update) => bytes + update.length, 0)
}
