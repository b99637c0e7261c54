/** One who is in a room: a stock connection, or a channel of a shared one. */
export interface Member {
  /** The epoch it knows the document by, '' for none; not there when it knows of no epochs (stock). */
  readonly epoch?: string
  /** Brings both sides level and goes: it is shown nothing, has no presence, and leaves no room behind. */
  readonly isBrief?: boolean
  /** It brings what was shown once: where something was purged it begins nothing anew (W9), whatever epoch it knows. */
  readonly isOld?: boolean
  /**
   * It is shown updates before they are durable (W2): true of those who are told updates and nothing of where they stand. Who joins after one was
   * shown asks for what there is, which waits until that one is durable.
   */
  readonly hearsAhead?: boolean
  /** The document has loaded; from now on updates and awareness come. */
  loaded(): void
  /** The room ends for it; nothing more comes of it. What was sent and not answered for may not be stored. */
  failed(why: RoomFailure, error?: unknown): void
  /** @param frame makes `update` a stock message, once for all */
  update(update: Uint8Array, frame: () => Uint8Array, seq: number): void
  /** @param frame `update` as a stock message */
  awareness(frame: Uint8Array, update: Uint8Array): void
}

/** `load-failed` and `append-failed` may be over in a moment; `purged` is for good. */
export type RoomFailure = 'load-failed' | 'append-failed' | 'purged'

/** What a peer lacked, and the position that it has with it. */
export interface CaughtUp {
  readonly seq: number
  /** Null when it lacked nothing. */
  readonly update: Uint8Array | null
}
