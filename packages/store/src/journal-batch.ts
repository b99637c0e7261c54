import { mergeAll } from './merge.ts'
import type {
  BlobWrite,
  DocumentWrite,
  FeedCursor,
  LogPosition,
  PastHistory,
  PersistenceError,
  RemoteEntry,
  WritingNote,
} from './persistence/port.ts'

export interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: PersistenceError) => void
}

export interface Pending {
  updates: Uint8Array[]
  local: boolean
  /** How many of `updates` were already reported as unsaved. */
  reported: number
  sent: number
  touched: boolean
  offer: boolean
  summary: Uint8Array | null
  /** Some of `updates` did not come by way of the document in memory. */
  foreign: boolean
  epoch: string | null
  position: LogPosition | null
  remote: RemoteEntry | null
  told: Uint8Array | null
  waiters: Waiter[]
}

export interface Batch {
  readonly documents: Map<string, Pending>
  cursor: FeedCursor | null
  /** The incarnation that the marks in here speak of; null when there are none. */
  history: string | null
  /** How far that history reached when the latest of them was told. */
  reach: number
  /** The cursor takes another name, and the history goes on from one of these; null when it keeps its name. */
  past: readonly PastHistory[] | null
  /** The cursor may go back: the feed began again. */
  restart: boolean
  /** All documents are offered to another history in it. */
  offers: boolean
  blobs: BlobWrite[]
  waiters: Waiter[]
  add: WritingNote[]
  remove: WritingNote[]
}

export const emptyBatch = (): Batch => ({
  documents: new Map(),
  cursor: null,
  history: null,
  reach: 0,
  past: null,
  restart: false,
  offers: false,
  blobs: [],
  waiters: [],
  add: [],
  remove: [],
})
export const isEmpty = (batch: Batch): boolean =>
  batch.documents.size === 0 &&
  !batch.cursor &&
  batch.blobs.length === 0 &&
  batch.add.length === 0 &&
  batch.remove.length === 0

/** More documents than this are no part of what goes on while somebody writes. */
const FEW = 64

/** Nothing in it is an edit, and nobody waits for it: marks of what the relay has, what the feed told, a summary put right. */
export function mayLinger(batch: Batch): boolean {
  if (batch.waiters.length > 0 || batch.restart || batch.offers || batch.documents.size > FEW) return false
  if (batch.blobs.length > 0 || batch.add.length > 0 || batch.remove.length > 0) return false
  for (const { updates, offer, epoch, waiters, remote } of batch.documents.values()) {
    if (updates.length > 0 || offer || epoch !== null || waiters.length > 0 || remote?.purged) return false
  }
  return true
}

export const hasUpdates = (batch: Batch | null, id: string): boolean =>
  (batch?.documents.get(id)?.updates.length ?? 0) > 0

export function pendingOf(batch: Batch, id: string): Pending {
  let pending = batch.documents.get(id)
  if (!pending) {
    pending = {
      updates: [],
      local: false,
      reported: 0,
      sent: 0,
      touched: false,
      offer: false,
      summary: null,
      foreign: false,
      epoch: null,
      position: null,
      remote: null,
      told: null,
      waiters: [],
    }
    batch.documents.set(id, pending)
  }
  return pending
}

/** What other tabs were not told of yet, and are now. */
export function takeNews(batch: Batch | null): { readonly id: string; readonly update: Uint8Array }[] {
  return Array.from(batch?.documents ?? []).flatMap(([id, pending]) => {
    const news = pending.updates.slice(pending.reported)
    pending.reported = pending.updates.length
    return news.map((update) => ({ id, update }))
  })
}

export function waitFor(waiters: Waiter[]): Promise<void> {
  return new Promise((resolve, reject) => {
    waiters.push({ resolve, reject })
  })
}

function settle(waiters: Waiter[], error: PersistenceError | null): void {
  for (const waiter of waiters.splice(0)) {
    if (error) waiter.reject(error)
    else waiter.resolve()
  }
}

/** Tells whoever waits for anything of a batch. */
export function settleAll(batch: Batch, error: PersistenceError | null): void {
  for (const { waiters } of batch.documents.values()) settle(waiters, error)
  settle(batch.waiters, error)
}

/** So much of what others wrote goes in one write, and edits of this device go first: they wait for no more than that. */
const FOREIGN = { documents: 256, bytes: 1024 * 1024 }

