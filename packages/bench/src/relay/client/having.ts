import { scanUpdate } from '@holdfast/protocol'

/** How much of a document a client has been told, by clocks: enough to know when it has all of what was written in order. */
export class Having {
  readonly #clocks = new Map<number, number>()

  take(update: Uint8Array): void {
    const scanned = scanUpdate(update)
    if (scanned.kind === 'garbage') throw new Error(`the server sent no update: ${scanned.reason}`)
    for (const { client, clock, length } of scanned.structs) {
      if (clock + length > (this.#clocks.get(client) ?? 0)) this.#clocks.set(client, clock + length)
    }
  }

  covers(stateVector: ReadonlyMap<number, number>): boolean {
    for (const [client, clock] of stateVector) if ((this.#clocks.get(client) ?? 0) < clock) return false
    return true
  }
}
