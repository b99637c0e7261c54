import { diffUpdate, joinUpdates } from '@holdfast/protocol'
import type { DocumentRef, UpdateLog } from '@holdfast/update-log'
import type { Clock } from './options.ts'

export interface StateCacheOptions {
  readonly log: UpdateLog
  readonly ref: DocumentRef
  readonly clock: Clock
  /** Milliseconds without use after which the state is let go. */
  readonly keptFor: number
}

/** How far the durable state has been read, and whether it is at hand. */
type Held =
  | { readonly kind: 'nothing' }
  /** `since` gathers what becomes durable meanwhile. */
  | { readonly kind: 'reading'; readonly since: Uint8Array[]; readonly state: Promise<Uint8Array> }
  | { readonly kind: 'parts'; readonly parts: Uint8Array[] }

/**
 * The durable state of one document for those who join: read from the log once for all who come at a time, let go soon after,
 * because memory is for what is unsaved.
 */
export class StateCache {
  readonly #options: StateCacheOptions
  #held: Held = { kind: 'nothing' }
  #forget: (() => void) | null = null

  constructor(options: StateCacheOptions) {
    this.#options = options
  }

  /** Takes what was read from the log for another reason. */
  fill(parts: Uint8Array[]): void {
    this.#held = { kind: 'parts', parts }
    this.#use()
  }

  /** Told of every update that became durable. */
  add(update: Uint8Array): void {
    // A view of a received message would keep the whole of what was read from its socket.
    if (this.#held.kind === 'reading') this.#held.since.push(update.slice())
    else if (this.#held.kind === 'parts') this.#held.parts.push(update.slice())
  }

  /**
   * What a peer with this state vector lacks of everything that was durable when this was called, and perhaps more.
   * @throws what the log's `load` throws; BadUpdateError
   */
  async difference(stateVector: Uint8Array): Promise<Uint8Array> {
    return diffUpdate(await this.#state(), stateVector)
  }

  clear(): void {
    this.#forget?.()
    this.#forget = null
    this.#held = { kind: 'nothing' }
  }

  async #state(): Promise<Uint8Array> {
    const held = this.#held
    switch (held.kind) {
      case 'parts': {
        const state = joinUpdates(held.parts)
        held.parts.splice(0, held.parts.length, state)
        this.#use()
        return state
      }
      case 'reading':
        return joinUpdates([await held.state, ...held.since])
      case 'nothing':
        return this.#read()
    }
  }

  async #read(): Promise<Uint8Array> {
    const since: Uint8Array[] = []
    const state = this.#options.log.load(this.#options.ref).then(partsOf).then(joinUpdates)
    const reading: Held = { kind: 'reading', since, state }
    this.#held = reading
    try {
      const read = await state
      const all = joinUpdates([read, ...since])
      if (this.#held === reading) this.fill([all])
      return all
    } catch (error) {
      if (this.#held === reading) this.#held = { kind: 'nothing' }
      throw error
    }
  }

  /** Begins the time of keeping anew. */
  #use(): void {
    this.#forget?.()
    this.#forget = this.#options.clock.after(this.#options.keptFor, () => {
      this.#forget = null
      if (this.#held.kind === 'parts') this.#held = { kind: 'nothing' }
    })
  }
}

/** All of a document's updates, oldest first. */
export function partsOf(loaded: { snapshot: Uint8Array | null; updates: Uint8Array[] } | null): Uint8Array[] {
  if (loaded === null) return []
  return loaded.snapshot === null ? loaded.updates : [loaded.snapshot, ...loaded.updates]
}
