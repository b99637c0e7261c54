import { MalformedError } from './bytes.ts'
import { type Block, missingOf, readBlocks, resolve } from './causality.ts'
import type { Decision, Position } from './decision.ts'
import { Known, type KnownImage } from './known.ts'
import { containsRange, overlapsRange, type Ranges, subtractInto } from './ranges.ts'
import { decodeStateVector, type StateVector } from './state-vector.ts'
import { NONE, REF, UpdateReader } from './update-reader.ts'
import { UpdateWriter } from './update-writer.ts'
import { BadUpdateError, readDeletes } from './updates.ts'

const NOTHING_NEW: Decision = { kind: 'nothing-new' }
const NO_RANGES: Ranges = []

/** How much bookkeeping a document may ask of whoever holds it: each client and each piece of its delete set is told to all who join. */
export interface IntakeCaps {
  readonly clients: number
  readonly deletions: number
}

export const DEFAULT_INTAKE_CAPS: IntakeCaps = { clients: 65_536, deletions: 1_000_000 }

/** A decision reached somewhere else, and what it makes known if it is taken (null: nothing). */
export interface Deliberation {
  readonly decision: Decision
  readonly gains: KnownImage | null
}

interface Judgement {
  readonly decision: Decision
  readonly blocks: readonly Block[]
  readonly fresh: ReadonlyMap<number, Ranges>
}

/**
 * Decides what of the updates that arrive for one document may be stored (SPEC W5). Its state is the document's state vector
 * and delete set; it never holds content. What it has decided to store counts as known at once, so a caller whose
 * write fails must begin again with a new intake from what is stored.
 */
export class Intake {
  readonly #known = new Known()
  readonly #caps: IntakeCaps
  /** What was restored has structs that build on what is not there: they are not known, and there all the same. */
  #hasMore = false

  constructor(caps: IntakeCaps = DEFAULT_INTAKE_CAPS) {
    this.#caps = caps
  }

  /**
   * Takes an update that was stored before, as it is.
   * @throws BadUpdateError
   */
  restore(update: Uint8Array): void {
    try {
      const at = new UpdateReader(update)
      while (at.nextBlock()) {
        let clock = this.#known.clock(at.client)
        while (at.nextStruct()) {
          if (at.ref === REF.skip) continue
          if (at.clock <= clock) clock = Math.max(clock, at.clock + at.length)
          else this.#hasMore = true
        }
        this.#known.advance(at.client, clock)
      }
      for (const [client, flat] of readDeletes(at, new Map())) this.#known.delete(client, flat)
    } catch (error) {
      if (error instanceof MalformedError) throw new BadUpdateError(error.message)
      throw error
    }
  }

  stateVector(): StateVector {
    return this.#known.stateVector()
  }

  /**
   * What a peer with this (encoded) state vector lacks when that can be deletions only: all of them, as an update.
   * @returns null when it may lack more, which the intake does not have
   */
  deletionsFor(stateVector: Uint8Array): Uint8Array | null {
    if (this.#hasMore) return null
    const has = decodeStateVector(stateVector)
    return has !== null && this.#known.isWithin(has) ? new UpdateWriter().finish(this.#known.deletions()) : null
  }

  /** What is known, for an intake elsewhere. */
  image(): KnownImage {
    return this.#known.image()
  }

  /** Takes what another intake knows, or what a deliberation gained. */
  adopt(image: KnownImage): void {
    this.#known.adopt(image)
  }

  /** Decides as `decide` does and takes nothing; says what taking it would add, for the intake whose image this one is of. */
  deliberate(update: Uint8Array): Deliberation {
    try {
      const { decision, blocks, fresh } = this.#weigh(update)
      if (decision.kind !== 'store') return { decision, gains: null }
      const gains = new Known()
      for (const block of blocks) gains.advance(block.client, block.reach)
      for (const [client, flat] of fresh) gains.delete(client, flat)
      return { decision, gains: gains.image() }
    } catch (error) {
      return { decision: garbage(error), gains: null }
    }
  }

  /** Decides, and when the decision is `store` takes what it stores as known. Total: no bytes make it throw. */
  decide(update: Uint8Array): Decision {
    return this.#judge(update, true)
  }

  /** Decides and changes nothing: for those who may not write (W4). */
  check(update: Uint8Array): Decision {
    return this.#judge(update, false)
  }

  #judge(update: Uint8Array, take: boolean): Decision {
    try {
      const single = isSingle(update) ? this.#judgeSingle(update, take) : null
      if (single !== null) return single
      const { decision, blocks, fresh } = this.#weigh(update)
      if (take && decision.kind === 'store') {
        for (const block of blocks) this.#known.advance(block.client, block.reach)
        for (const [client, flat] of fresh) this.#known.delete(client, flat)
      }
      return decision
    } catch (error) {
      return garbage(error)
    }
  }

