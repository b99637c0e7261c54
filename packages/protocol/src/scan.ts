import { MalformedError } from './bytes.ts'
import type { Position } from './decision.ts'
import { NONE, UpdateReader } from './update-reader.ts'

/** One struct of an update, where it lies in the bytes and what it builds on. */
export interface ScannedStruct {
  readonly client: number
  readonly clock: number
  /** In clocks. */
  readonly length: number
  /** Yjs's number of what it is: 0 GC, 1-9 items by content, 10 Skip. */
  readonly ref: number
  /** Its bytes are `[start, end)`. */
  readonly start: number
  readonly end: number
  readonly origin: Position | null
  readonly rightOrigin: Position | null
  /** The parent when it is named by position; null for root types and where a neighbour's parent is meant. */
  readonly parent: Position | null
  readonly hasParentSub: boolean
}

export interface ScannedDeletion extends Position {
  readonly length: number
}

export type ScannedUpdate =
  | {
      readonly kind: 'update'
      readonly structs: readonly ScannedStruct[]
      readonly deletions: readonly ScannedDeletion[]
    }
  | { readonly kind: 'garbage'; readonly reason: string }

/** Lists what is in a Yjs v1 update, contents stepped over. Total. For tools and tests; the intake reads without listing. */
export function scanUpdate(update: Uint8Array): ScannedUpdate {
  try {
    const at = new UpdateReader(update)
    const structs: ScannedStruct[] = []
    while (at.nextBlock()) while (at.nextStruct()) structs.push(struct(at))
    const deletions: ScannedDeletion[] = []
    while (at.nextDeletion()) {
      deletions.push({ client: at.deleteClient, clock: at.deleteClock, length: at.deleteLength })
    }
    return { kind: 'update', structs, deletions }
  } catch (error) {
    if (error instanceof MalformedError) return { kind: 'garbage', reason: error.message }
    throw error
  }
}

function struct(at: UpdateReader): ScannedStruct {
  return {
    client: at.client,
    clock: at.clock,
    length: at.length,
    ref: at.ref,
    start: at.start,
    end: at.end,
    origin: position(at.originClient, at.originClock),
    rightOrigin: position(at.rightClient, at.rightClock),
    parent: position(at.parentClient, at.parentClock),
    hasParentSub: at.hasParentSub,
  }
}

function position(client: number, clock: number): Position | null {
  return client === NONE ? null : { client, clock }
}
