import { constants } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { platform } from 'node:os'
import { join } from 'node:path'
import type { Head, LiveHead } from '../head.ts'
import { refKey } from '../names.ts'
import type { DocumentRef } from '../types.ts'
import type { Entry, View } from './database.ts'
import { getEach, otherwise } from './each.ts'
import type { Folder } from './folder.ts'
import {
  feedKey,
  feedRangeOfSpace,
  headKey,
  type Key,
  type KeyRange,
  lastNumber,
  nameKey,
  recordRange,
  summaryKey,
} from './keys.ts'
import { decodesState } from './lookup.ts'
import {
  DamagedValue,
  decodeFeedPlace,
  decodeHead,
  decodeNumber,
  decodeRecord,
  decodeSecondName,
  decodeSummary,
} from './values.ts'

/** What can still be read of a damaged document. */
export interface Salvage {
  /** Under which it goes on; null when nobody can tell its number any more. */
  readonly number: number | null
  /** What is left of it; null when not even its epoch is, so that it begins anew with whoever comes first. */
  readonly head: Head | null
  /** The number of its last update, as far as that was known. */
  readonly before: number | null
  /** What is no part of it any more. */
  readonly removed: readonly Key[]
  readonly summary: 'kept' | 'lost'
  /** Everything of it that LevelDB still gives, damaged or not. */
  readonly entries: readonly Entry[]
}

/** Reads all that there is of a document and keeps its whole beginning: the longest run of records from the first update on. */
export async function salvage(view: View, ref: DocumentRef, draw: () => string): Promise<Salvage> {
  const names = [nameKey('name', ref.space, ref.document), nameKey('nameAgain', ref.space, ref.document)] as const
  const [name, again] = await getEach(view, names)
  const said = attempt(() => (isThere(again) ? decodeSecondName(names[1], again) : null))
  const number =
    attempt(() => (isThere(name) ? decodeNumber(names[0], name) : null)) ??
    attempt(() => (isThere(again) ? decodeNumber(names[1], again) : null))
  const entries: Entry[] = []
  if (isThere(name)) entries.push({ key: names[0], value: name })
  if (isThere(again)) entries.push({ key: names[1], value: again })
  if (number === null) {
    return { number, head: null, before: null, removed: [...names], summary: 'lost', entries }
  }
  const places = [headKey(number), summaryKey(number)] as const
  const [headValue, summaryValue] = await getEach(view, places)
  if (isThere(headValue)) entries.push({ key: places[0], value: headValue })
  if (isThere(summaryValue)) entries.push({ key: places[1], value: summaryValue })
  const head = attempt(() => (isThere(headValue) ? decodeHead(places[0], headValue) : null))
  const isSummaryKept = attempt(() => isThere(summaryValue) && decodeSummary(places[1], summaryValue) !== null) === true
  const records = await readable(view, recordRange(number))
  entries.push(...records)
  const kept = await wholeBeginning(ref, records)
  return {
    number,
    head: headFor(head, said, kept, draw),
    before: head?.kind === 'live' ? head.seq : null,
    removed: [
      ...records.slice(kept.records).map(({ key }) => key),
      ...(head === null ? await placesOf(view, ref.space, number) : [feedKey(ref.space, head.feed)]),
    ],
    summary: isSummaryKept ? 'kept' : 'lost',
    entries,
  }
}

/** Where a document stands in the feed, when its head does not say. */
async function placesOf(view: View, space: string, number: number): Promise<Key[]> {
  return (await readable(view, feedRangeOfSpace(space))).flatMap(({ key, value }) => {
    const place = attempt(() => decodeFeedPlace(key, value))
    return place?.number === number ? [key] : []
  })
}

interface Kept {
  /** How many records. */
  readonly records: number
  /** The number of the last update in them. */
  readonly seq: number
  readonly stats: LiveHead['stats']
}

