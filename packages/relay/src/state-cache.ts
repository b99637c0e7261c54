import { diffUpdate, EMPTY_UPDATE, joinUpdates } from '@holdfast/protocol'
import type { DocumentRef, LoadedDocument, UpdateLog } from '@holdfast/update-log'
import { AT_ONCE_STORED, bytesOf, type Examiner } from './examine/port.ts'
import type { Clock } from './options.ts'
import type { StateBudget, StateKeeper } from './state-budget.ts'
import { Tail } from './tail.ts'

export interface StateCacheOptions {
  readonly log: UpdateLog
  readonly ref: DocumentRef
  readonly clock: Clock
  readonly examiner: Examiner
  /** Shared by all documents. */
  readonly budget: StateBudget
  /** Milliseconds without use after which the state is let go. */
  readonly keptFor: number
}

interface Since {
  readonly seq: number
  readonly update: Uint8Array
}

/** A first part over this is not copied into one with the records after it: joining reads every struct of it. */
const LARGE = 64 * 1024

/** With more, they are joined for whoever asks. */
const FEW_PARTS = 64

/** What was answered last, of these parts to one with this state vector: all who come back after a restart ask the same. */
interface Answered {
  readonly parts: readonly Uint8Array[]
  readonly stateVector: Uint8Array
  readonly pieces: readonly Uint8Array[]
}

/** How far the durable state has been read, and whether it is at hand. */
type Held =
  | { readonly kind: 'nothing' }
  /** `since` gathers what becomes durable meanwhile. */
  | { readonly kind: 'reading'; readonly since: Since[]; readonly parts: Promise<Uint8Array[]> }
  | { readonly kind: 'parts'; readonly parts: Uint8Array[]; readonly tail: Tail }

/**
 * The durable state of one document for those who join: read from the log once for all who come at a time, let go soon after,
 * because memory is for what is unsaved.
 */
export class StateCache implements StateKeeper {
  readonly #options: StateCacheOptions
  #held: Held = { kind: 'nothing' }
  #forget: (() => void) | null = null
  /** Of what is kept. */
  #bytes = 0
  #answered: Answered | null = null

  constructor(options: StateCacheOptions) {
    this.#options = options
  }

  /** Takes what was read from the log for another reason. */
  fill(loaded: LoadedDocument | null): void {
    this.#hold(partsOf(loaded), new Tail(loaded?.seq ?? 0, loaded?.updates ?? []))
  }