/**
 * Takes from a batch what is written now; what is left is `later`. Only what was fetched whole and says nothing of the feed may wait: a cursor
 * goes with its entries. Whoever waits for all waits for the last of it.
 */
export function takeFrom(batch: Batch): { readonly now: Batch; readonly later: Batch } {
  const later = emptyBatch()
  let [documents, bytes] = [0, 0]
  for (const [id, pending] of batch.documents) {
    if (!mayWait(pending)) continue
    documents++
    bytes += pending.updates.reduce((sum, update) => sum + update.length, 0)
    if (documents <= FOREIGN.documents && (bytes <= FOREIGN.bytes || documents === 1)) continue
    later.documents.set(id, pending)
  }
  if (later.documents.size === 0) return { now: batch, later }
  for (const id of later.documents.keys()) batch.documents.delete(id)
  later.history = batch.history
  later.reach = batch.reach
  later.waiters.push(...batch.waiters.splice(0))
  return { now: batch, later }
}

function mayWait(pending: Pending): boolean {
  const { foreign, local, touched, offer, epoch, remote, waiters } = pending
  return foreign && !local && !touched && !offer && epoch === null && remote === null && waiters.length === 0
}

/** What a batch writes. One row per document: its updates merged. */
export function describe(batch: Batch, summaryOf: (id: string, asked: boolean) => Uint8Array | null): DocumentWrite[] {
  return Array.from(batch.documents, ([id, pending]) => {
    if (pending.updates.length > 1) {
      pending.reported = pending.reported >= pending.updates.length ? 1 : 0
      pending.updates = [mergeAll(pending.updates)]
    }
    if (pending.updates.length > 0 || pending.touched)
      pending.summary = summaryOf(id, pending.touched) ?? pending.summary
    return {
      id,
      updates: pending.updates,
      local: pending.local,
      sent: pending.sent,
      ...(pending.offer ? { offer: true } : {}),
      ...(pending.summary ? { summary: pending.summary } : {}),
      ...(pending.epoch === null ? {} : { epoch: pending.epoch }),
      ...(pending.position ? { position: pending.position } : {}),
      ...(pending.remote ? { remote: pending.remote } : {}),
      ...(pending.told ? { told: pending.told } : {}),
    }
  })
}

/** Forgets all marks: they are of a history that another one is about to take the place of. */
export function dropMarks(batch: Batch): void {
  batch.reach = 0
  for (const pending of batch.documents.values()) {
    pending.sent = 0
    pending.position = null
    pending.remote = null
    pending.told = null
  }
}

/**
 * The storage is another one: what was to be written about the one before is not of this one. Bytes that came from the relay for documents that
 * nobody has in memory go too: they build on what is gone, and the relay has them.
 */
export function forgetStorage(batch: Batch): void {
  dropMarks(batch)
  batch.cursor = null
  batch.history = null
  batch.past = null
  batch.restart = false
  batch.offers = false
  for (const [id, pending] of batch.documents) {
    if (pending.updates.length > 0 && pending.foreign && !pending.local) batch.documents.delete(id)
  }
}

/** A batch that was not written, with what arrived since behind it. */
export function joinBatches(batch: Batch, later: Batch): Batch {
  if (batch.history !== null && later.history !== null && batch.history !== later.history) dropMarks(batch)
  batch.reach = Math.max(batch.reach, later.reach)
  for (const [id, pending] of later.documents) {
    const into = pendingOf(batch, id)
    if (into.reported === into.updates.length) into.reported += pending.reported
    into.updates.push(...pending.updates)
    into.local ||= pending.local
    into.sent = Math.max(into.sent, pending.sent)
    into.touched ||= pending.touched
    into.offer ||= pending.offer
    into.summary = pending.summary ?? into.summary
    into.foreign ||= pending.foreign
    into.epoch = pending.epoch ?? into.epoch
    into.position = pending.position ?? into.position
    into.remote = pending.remote ?? into.remote
    into.told = pending.told ?? into.told
    into.waiters.push(...pending.waiters)
  }
  batch.cursor = later.cursor ?? batch.cursor
  batch.history = later.history ?? batch.history
  batch.past = later.past ?? batch.past
  batch.restart ||= later.restart
  batch.offers ||= later.offers
  batch.blobs.push(...later.blobs)
  batch.waiters.push(...later.waiters)
  batch.add.push(...later.add)
  batch.remove.push(...later.remove)
  return batch
}