async function wholeBeginning(ref: DocumentRef, records: readonly Entry[]): Promise<Kept> {
  let kept: Kept = { records: 0, seq: 0, stats: { snapshotBytes: 0, tailUpdates: 0, tailBytes: 0 } }
  for (const { key, value } of records) {
    const record = attempt(() => decodeRecord(key, value))
    const end = lastNumber(key)
    if (record === null || record.first !== kept.seq + 1) break
    const { content } = record
    const { stats } = kept
    if (content.kind === 'state') {
      if (kept.records > 0 || !(await decodesState(ref, content))) break
      kept = { records: 1, seq: end, stats: { ...stats, snapshotBytes: content.bytes.byteLength } }
    } else {
      if (content.updates.length !== end - kept.seq) break
      const bytes = content.updates.reduce((sum, update) => sum + update.byteLength, 0)
      const { tailUpdates, tailBytes } = stats
      const tail = { tailUpdates: tailUpdates + content.updates.length, tailBytes: tailBytes + bytes }
      kept = { records: kept.records + 1, seq: end, stats: { ...stats, ...tail } }
    }
  }
  return kept
}

function headFor(
  head: Head | null,
  said: { readonly epoch: string | null; readonly refused: readonly string[] } | null,
  { seq, stats }: Kept,
  draw: () => string,
): Head | null {
  const refused = head?.refused ?? said?.refused ?? []
  const isPurged = head === null ? said !== null && said.epoch === null : head.kind === 'purged'
  if (isPurged && refused.length > 0) return { kind: 'purged', feed: 0, refused }
  const epoch = head?.kind === 'live' ? head.epoch : (said?.epoch ?? null)
  if (epoch === null && seq === 0) return null
  return { kind: 'live', epoch: epoch ?? draw(), seq, feed: 0, stats, refused }
}

/** The entries of a range as far as LevelDB gives them. */
function readable(view: View, range: KeyRange): Promise<Entry[]> {
  return otherwise(
    () => view.range(range),
    async () => {
      const entries: Entry[] = []
      for (let gte = range.gte; ; ) {
        const some = await otherwise(
          () => view.range({ gte, lt: range.lt }, { limit: 1 }),
          async () => [],
        )
        const [entry] = some
        if (entry === undefined) return entries
        entries.push(entry)
        // The key that follows directly: the same and a zero byte.
        gte = Uint8Array.from([...entry.key, 0])
      }
    },
  )
}

function isThere(value: Uint8Array | undefined | 'unreadable'): value is Uint8Array {
  return value !== undefined && value !== 'unreadable'
}

function attempt<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof DamagedValue) return null
    throw error
  }
}

/**
 * Keeps a copy of everything that is left of a document, as lines of JSON: what it is, then each key and value in base64. On the disk when it
 * resolves.
 * @returns the file's name in the quarantine
 */
export async function keepCopy(
  folder: Folder,
  ref: DocumentRef,
  { number, entries }: Salvage,
  why: string,
  id: string,
): Promise<string> {
  // No name of a document becomes a file name (U5).
  const name = `document-${number ?? 'unknown'}-${id}.jsonl`
  await mkdir(folder.quarantine, { recursive: true, mode: 0o700 })
  const file = await open(
    join(folder.quarantine, name),
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
    0o600,
  )
  try {
    const said = { holdfast: 'set-aside', version: 1, ...ref, why }
    const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
    const lines = entries.map(({ key, value }) => ({ key: base64(key), value: base64(value) }))
    for (const line of [said, ...lines]) await file.writeFile(`${JSON.stringify(line)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  if (platform() !== 'win32') {
    const directory = await open(folder.quarantine, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  }
  return name
}

/** One sentence for the log. */
export function describe(ref: DocumentRef, { head, before }: Salvage, why: string, copy: string): string {
  const kept =
    head?.kind === 'live' && head.seq > 0 ? `its first ${head.seq} updates are kept` : 'nothing of it could be kept'
  const of = before === null ? '' : ` of ${before}`
  return `${refKey(ref)} is damaged: ${why}; ${kept}${head?.kind === 'live' && head.seq > 0 ? of : ''}; a copy of what was there is in quarantine/${copy}`
}