  /** The usual update, one struct that comes next and deletes nothing. Null when it is something else. */
  #judgeSingle(update: Uint8Array, take: boolean): Decision | null {
    const at = new UpdateReader(update)
    at.nextBlock()
    at.nextStruct()
    const deletesNothing = at.reader.pos === at.reader.end - 1 && update[at.reader.pos] === 0
    const known = this.#known.find(at.client)
    if (known === undefined && this.#known.clients >= this.#caps.clients) return null
    if (!deletesNothing || at.ref === REF.skip || at.clock !== (known?.clock ?? 0)) return null
    if (!this.#has(at.client, at.originClient, at.originClock)) return null
    if (!this.#has(at.client, at.rightClient, at.rightClock)) return null
    if (!this.#has(at.client, at.parentClient, at.parentClock)) return null
    if (take) {
      if (known !== undefined) known.clock = at.clock + at.length
      else this.#known.advance(at.client, at.clock + at.length)
    }
    return { kind: 'store', update }
  }

  #has(self: number, client: number, clock: number): boolean {
    return client === NONE || client === self || clock < this.#known.clock(client)
  }

  #weigh(update: Uint8Array): Judgement {
    const at = new UpdateReader(update)
    if (at.blocksLeft > this.#caps.clients) return tooCostly('clients', this.#caps.clients)
    const blocks = readBlocks(at, this.#known)
    const asked = readDeletes(at, new Map())
    resolve(blocks, this.#known)
    const reach = new Map<number, number>()
    for (const block of blocks) reach.set(block.client, block.reach)
    const missing: Position[] = []
    for (const block of blocks) {
      const position = missingOf(block)
      if (position !== null) missing.push(position)
    }
    const deletes = this.#newDeletes(asked, reach, missing)
    const news = blocks.some((block) => block.reach > block.known) || deletes.fresh.size > 0
    if (!news && missing.length === 0) return only(NOTHING_NEW)
    const over = this.#overCaps(blocks, deletes.fresh)
    if (over !== null) return over
    if (missing.length > 0) {
      return only({ kind: 'gap', good: news ? cut(update, blocks, deletes.fresh) : null, missing })
    }
    const exact = deletes.exact && !blocks.some((block) => block.overlaps || block.structs === 0)
    const stored = exact ? update : cut(update, blocks, deletes.fresh)
    return { decision: { kind: 'store', update: stored }, blocks, fresh: deletes.fresh }
  }

  /** Counted as if nothing of it touched: what comes near a cap is no conversation. */
  #overCaps(blocks: readonly Block[], fresh: ReadonlyMap<number, Ranges>): Judgement | null {
    let clients = this.#known.clients
    for (const block of blocks)
      if (block.reach > block.known && this.#known.find(block.client) === undefined) clients += 1
    if (clients > this.#caps.clients && clients > this.#known.clients) return tooCostly('clients', this.#caps.clients)
    let ranges = this.#known.ranges
    for (const flat of fresh.values()) ranges += flat.length / 2
    if (ranges > this.#caps.deletions) return tooCostly('separate deletions', this.#caps.deletions)
    return null
  }

  /** What of the deletions is new and within what is (or becomes) known; `exact` when that is all of them. */
  #newDeletes(
    asked: ReadonlyMap<number, number[]>,
    reach: ReadonlyMap<number, number>,
    missing: Position[],
  ): { fresh: Map<number, Ranges>; exact: boolean } {
    const fresh = new Map<number, Ranges>()
    let exact = true
    for (const [client, flat] of asked) {
      const record = this.#known.find(client)
      const bound = reach.get(client) ?? record?.clock ?? 0
      const deleted = record?.deleted ?? NO_RANGES
      const ranges: Ranges = []
      let beyond = false
      for (let i = 0; i < flat.length; i += 2) {
        const from = flat[i]!
        const to = flat[i + 1]!
        if (to > bound) beyond = true
        const end = Math.min(to, bound)
        if (containsRange(deleted, from, end)) {
          exact = false
        } else if (overlapsRange(deleted, from, end)) {
          exact = false
          subtractInto(ranges, deleted, from, end)
        } else {
          ranges.push(from, end)
        }
      }
      if (beyond) missing.push({ client, clock: bound })
      if (ranges.length > 0) fresh.set(client, ranges)
    }
    return { fresh, exact }
  }
}

const NO_BLOCKS: readonly Block[] = []
const NO_DELETES: ReadonlyMap<number, Ranges> = new Map()

function garbage(error: unknown): Decision {
  if (error instanceof MalformedError) return { kind: 'garbage', reason: error.message }
  throw error
}

function only(decision: Decision): Judgement {
  return { decision, blocks: NO_BLOCKS, fresh: NO_DELETES }
}

function tooCostly(of: string, cap: number): Judgement {
  return only({ kind: 'too-costly', reason: `with this the document would have more than ${cap} ${of}` })
}

/** One block of one struct. */
function isSingle(update: Uint8Array): boolean {
  return update.length > 2 && update[0] === 1 && update[1] === 1
}

/** The part of an update that can be integrated and is new. */
function cut(update: Uint8Array, blocks: readonly Block[], deletes: ReadonlyMap<number, Ranges>): Uint8Array {
  const writer = new UpdateWriter()
  const at = new UpdateReader(update)
  for (const block of blocks) {
    if (block.reach <= block.known) continue
    at.openStructs(block.pos, block.client, block.clock, block.structs)
    const target = writer.block(block.client, block.known)
    while (at.nextStruct() && at.clock < block.reach) target.add(at)
  }
  return writer.finish(deletes)
}
