import { decodeSummary, type Summary } from '@holdfast/conversation'
import type { DocumentRecord } from './persistence/port.ts'
import { sameBytes } from './persistence/record-bytes.ts'
import { isBehind, isOver, isWaiting } from './persistence/records.ts'
import { createListeners } from './signal.ts'
import type { ListItem, Readable } from './types.ts'

/** Every conversation of the space, from its record alone. */
export interface List extends Readable<readonly ListItem[]> {
  record(id: string): DocumentRecord | undefined
  records(): Iterable<DocumentRecord>
  /** Takes records as they are now. An older record of the same document than the one known is ignored. */
  update(records: readonly DocumentRecord[]): void
  /** Forgets everything first: the storage is another one. */
  replace(records: readonly DocumentRecord[]): void
  item(id: string): ListItem | null
  /** How far the relay's history reached that any mark here was told by (protocol Y15). */
  reach(): number
  /** Ids of conversations with edits that the relay is not known to have. */
  waiting(): ReadonlySet<string>
  /** Ids of conversations of which the relay has something that is not here. */
  behind(): ReadonlySet<string>
  /** Grows whenever something comes into `behind`. */
  fallen(): number
  /** Ids whose summary says that the last message streams. */
  streaming(): ReadonlySet<string>
  /** Whether nobody is found to write what a summary says is streaming (W12). Holds until the summary says otherwise. */
  judge(id: string, interrupted: boolean): void
  /** Ids whose summary was made here and is not told yet. */
  untold(): ReadonlySet<string>
  /** The feed told of edits of this document after its summary. */
  isDoubtful(id: string): boolean
  /** Ids of purged documents with which something is still to be done. */
  purged(): ReadonlySet<string>
}

interface Entry {
  readonly record: DocumentRecord
  readonly item: ListItem | null
}

/** This many changed records are put in their places one by one, which costs a search each; more are sorted. */
const MANY = 512

export function createList(): List {
  const entries = new Map<string, Entry>()
  const waiting = new Set<string>()
  const behind = new Set<string>()
  const streaming = new Set<string>()
  const deserted = new Set<string>()
  const untold = new Set<string>()
  const purged = new Set<string>()
  const doubtful = new Set<string>()
  let fallen = 0
  const listeners = createListeners()
  let items: readonly ListItem[] = []

  /** Returns whether the list looks different now. */
  const take = (record: DocumentRecord, sorted: ListItem[] | null): boolean => {
    const before = entries.get(record.id)
    // Tabs and writes tell of records out of order.
    if (before && record.revision <= before.record.revision) return false
    const item = itemOf(record, before, deserted.has(record.id))
    put(streaming, record.id, item?.summary.streaming === true)
    if (!streaming.has(record.id)) deserted.delete(record.id)
    if (!before || !isSame(before.record.summary, record.summary)) doubtful.delete(record.id)
    else if (record.there > before.record.there) doubtful.add(record.id)
    entries.set(record.id, { record, item })
    put(waiting, record.id, isWaiting(record))
    put(untold, record.id, record.untold && record.purged === 'no')
    put(purged, record.id, record.purged === 'asked' || isOver(record))
    if (put(behind, record.id, isBehind(record))) fallen++
    const old = before?.item ?? null
    if (item === old) return false
    if (sorted) {
      if (old) sorted.splice(placeFor(sorted, old), 1)
      if (item) sorted.splice(placeFor(sorted, item), 0, item)
    }
    return true
  }

  return {
    get: () => items,
    subscribe: listeners.add,
    record: (id) => entries.get(id)?.record,
    item: (id) => entries.get(id)?.item ?? null,
    reach: () => {
      let reach = 0
      for (const { record } of entries.values()) reach = Math.max(reach, record.reach)
      return reach
    },
    behind: () => behind,
    fallen: () => fallen,
    untold: () => untold,
    streaming: () => streaming,
    judge: (id, interrupted) => {
      const entry = entries.get(id)
      if (!entry?.item || deserted.has(id) === interrupted || !streaming.has(id)) return
      put(deserted, id, interrupted)
      const item = itemOf(entry.record, entry, interrupted)
      entries.set(id, { ...entry, item })
      items = items.map((each) => (each === entry.item && item ? item : each))
      listeners.tell()
    },
    purged: () => purged,
    isDoubtful: (id) => doubtful.has(id),
    records: () => Array.from(entries.values(), (entry) => entry.record),
    waiting: () => waiting,
    update: (records) => {
      // Many at once are sorted once; few are put in their places.
      const many = records.length > MANY || items.length === 0
      const sorted = many ? null : [...items]
      let changed = false
      for (const record of records) changed = take(record, sorted) || changed
      if (!changed) return
      items = sorted ?? sortAll(entries)
      listeners.tell()
    },
    replace: (records) => {
      entries.clear()
      for (const set of [waiting, behind, streaming, deserted, untold, purged, doubtful]) set.clear()
      for (const record of records) take(record, null)
      items = sortAll(entries)
      listeners.tell()
    },
  }
}

/** @param deserted nobody writes what its summary says is streaming */
function itemOf(record: DocumentRecord, before: Entry | undefined, deserted: boolean): ListItem | null {
  if (!record.summary || record.purged !== 'no') return null
  const status = isWaiting(record) ? 'waiting' : 'sent'
  const late = isBehind(record)
  const old = before?.item
  const same = old && before.record.summary && sameBytes(record.summary, before.record.summary)
  const summary = old && same ? old.summary : readSummary(record.summary)
  if (!summary) return null
  const interrupted = summary.interrupted || (summary.streaming && deserted)
  const looksSame = old && old.status === status && (old.behind === true) === late
  if (same && looksSame && (old.interrupted === true) === interrupted) return old
  return {
    id: record.id,
    summary,
    status,
    ...(late ? { behind: true as const } : {}),
    ...(interrupted ? { interrupted: true as const } : {}),
  }
}

function isSame(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === b || (a !== null && b !== null && sameBytes(a, b))
}

/** @returns whether it was not in the set and is now */
function put(set: Set<string>, id: string, member: boolean): boolean {
  if (!member) {
    set.delete(id)
    return false
  }
  if (set.has(id)) return false
  set.add(id)
  return true
}

/** A summary that cannot be read is as good as none: it is written again when the conversation is opened. */
function readSummary(bytes: Uint8Array): Summary | null {
  try {
    return decodeSummary(bytes)
  } catch {
    return null
  }
}

function sortAll(entries: ReadonlyMap<string, Entry>): ListItem[] {
  const all: ListItem[] = []
  for (const { item } of entries.values()) if (item) all.push(item)
  return all.sort(compareItems)
}

/** Newest first; ids decide between equals, so that every window shows the same order. */
function compareItems(a: ListItem, b: ListItem): number {
  return b.summary.updatedAt - a.summary.updatedAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)
}

function placeFor(sorted: readonly ListItem[], item: ListItem): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareItems(sorted[middle]!, item) < 0) low = middle + 1
    else high = middle
  }
  return low
}
