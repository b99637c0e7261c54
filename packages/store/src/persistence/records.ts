import type {
  AsideNote,
  DocumentRecord,
  DocumentWrite,
  FeedCursor,
  RemoteEntry,
  Retirement,
  WriteBatch,
} from './port.ts'
import { sameBytes } from './record-bytes.ts'

/** A document that was never written. */
export function freshRecord(id: string): DocumentRecord {
  return {
    id,
    summary: null,
    last: 0,
    rows: 0,
    edited: 0,
    sent: 0,
    epoch: null,
    have: 0,
    there: 0,
    untold: false,
    purged: 'no',
    heir: null,
    reach: 0,
    revision: 0,
  }
}

/** A record as an older version of this program may have stored it, with what it did not know of yet. */
export function completeRecord(stored: DocumentRecord): DocumentRecord {
  return { ...freshRecord(stored.id), ...stored }
}

/** What of a batch still holds when it comes to be written, by the cursor that is stored then. */
export interface Holds {
  /** Marks are of the history that this device follows (W11). */
  readonly marks: boolean
  /** What the feed told is not older than what is known: a tab whose storage failed may come late with it. */
  readonly remote: boolean
  /** The cursor to store, or null to leave the stored one. */
  readonly cursor: FeedCursor | null
  /** How far the history reached that the marks are of. */
  readonly reach: number
}

export const ALL_HOLDS: Holds = { marks: true, remote: true, cursor: null, reach: 0 }
const NOTHING_HOLDS: Holds = { marks: false, remote: false, cursor: null, reach: 0 }

export function whatHolds(batch: WriteBatch, stored: FeedCursor | null): Holds {
  const { history, restart, reach = 0 } = batch
  const cursor = batch.cursor ?? null
  if (history === undefined) return { ...ALL_HOLDS, cursor }
  if (cursor !== null && !mayReplace(batch, cursor, stored)) return NOTHING_HOLDS
  const followed = (cursor ?? stored)?.incarnation
  const late = cursor !== null && !restart && stored?.incarnation === cursor.incarnation && cursor.feed < stored.feed
  const marks = followed === undefined || history === followed
  const kept = late ? stored : (cursor ?? stored)
  // Without the entries that came with it a cursor would say that they are here.
  return { marks, remote: !late, cursor: marks ? reaching(kept, history, stored, batch) : null, reach }
}

/** Whether the cursor may take the place of the stored one: it is of the same history, or knows what it does away with. */
function mayReplace({ past }: WriteBatch, cursor: FeedCursor, stored: FeedCursor | null): boolean {
  if (past === undefined || stored === null || stored.incarnation === cursor.incarnation) return true
  return past.some(({ incarnation, until }) => incarnation === stored.incarnation && until >= (stored.reach ?? 0))
}

/** The cursor to store so that it says of every mark how far its history reached; null when the stored one says so already. */
function reaching(
  kept: FeedCursor | null,
  history: string,
  stored: FeedCursor | null,
  { reach = 0, restart }: WriteBatch,
): FeedCursor | null {
  // A mark without a cursor: the device follows this history from now on, and has read nothing of its feed.
  const { incarnation, feed } = kept ?? { incarnation: history, feed: 0 }
  const most = Math.max(reach, restart ? 0 : (stored?.reach ?? 0))
  const isKnown = stored?.incarnation === incarnation && stored.feed === feed && (stored.reach ?? 0) === most
  return isKnown ? null : { incarnation, feed, ...(most > 0 ? { reach: most } : {}) }
}

/** The record after a write: the one place that decides what a write does to it, for every persistence. */
export function applyWrite(before: DocumentRecord, write: DocumentWrite, holds = ALL_HOLDS): DocumentRecord {
  const last = before.last + write.updates.length
  const local = write.local && write.updates.length > 0
  const own = write.summary !== undefined
  let record: DocumentRecord = {
    ...before,
    summary: write.summary ?? before.summary,
    last,
    rows: before.rows + write.updates.length,
    edited: local ? last : before.edited,
    epoch: write.offer ? (write.epoch ?? before.epoch) : (before.epoch ?? write.epoch ?? null),
    heir: write.offer && write.epoch !== undefined ? null : before.heir,
    untold: before.untold || (own && (local || write.updates.length === 0) && !isSummary(before, write.summary)),
    revision: before.revision + 1,
  }
  if (write.offer) {
    // Another history need not have the summary either. Of what is not here there is nothing to tell.
    const untold = record.rows > 0 && record.summary !== null
    record = { ...record, edited: last, sent: 0, have: 0, there: 0, reach: 0, untold }
    // Nor need it know of a purge: it is asked for once more.
    if (write.epoch === undefined && before.purged !== 'no' && record.rows === 0) {
      record = { ...record, purged: 'asked', heir: null }
    }
  }
  return holds.marks ? applyMarks(record, write, holds) : record
}

function applyMarks(before: DocumentRecord, write: DocumentWrite, holds: Holds): DocumentRecord {
  const { last } = before
  const isMarked = (write.sent ?? 0) > 0 || write.position || write.told || write.remote
  let record = isMarked ? { ...before, reach: Math.max(before.reach, holds.reach) } : before
  const { position } = write
  const foreign = position !== undefined && record.epoch !== null && record.epoch !== position.epoch
  if (!write.offer && !foreign) {
    // What was never written here cannot have been sent from here.
    record = { ...record, sent: Math.max(record.sent, Math.min(write.sent ?? 0, last)) }
    if (position) {
      record = { ...record, epoch: position.epoch, have: Math.max(record.have, position.seq) }
    }
  }
  if (write.told && isSummary(record, write.told)) record = { ...record, untold: false }
  return write.remote && holds.remote ? applyRemote(record, write.remote) : record
}

