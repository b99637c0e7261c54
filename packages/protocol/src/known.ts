import { addRange, type Ranges, toRanges, unionRanges } from './ranges.ts'
import type { StateVector } from './state-vector.ts'

/** What is known of one client. */
export interface ClientRecord {
  readonly client: number
  /** Everything it made before this clock is known. */
  clock: number
  /** Which of that is deleted. */
  deleted: Ranges
}

/** More new ranges than this are merged in one linear pass rather than inserted one by one. */
const FEW_RANGES = 8

/** The state vector and delete set of a document: all that the intake keeps of it. */
export class Known {
  readonly #clients = new Map<number, ClientRecord>()
  /** The client asked for last: while an answer streams it is nearly always the same one. */
  #last: ClientRecord | null = null

  find(client: number): ClientRecord | undefined {
    const last = this.#last
    if (last !== null && last.client === client) return last
    const record = this.#clients.get(client)
    if (record !== undefined) this.#last = record
    return record
  }

  clock(client: number): number {
    return this.find(client)?.clock ?? 0
  }

  advance(client: number, clock: number): void {
    const record = this.#need(client)
    if (clock > record.clock) record.clock = clock
  }

  /** @param flat `[from, to, from, to, ...]` in any order */
  delete(client: number, flat: readonly number[]): void {
    const record = this.#need(client)
    if (flat.length <= FEW_RANGES * 2) {
      for (let i = 0; i < flat.length; i += 2) addRange(record.deleted, flat[i]!, flat[i + 1]!)
    } else {
      record.deleted = unionRanges(record.deleted, toRanges(flat))
    }
  }

  stateVector(): StateVector {
    const result = new Map<number, number>()
    for (const [client, record] of this.#clients) if (record.clock > 0) result.set(client, record.clock)
    return result
  }

  #need(client: number): ClientRecord {
    let record = this.find(client)
    if (record === undefined) {
      record = { client, clock: 0, deleted: [] }
      this.#clients.set(client, record)
      this.#last = record
    }
    return record
  }
}
