import { isUpdateLogError } from '../errors.ts'
import type { Head, LiveHead } from '../head.ts'
import { refKey } from '../names.ts'
import type { DocumentRef, LoadedDocument } from '../types.ts'
import { unpack } from './brotli.ts'
import type { Entry, View } from './database.ts'
import { getEach } from './each.ts'
import { damaged, readError } from './faults.ts'
import { headKey, type Key, lastNumber, nameKey, recordKey, recordRange, summaryKey } from './keys.ts'
import { decodeHead, decodeNumber, decodeRecord, decodeSummary, type RecordContent } from './values.ts'

/** A document's number in the database, and its head. */
export interface DocumentState {
  readonly number: number
  readonly head: Head
}

/**
 * @returns null when the document never was
 * @throws UpdateLogError `DAMAGED`, `STORAGE_FAILED`
 */
export async function findDocument(view: View, ref: DocumentRef): Promise<DocumentState | null> {
  try {
    const number = await readNumber(view, ref)
    return number === null ? null : { number, head: await readHead(view, ref, number) }
  } catch (error) {
    throw readError(refKey(ref), error)
  }
}

/**
 * A document's number, from its two names. One that is missing beside one that is there is damage: the document's life would go on
 * in a blank one. A block that cannot be read at all is no such sign, so then the other name decides.
 */
async function readNumber(view: View, ref: DocumentRef): Promise<number | null> {
  const keys = [nameKey('name', ref.space, ref.document), nameKey('nameAgain', ref.space, ref.document)]
  const values = await getEach(view, keys)
  const found: (number | null)[] = []
  for (let i = 0; i < keys.length; i += 1) {
    const value = values[i]
    if (value !== 'unreadable') found.push(value === undefined ? null : decodeNumber(keys[i]!, value))
  }
  const [number, again] = found
  if (number === undefined) throw damaged(refKey(ref), 'its names cannot be read')
  if (again !== undefined && again !== number) throw damaged(refKey(ref), 'its two names differ')
  return number
}

async function readHead(view: View, ref: DocumentRef, number: number): Promise<Head> {
  const key = headKey(number)
  const value = await view.get(key)
  if (value === undefined) throw damaged(refKey(ref), 'its head is missing')
  return decodeHead(key, value)
}

/** A document as stored, with the keys of its records. */
export interface StoredDocument {
  readonly loaded: LoadedDocument
  readonly keys: readonly Key[]
}

export type ReadEntries = (view: View, number: number, head: LiveHead) => Promise<readonly Entry[]>

/** Everything that stands among a document's records, also what its head does not know of. */
const allEntries: ReadEntries = (view, number) => view.range(recordRange(number))

/** Read where it is asked for; a larger one would keep everybody waiting. Bytes, and records after the state. */
const SMALL = 64 * 1024
const FEW_RECORDS = 32

/**
 * The same of a small document, by the keys that its records have when each is of one update: an iterator costs as much as all else of opening it,
 * and leaves what it read and more to the garbage collector. Whether anything follows is asked too, because that tells a head that is older than
 * its document: the first update of each commit is a record by itself (`Transaction`).
 */
export const knownEntries: ReadEntries = async (view, number, head) => {
  const { snapshotBytes, tailUpdates, tailBytes } = head.stats
  if (snapshotBytes + tailBytes > SMALL || tailUpdates > FEW_RECORDS) return allEntries(view, number, head)
  const keys: Key[] = []
  for (let last = Math.max(head.seq - tailUpdates, 1); last <= head.seq + 1; last += 1)
    keys.push(recordKey(number, last))
  const values = await view.getMany(keys)
  if (values.pop() !== undefined) return allEntries(view, number, head)
  const entries: Entry[] = []
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]
    // A record of several updates, or damage: looking at everything tells.
    if (value === undefined) return allEntries(view, number, head)
    entries.push({ key: keys[i]!, value })
  }
  return entries
}

/** @throws UpdateLogError `DAMAGED`, `STORAGE_FAILED` */
export async function readDocument(
  view: View,
  ref: DocumentRef,
  number: number,
  head: LiveHead,
  read: ReadEntries = allEntries,
): Promise<StoredDocument> {
  try {
    const { keys, records } = await readRecords(view, ref, number, head, read)
    const [first] = records
    const snapshot = first?.kind === 'state' ? await plainState(ref, first) : null
    const updates: Uint8Array[] = []
    for (const record of records) {
      // One by one: spreading a record of many thousands overflows the stack.
      if (record.kind === 'updates') for (const update of record.updates) updates.push(update)
    }
    const { epoch, seq, stats, refused } = head
    const loaded = { epoch, seq, stats, refused, snapshot, updates, summary: await readSummary(view, number) }
    return { loaded, keys }
  } catch (error) {
    throw readError(refKey(ref), error)
  }
}

export async function readSummary(view: View, number: number): Promise<Uint8Array | null> {
  const key = summaryKey(number)
  const value = await view.get(key)
  return value === undefined ? null : decodeSummary(key, value)
}

/** The records in order, once it is certain that they are all there: 1 to `head.seq` without a gap, a snapshot only first. */
async function readRecords(
  view: View,
  ref: DocumentRef,
  number: number,
  head: LiveHead,
  read: ReadEntries,
): Promise<{ keys: Key[]; records: RecordContent[] }> {
  const keys: Key[] = []
  const records: RecordContent[] = []
  const covered = head.seq - head.stats.tailUpdates
  let last = 0
  for (const { key, value } of await read(view, number, head)) {
    const record = decodeRecord(key, value)
    const end = lastNumber(key)
    if (record.first !== last + 1) throw damaged(refKey(ref), `updates ${last + 1} to ${record.first - 1} are missing`)
    if (record.content.kind === 'state') {
      if (record.first !== 1 || end !== covered)
        throw damaged(refKey(ref), 'its snapshot is not the one its head knows')
    } else if (record.content.updates.length !== end - last || last < covered) {
      throw damaged(refKey(ref), `updates up to ${end} are not as many as they should be`)
    }
    keys.push(key)
    records.push(record.content)
    last = end
  }
  if (last !== head.seq) throw damaged(refKey(ref), `it ends at update ${last} instead of ${head.seq}`)
  return { keys, records }
}

/** Whether a stored state can be made bytes of again. */
export async function decodesState(ref: DocumentRef, state: RecordContent & { kind: 'state' }): Promise<boolean> {
  try {
    await plainState(ref, state)
    return true
  } catch (error) {
    if (isUpdateLogError(error, 'DAMAGED')) return false
    throw error
  }
}

async function plainState(ref: DocumentRef, state: RecordContent & { kind: 'state' }): Promise<Uint8Array> {
  if (state.coding === 'plain') return state.bytes
  try {
    return await unpack(state.bytes)
  } catch (error) {
    throw damaged(refKey(ref), 'its snapshot cannot be decompressed', error)
  }
}