function applyRemote(record: DocumentRecord, remote: RemoteEntry): DocumentRecord {
  if (record.epoch !== null && record.epoch !== remote.epoch) {
    // A purged epoch that is not ours is no news where this history has ours. A living one: either ours was purged, or it is of a history that was
    // lost; only opening it will tell (protocol Y12).
    if (record.purged === 'asked') {
      // The relay is asked whether that is what others brought back who did not know, or was begun anew. Whose rows are of our epoch may come
      // yet: it stays asked for under that.
      if (!remote.purged) return { ...record, heir: remote.epoch, there: remote.seq }
      return record.heir === remote.epoch ? { ...record, heir: null } : record
    }
    // It lived in the place of ours, and is gone: begun anew from our rows, what was purged would be there again (P36). Ours was never refused: what
    // somebody else begins from it is not to be purged.
    if (remote.purged) return isReplaced(record, remote.epoch) ? purgedAs(record, remote.epoch) : record
    const there = remote.seq
    return record.rows > 0
      ? { ...record, heir: remote.epoch, there }
      : born(record, remote.epoch, there, remote.summary)
  }
  if (remote.purged) {
    // The relay has known of the purge: what lives there now was begun anew.
    if (isSettled(record) && record.heir !== null) return born(record, record.heir, record.there, null)
    return { ...record, epoch: remote.epoch, purged: 'done' }
  }
  // A relay that went back to before the purge is asked again.
  if (record.purged !== 'no') {
    const isAsked = record.purged === 'asked' || record.rows === 0
    return { ...record, epoch: remote.epoch, ...(isAsked ? { purged: 'asked', heir: null } : {}) }
  }
  const theirs = remote.summary !== null && !isWaiting(record) && !record.untold
  return {
    ...record,
    epoch: remote.epoch,
    // One lives at a time.
    heir: null,
    there: Math.max(record.there, remote.seq),
    summary: theirs ? remote.summary : record.summary,
  }
}

/** Another epoch lived in the place of ours: so the feed said, or this history has nothing of ours. */
function isReplaced({ rows, sent, have, heir }: DocumentRecord, other: string): boolean {
  return heir === other || (rows > 0 && sent === 0 && have === 0)
}

function purgedAs(record: DocumentRecord, epoch: string): DocumentRecord {
  return { ...record, epoch, purged: 'done', heir: null, have: 0, there: 0 }
}

/** A purge that this device asked for, of which it keeps nothing. */
function isSettled({ purged, rows }: DocumentRecord): boolean {
  return purged === 'asked' && rows === 0
}

/** The same name, begun anew under another epoch. Row numbers go on. */
function born(record: DocumentRecord, epoch: string, there: number, summary: Uint8Array | null): DocumentRecord {
  const { id, last, revision } = record
  return { ...freshRecord(id), last, edited: 0, sent: last, epoch, there, summary, revision }
}

function isSummary(record: DocumentRecord, summary: Uint8Array | undefined): boolean {
  return record.summary !== null && summary !== undefined && sameBytes(record.summary, summary)
}

/** The record after its rows were replaced by one, which takes a number of its own. */
export function applyCompaction(record: DocumentRecord, removed: number): DocumentRecord {
  const last = record.last + 1
  const rows = record.rows - removed + 1
  // The new row holds only what the removed ones held: it is on the relay as far as they were.
  const sent = record.sent >= record.last ? last : record.sent
  return { ...record, last, rows, sent, revision: record.revision + 1 }
}

/** The record after all its rows have gone. */
export function applyRetirement(record: DocumentRecord, { purged }: Retirement): DocumentRecord {
  const revision = record.revision + 1
  // Rows that another tab brought late do not make done what the relay was only asked for.
  const state = record.purged === 'no' ? purged : record.purged
  // Who asks for a purge wants gone what lives on the relay too.
  if (record.heir !== null && state !== 'asked') return born({ ...record, revision }, record.heir, record.there, null)
  const { last } = record
  return { ...record, summary: null, rows: 0, edited: 0, sent: last, untold: false, purged: state, revision }
}

/** The note of what a retirement keeps, when there is something that the relay does not have. */
export function asideOf(record: DocumentRecord, { aside }: Retirement): AsideNote | null {
  if (!aside || record.edited <= record.sent) return null
  return { ...aside, conversation: record.id, epoch: record.epoch, summary: record.summary }
}

export function isWaiting(record: DocumentRecord): boolean {
  return record.edited > record.sent && record.purged === 'no'
}

/** Something of it is on the relay that is not here. */
export function isBehind(record: DocumentRecord): boolean {
  return (record.there > record.have || record.heir !== null) && record.purged === 'no'
}

/** It is here, and in no list: nobody could give it a summary. */
export function isUnlisted(record: DocumentRecord): boolean {
  return record.rows > 0 && record.summary === null && record.purged === 'no'
}

/** It was here, and nothing of it is any more, nor what only it named. */
export function isEnded(record: DocumentRecord): boolean {
  return record.last > 0 && record.rows === 0
}

/** Its epoch was purged, and rows of it are still here: to be set aside or let go. */
export function isOver(record: DocumentRecord): boolean {
  return record.purged !== 'no' && record.rows > 0
}
