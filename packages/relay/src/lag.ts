import { type StateVector, scanUpdate } from '@holdfast/protocol'

/**
 * What a peer has not been told, without keeping it: for each client the first clock that it lacks. Deletions need no record,
 * because every difference of states carries all of them.
 */
export class Lag {
  readonly #from = new Map<number, number>()

  add(update: Uint8Array): void {
    const scanned = scanUpdate(update)
    if (scanned.kind === 'garbage') return
    for (const { client, clock } of scanned.structs) {
      const from = this.#from.get(client)
      if (from === undefined || clock < from) this.#from.set(client, clock)
    }
  }

  /** What the peer has, when it has been told everything else of `known`. */
  apply(known: StateVector): StateVector {
    const result = new Map(known)
    for (const [client, clock] of this.#from) if (clock < (known.get(client) ?? 0)) result.set(client, clock)
    return result
  }
}
