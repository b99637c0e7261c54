import { applyUpdate, Doc, decodeUpdate, encodeStateAsUpdate } from 'yjs'
import { UpdateLogError } from './errors.ts'
import { mergeStates } from './states.ts'

/**
 * Turns a document's updates into one Yjs v1 update that says the same, deleted content collected. Pure of storage; a log is
 * handed one so that the work can be done elsewhere (a worker) or refused.
 */
export interface Compactor {
  /** @throws UpdateLogError `COMPACTION_REFUSED`, `COMPACTION_FAILED` */
  compact(updates: readonly Uint8Array[]): Promise<Uint8Array>
  close(): Promise<void>
}

/** Compacts on the calling thread: for memory logs, tests, and where there are no workers. */
export const inlineCompactor: Compactor = {
  compact: async (updates) => compactUpdates(updates),
  close: async () => undefined,
}

/**
 * @returns one update that holds every struct and every deletion of the inputs
 * @throws UpdateLogError `COMPACTION_REFUSED` when it would not, or when the inputs are no updates
 */
export function compactUpdates(updates: readonly Uint8Array[]): Uint8Array {
  try {
    const merged = mergeStates(updates)
    const doc = new Doc({ gc: true })
    // What is still pending (an update before what it builds on) is part of what is encoded again.
    applyUpdate(doc, merged)
    const state = encodeStateAsUpdate(doc)
    doc.destroy()
    const missing = firstMissing(merged, state)
    if (missing !== null) throw new UpdateLogError('COMPACTION_REFUSED', `The compacted state would lack ${missing}.`)
    return state
  } catch (error) {
    if (error instanceof UpdateLogError) throw error
    throw new UpdateLogError('COMPACTION_REFUSED', 'The updates cannot be read as Yjs updates.', { cause: error })
  }
}

interface Range {
  readonly clock: number
  readonly end: number
}

type Ranges = Map<number, Range[]>

/** @returns what `state` lacks of `before`, in words, or null when it covers it: all structs, all deletions. */
export function firstMissing(before: Uint8Array, state: Uint8Array): string | null {
  const old = coverage(before)
  const now = coverage(state)
  return uncovered('content', old.structs, now.structs) ?? uncovered('deletions', old.deletes, now.deletes)
}

function coverage(update: Uint8Array): { structs: Ranges; deletes: Ranges } {
  const decoded = decodeUpdate(update)
  const structs: Ranges = new Map()
  for (const struct of decoded.structs) {
    // A skip says that something is not there.
    if (struct.constructor.name === 'Skip') continue
    add(structs, struct.id.client, struct.id.clock, struct.length)
  }
  const deletes: Ranges = new Map()
  for (const [client, items] of decoded.ds.clients) {
    for (const item of items) add(deletes, client, item.clock, item.len)
  }
  return { structs: joined(structs), deletes: joined(deletes) }
}

function add(ranges: Ranges, client: number, clock: number, length: number): void {
  const list = ranges.get(client)
  const range = { clock, end: clock + length }
  if (list === undefined) ranges.set(client, [range])
  else list.push(range)
}

function joined(ranges: Ranges): Ranges {
  const result: Ranges = new Map()
  for (const [client, list] of ranges) {
    const sorted = list.toSorted((a, b) => a.clock - b.clock)
    const out: Range[] = []
    for (const range of sorted) {
      const last = out.at(-1)
      if (last !== undefined && range.clock <= last.end) {
        out[out.length - 1] = { clock: last.clock, end: Math.max(last.end, range.end) }
      } else out.push(range)
    }
    result.set(client, out)
  }
  return result
}

function uncovered(what: string, old: Ranges, now: Ranges): string | null {
  for (const [client, list] of old) {
    const have = now.get(client) ?? []
    let i = 0
    for (const range of list) {
      while (i < have.length && have[i]!.end < range.end) i += 1
      const cover = have[i]
      if (cover === undefined || cover.clock > range.clock) {
        return `${what} of client ${client} in ${range.clock} to ${range.end}`
      }
    }
  }
  return null
}
