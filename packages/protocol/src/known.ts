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

/**
 * A state vector and delete set, laid flat to be handed between threads: per client its id, its clock and how many numbers of
 * `deletes` are its own; `deletes` holds them one client after the other, `[from, to, from, to, ...]`.
 */
export interface KnownImage {
  readonly clients: Float64Array<ArrayBuffer>
  readonly deletes: Float64Array<ArrayBuffer>
}

/** More new ranges than this are merged in one linear pass rather than inserted one by one. */
const FEW_RANGES = 8

/** The state vector and delete set of a document: all that the intake keeps of it. */
export class Known {
  readonly #clients = new Map<number, ClientRecord>()
  #ranges = 0
  /** The client asked for last: while an answer streams it is nearly always the same one. */
  #last: ClientRecord | null = null

  /** How many clients have made anything. */
  get clients(): number {
    return this.#clients.size
  }

  /** In how many pieces the delete set is. */
  get ranges(): number {
    return this.#ranges
  }

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
    const before = record.deleted.length
    if (flat.length <= FEW_RANGES * 2) {
      for (let i = 0; i < flat.length; i += 2) addRange(record.deleted, flat[i]!, flat[i + 1]!)
    } else {
      record.deleted = unionRanges(record.deleted, toRanges(flat))
    }
    this.#ranges += (record.deleted.length - before) / 2
  }

  /** Whether one with this state vector has all of it but deletions. */
  isWithin(stateVector: StateVector): boolean {
    for (const { client, clock } of this.#clients.values()) if ((stateVector.get(client) ?? 0) < clock) return false
    return true
  }

  /** By client `[from, to, from, to, ...]`. */
  deletions(): Map<number, Ranges> {
    const deletions = new Map<number, Ranges>()
    for (const { client, deleted } of this.#clients.values()) if (deleted.length > 0) deletions.set(client, deleted)
    return deletions
  }

  stateVector(): StateVector {
    const result = new Map<number, number>()
    for (const [client, record] of this.#clients) if (record.clock > 0) result.set(client, record.clock)
    return result
  }

  image(): KnownImage {
    const clients = new Float64Array(this.#clients.size * 3)
    const deletes = new Float64Array(this.#ranges * 2)
    let at = 0
    let end = 0
    for (const { client, clock, deleted } of this.#clients.values()) {
      clients.set([client, clock, deleted.length], at)
      deletes.set(deleted, end)
      at += 3
      end += deleted.length
    }
    return { clients, deletes }
  }

  /** Adds what an image holds. */
  adopt({ clients, deletes }: KnownImage): void {
    let from = 0
    for (let at = 0; at < clients.length; at += 3) {
      const client = clients[at]!
      this.advance(client, clients[at + 1]!)
      const to = from + clients[at + 2]!
      if (to > from) this.delete(client, Array.from(deletes.subarray(from, to)))
      from = to
    }
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
