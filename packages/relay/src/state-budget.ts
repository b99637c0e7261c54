/** What can be asked to let go of a state that it keeps. */
export interface StateKeeper {
  letGo(): void
}

/** So much of all documents' states is kept for who joins next; the rest is read again when it is wanted. */
const STATES_KEPT = 4 * 1024 * 1024

/**
 * Bounds what is kept of durable states in all: a thousand documents opened within two seconds are a thousand states of which none may be asked for
 * again. The one used longest ago goes first; the newest stays, whatever its size.
 */
export class StateBudget {
  readonly #most: number
  /** Bytes of each, the one used longest ago first. */
  readonly #kept = new Map<StateKeeper, number>()
  #bytes = 0

  constructor(most: number = STATES_KEPT) {
    this.#most = most
  }

  /** It was used just now and keeps so much. */
  keeps(keeper: StateKeeper, bytes: number): void {
    this.forget(keeper)
    this.#kept.set(keeper, bytes)
    this.#bytes += bytes
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#most || oldest === keeper) return
      this.forget(oldest)
      oldest.letGo()
    }
  }

  /** It keeps nothing any more. */
  forget(keeper: StateKeeper): void {
    this.#bytes -= this.#kept.get(keeper) ?? 0
    this.#kept.delete(keeper)
  }
}
