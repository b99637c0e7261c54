import type { DocumentRecord, DocumentWrite } from './port.ts'

/** A document that was never written. */
export function freshRecord(id: string): DocumentRecord {
  return { id, summary: null, last: 0, rows: 0, edited: 0, sent: 0, epoch: null, revision: 0 }
}

/** The record after a write: the one place that decides what a write does to it, for every persistence. */
export function applyWrite(record: DocumentRecord, write: DocumentWrite): DocumentRecord {
  const last = record.last + write.updates.length
  return {
    id: record.id,
    summary: write.summary ?? record.summary,
    last,
    rows: record.rows + write.updates.length,
    edited: write.offer || (write.local && write.updates.length > 0) ? last : record.edited,
    // What was never written here cannot have been sent from here.
    sent: write.offer ? 0 : Math.max(record.sent, Math.min(write.sent ?? 0, last)),
    epoch: write.epoch ?? record.epoch,
    revision: record.revision + 1,
  }
}

/** The record after its rows were replaced by one, which takes a number of its own. */
export function applyCompaction(record: DocumentRecord, removed: number): DocumentRecord {
  const last = record.last + 1
  const rows = record.rows - removed + 1
  // The new row holds only what the removed ones held: it is on the relay as far as they were.
  const sent = record.sent >= record.last ? last : record.sent
  return { ...record, last, rows, sent, revision: record.revision + 1 }
}

export function isWaiting(record: DocumentRecord): boolean {
  return record.edited > record.sent
}
