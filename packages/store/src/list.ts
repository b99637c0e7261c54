import { decodeSummary, type Summary } from '@holdfast/conversation'
import type { DocumentRecord } from './persistence/port.ts'
import { sameBytes } from './persistence/record-bytes.ts'
import { isWaiting } from './persistence/records.ts'
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
  /** Ids of conversations with edits that the relay is not known to have. */
  waiting(): ReadonlySet<string>
}

interface Entry {
  readonly record: DocumentRecord
  readonly item: ListItem | null
}

export function createList(): List {
  const entries = new Map<string, Entry>()
  const waiting = new Set<string>()
  const listeners = createListeners()
  let items: readonly ListItem[] = []

  /** Returns whether the list looks different now. */
  const take = (record: DocumentRecord, sorted: ListItem[] | null): boolean => {
    const before = entries.get(record.id)
    // Tabs and writes tell of records out of order.
    if (before && record.revision <= before.record.revision) return false
    const item = itemOf(record, before)
    entries.set(record.id, { record, item })
    if (isWaiting(record)) waiting.add(record.id)
    else waiting.delete(record.id)
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
    records: () => Array.from(entries.values(), (entry) => entry.record),
    waiting: () => waiting,
    update: (records) => {
      // Many at once are sorted once; few are put in their places.
      const many = records.length > 64
      const sorted = many ? null : [...items]
      let changed = false
      for (const record of records) changed = take(record, sorted) || changed
      if (!changed) return
      items = sorted ?? sortAll(entries)
      listeners.tell()
    },
    replace: (records) => {
      entries.clear()
      waiting.clear()
      for (const record of records) take(record, null)
      items = sortAll(entries)
      listeners.tell()
    },
  }
}

function itemOf(record: DocumentRecord, before: Entry | undefined): ListItem | null {
  if (!record.summary) return null
  const status = isWaiting(record) ? 'waiting' : 'sent'
  const old = before?.item
  const same = old && before.record.summary && sameBytes(record.summary, before.record.summary)
  if (old && same && old.status === status) return old
  const summary = old && same ? old.summary : readSummary(record.summary)
  return summary && { id: record.id, summary, status }
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