  /** Told of every update that became durable, and of its position. */
  add(seq: number, update: Uint8Array): void {
    // A view of a received message would keep the whole of what was read from its socket.
    if (this.#held.kind === 'reading') this.#held.since.push({ seq, update: update.slice() })
    else if (this.#held.kind === 'parts') {
      const kept = update.slice()
      this.#held.parts.push(kept)
      this.#held.tail.add(seq, kept)
      this.#bytes += kept.length
      this.#options.budget.keeps(this, this.#bytes)
    }
  }

  /**
   * What a peer with this state vector lacks of everything that was durable when this was called, and perhaps more.
   * @throws what the log's `load` throws; BadUpdateError
   */
  async difference(stateVector: Uint8Array): Promise<Uint8Array> {
    const state = await this.#join(await this.#parts())
    if (state.length <= AT_ONCE_STORED || isEmptyStateVector(stateVector)) return diffUpdate(state, stateVector)
    return this.#options.examiner.difference([state], stateVector)
  }

  /**
   * The same as updates to be taken one after the other, at least one: a large state goes as it lies on the disk, and what was written since after it.
   * @throws what the log's `load` throws; BadUpdateError
   */
  async pieces(stateVector: Uint8Array): Promise<readonly Uint8Array[]> {
    if (isEmptyStateVector(stateVector)) return this.#parts()
    const parts = await this.#apart()
    const before = this.#answered
    if (before !== null && isSame(before.parts, parts) && areEqual(before.stateVector, stateVector))
      return before.pieces
    const pieces = await this.#differences(parts, stateVector)
    // What one lacks who was away for a moment is small.
    if (bytesOf(pieces) <= LARGE && this.#held.kind === 'parts')
      this.#answered = { parts, stateVector: stateVector.slice(), pieces }
    return pieces
  }

  /**
   * What was written after the position `seq`, up to `to`, as one update; null when the log has made a state of it since.
   * @throws what the log's `load` throws; BadUpdateError
   */
  async between(seq: number, to: number): Promise<Uint8Array | null> {
    if (this.#held.kind !== 'parts') await this.#parts()
    return this.#held.kind === 'parts' ? this.#held.tail.between(seq, to) : null
  }

  clear(): void {
    this.letGo()
    this.#held = { kind: 'nothing' }
  }

  /** Forgets what it keeps; what is being read goes on. */
  letGo(): void {
    this.#forget?.()
    this.#forget = null
    this.#bytes = 0
    this.#answered = null
    this.#options.budget.forget(this)
    if (this.#held.kind === 'parts') this.#held = { kind: 'nothing' }
  }

  /** All that is durable, as it is at hand: to leave out of a few parts what one has is cheaper than to make one of them. */
  async #apart(): Promise<readonly Uint8Array[]> {
    const held = this.#held
    if (held.kind !== 'parts' || held.parts.length > FEW_PARTS) return this.#parts()
    this.#use(this.#bytes)
    return held.parts.slice()
  }

  /** All that is durable, in one part, or two of which the first is large. */
  async #parts(): Promise<Uint8Array[]> {
    const held = this.#held
    switch (held.kind) {
      case 'parts': {
        const parts = held.parts.slice()
        const few = await this.#fewer(parts)
        // Others may have joined them meanwhile, or let them go.
        if (this.#held === held && held.parts[0] === parts[0] && held.parts[parts.length - 1] === parts.at(-1)) {
          held.parts.splice(0, parts.length, ...few)
          // The records are there twice now: in the state, and by themselves.
          this.#use(bytesOf(held.parts) + (parts.length > 1 ? held.tail.bytes : 0))
        }
        return few
      }
      case 'reading':
        return this.#fewer([...(await held.parts), ...held.since.map(({ update }) => update)])
      case 'nothing':
        return this.#read()
    }
  }

  async #read(): Promise<Uint8Array[]> {
    const since: Since[] = []
    const loading = this.#options.log.load(this.#options.ref)
    const parts = loading.then(partsOf).then((all) => this.#fewer(all))
    const reading: Held = { kind: 'reading', since, parts }
    this.#held = reading
    try {
      const read = await parts
      const loaded = await loading
      const gathered = since.length
      const few = await this.#fewer([...read, ...since.map(({ update }) => update)])
      if (this.#held === reading) {
        const tail = new Tail(loaded?.seq ?? 0, loaded?.updates ?? [])
        for (const { seq, update } of since) tail.add(seq, update)
        this.#hold([...few, ...since.slice(gathered).map(({ update }) => update)], tail)
      }
      return few
    } catch (error) {
      if (this.#held === reading) this.#held = { kind: 'nothing' }
      throw error
    }
  }

  async #fewer(parts: Uint8Array[]): Promise<Uint8Array[]> {
    const [first] = parts
    if (first === undefined || parts.length < 2 || first.length < LARGE) return [await this.#join(parts)]
    return parts.length === 2 ? parts : [first, await this.#join(parts.slice(1))]
  }

  async #differences(parts: readonly Uint8Array[], stateVector: Uint8Array): Promise<readonly Uint8Array[]> {
    if (bytesOf(parts) > AT_ONCE_STORED) return [await this.#options.examiner.difference(parts, stateVector)]
    const pieces = parts.map((part) => diffUpdate(part, stateVector)).filter((piece) => !isEmptyUpdate(piece))
    return pieces.length > 0 && pieces.length <= 2 ? pieces : [joinUpdates(pieces)]
  }

  #join(parts: readonly Uint8Array[]): Promise<Uint8Array> | Uint8Array {
    if (parts.length < 2 || bytesOf(parts) <= AT_ONCE_STORED) return joinUpdates(parts)
    return this.#options.examiner.join(parts)
  }

  #hold(parts: Uint8Array[], tail: Tail): void {
    this.#held = { kind: 'parts', parts, tail }
    this.#use(bytesOf(parts))
  }

  /** Begins the time of keeping anew. */
  #use(bytes: number): void {
    const { budget, clock, keptFor } = this.#options
    this.#bytes = bytes
    budget.keeps(this, bytes)
    this.#forget?.()
    this.#forget = clock.after(keptFor, () => {
      this.#forget = null
      this.letGo()
    })
  }
}

function isSame(some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean {
  return some.length === others.length && some.every((part, i) => part === others[i])
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i])
}

function isEmptyUpdate(update: Uint8Array): boolean {
  return update.length === EMPTY_UPDATE.length && update[0] === 0 && update[1] === 0
}

function isEmptyStateVector(encoded: Uint8Array): boolean {
  return encoded.length === 1 && encoded[0] === 0
}

/** All of a document's updates, oldest first. */
export function partsOf(loaded: { snapshot: Uint8Array | null; updates: Uint8Array[] } | null): Uint8Array[] {
  if (loaded === null) return []
  return loaded.snapshot === null ? loaded.updates.slice() : [loaded.snapshot, ...loaded.updates]
}
