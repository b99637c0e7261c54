import { MalformedError } from './bytes.ts'
import { decodeStateVector } from './state-vector.ts'
import { NONE, REF, UpdateReader } from './update-reader.ts'
import { UpdateWriter } from './update-writer.ts'

/** An update given to `joinUpdates` or `diffUpdate` was not one. Those functions take updates that were accepted before. */
export class BadUpdateError extends Error {
  readonly code = 'BAD_UPDATE'
  override readonly name = 'BadUpdateError'
}

/** The update that says nothing. */
export const EMPTY_UPDATE: Uint8Array = Uint8Array.of(0, 0)

/** A run of one client's structs without holes, where it lies. */
interface Segment {
  readonly update: Uint8Array
  readonly pos: number
  readonly client: number
  readonly clock: number
  readonly structs: number
}

/**
 * One update that says what all of them say. For updates in the order in which a log accepted them this is one pass over
 * their bytes; any other order works too. Where two of them tell the same clocks, the earlier one's bytes are kept.
 * @throws BadUpdateError
 */
export function joinUpdates(updates: readonly Uint8Array[]): Uint8Array {
  if (updates.length === 0) return EMPTY_UPDATE
  if (updates.length === 1) return updates[0]!
  return guarded(() => joinInOrder(updates) ?? joinSorted(updates))
}

/**
 * What of `update` a peer with this (encoded) state vector lacks, with the whole delete set.
 * @throws BadUpdateError
 */
export function diffUpdate(update: Uint8Array, stateVector: Uint8Array): Uint8Array {
  const known = decodeStateVector(stateVector)
  if (known === null) throw new BadUpdateError('not a state vector')
  if (known.size === 0) return update
  return guarded(() => {
    const writer = new UpdateWriter()
    const at = new UpdateReader(update)
    while (at.nextBlock()) {
      const from = known.get(at.client) ?? 0
      while (at.nextStruct()) {
        if (at.ref === REF.skip || at.clock + at.length <= from) continue
        // What the peer has goes, what lies beyond a hole stays behind it.
        writer.block(at.client, Math.max(from, at.clock)).add(at)
      }
    }
    return writer.finish(readDeletes(at, new Map()))
  })
}

function guarded<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof MalformedError) throw new BadUpdateError(error.message)
    throw error
  }
}

/** @returns null when the updates are not in an order that one pass can follow */
function joinInOrder(updates: readonly Uint8Array[]): Uint8Array | null {
  const writer = new UpdateWriter()
  const deletes = new Map<number, number[]>()
  for (const update of updates) {
    const at = new UpdateReader(update)
    while (at.nextBlock()) {
      while (at.nextStruct()) {
        if (at.ref === REF.skip) continue
        const block = writer.block(at.client, at.clock)
        if (at.clock < block.start || (block.hasHole && at.clock < block.end)) return null
        block.add(at)
      }
    }
    readDeletes(at, deletes)
  }
  return writer.finish(deletes)
}

function joinSorted(updates: readonly Uint8Array[]): Uint8Array {
  const segments: Segment[] = []
  const deletes = new Map<number, number[]>()
  for (const update of updates) {
    const at = new UpdateReader(update)
    while (at.nextBlock()) readSegments(at, update, segments)
    readDeletes(at, deletes)
  }
  segments.sort((a, b) => a.clock - b.clock)
  const writer = new UpdateWriter()
  const readers = new Map<Uint8Array, UpdateReader>()
  for (const segment of segments) {
    const at = readers.get(segment.update) ?? new UpdateReader(segment.update)
    readers.set(segment.update, at)
    at.openStructs(segment.pos, segment.client, segment.clock, segment.structs)
    const block = writer.block(segment.client, segment.clock)
    while (at.nextStruct()) block.add(at)
  }
  return writer.finish(deletes)
}

function readSegments(at: UpdateReader, update: Uint8Array, segments: Segment[]): void {
  let pos = NONE
  let clock = 0
  let structs = 0
  const close = (): void => {
    if (structs > 0) segments.push({ update, pos, client: at.client, clock, structs })
    structs = 0
  }
  while (at.nextStruct()) {
    if (at.ref === REF.skip) {
      close()
      continue
    }
    if (structs === 0) {
      pos = at.start
      clock = at.clock
    }
    structs += 1
  }
  close()
}

/** Reads the delete set that `at` has come to: adds its ranges to `deletes`, as they come. */
export function readDeletes(at: UpdateReader, deletes: Map<number, number[]>): Map<number, number[]> {
  let client = NONE
  let ranges: number[] = []
  while (at.nextDeletion()) {
    if (at.deleteClient !== client) {
      client = at.deleteClient
      ranges = deletes.get(client) ?? []
      deletes.set(client, ranges)
    }
    ranges.push(at.deleteClock, at.deleteClock + at.deleteLength)
  }
  return deletes
}
