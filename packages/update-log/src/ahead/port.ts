/** An update that others were shown. */
export interface Shown {
  readonly space: string
  readonly document: string
  /** The epoch that it was accepted under. */
  readonly epoch: string
  readonly update: Uint8Array
}

/**
 * What others are shown before it is durable, so that the end of this process loses nothing that anyone has seen (W2): each update is handed to the
 * system, which keeps it when the process dies, and nobody waits until it is on the disk. A power cut may lose any of it; what is acknowledged is in
 * the update log. Rules H1 to H5 are in SPEC.md.
 */
export interface Ahead {
  /** What an earlier process left, oldest first: to be stored, and then released. Some or all of it may be stored already. */
  readonly left: readonly Shown[]
  /**
   * Once it has returned true, the end of the process does not lose the update. Returns at once, within microseconds; keeps no reference to the bytes.
   * @returns false when there is no room, the update is too large, or it cannot be written: then it is to be shown when it is durable
   */
  write(shown: Shown): boolean
  /** So many of those that were left or written are durable, or need not be kept. When all are, their room is free again. */
  release(count: number): void
  /** Wipes out what is still there of updates that were released: now, or when all are. */
  wipe(): void
  /** Afterwards nothing is written. What was not released is found by who opens it next. */
  close(): Promise<void>
}

/** Bytes of one update: larger ones are rare, and wait for the disk. */
export const MOST_UPDATE_BYTES = 16 * 1024
/** Bytes of all that is kept. */
export const MOST_BYTES = 1024 * 1024
