import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../blobs/folders.ts'
import { isUpdateLogError } from '../errors.ts'
import type { Head } from '../head.ts'
import type { Database, Operation, View } from '../level/database.ts'
import type { Folder } from '../level/folder.ts'
import {
  COMMIT_KEY,
  feedKey,
  HEAD_RANGE,
  headKey,
  type Key,
  KIND,
  lastNumber,
  nameKindRange,
  namesOf,
  recordRange,
} from '../level/keys.ts'
import { peekMark } from '../level/mark.ts'
import { OPENINGS_LEAP, runsOperation } from '../level/runs.ts'
import { scan } from '../level/scan.ts'
import { decodeNumber, decodeRecord, encodeCommit, encodeFeedPlace, encodeHead } from '../level/values.ts'
import { refKey } from '../names.ts'
import type { DocumentRef } from '../types.ts'
import { gather } from './gather.ts'
import type { UpkeepOptions } from './problems.ts'
import { type Rebuilt, rebuildDocument } from './rebuild.ts'
import { createWholenessCheck } from './wholeness-check.ts'

/** What became of one document that was not sound. */
export interface FateOfDocument {
  readonly space: string
  readonly document: string
  readonly outcome: Rebuilt['outcome'] | 'nameless'
  /** The number of its last update now. */
  readonly through: number
  /** Updates that are known to be lost. */
  readonly lost: number
  /** False when some at the end may be missing that nobody knows of. */
  readonly isCertain: boolean
  /** The file, in what was set aside, with what builds on lost updates, or null. One Yjs v1 update. */
  readonly waiting: string | null
}

export interface RebuiltLog {
  readonly documents: readonly FateOfDocument[]
  readonly sound: number
  readonly commit: number
}

interface Placed {
  readonly ref: DocumentRef
  readonly number: number
  readonly head: Head
}

/** Makes a new log, in a database that is empty, of what can be read of a folder's. */
export async function rebuildLog(
  folder: Folder,
  database: Database,
  incarnation: string,
  draw: () => string,
  aside: string,
  options: UpkeepOptions,
): Promise<RebuiltLog> {
  const gathered = await gather(folder.log, database, options)
  const mark = await peekMark(folder.mark)
  const marked = mark.kind === 'found' ? mark.mark.commit : 0
  const check = createWholenessCheck()
  const view = database.view()
  try {
    const refs = await numbersOf(view, gathered.names)
    const fates: FateOfDocument[] = []
    const placed: Placed[] = []
    let sound = 0
    let done = 0
    for (const { ref, number } of refs.named) {
      options.signal?.throwIfAborted()
      const rebuilt = await rebuildSafely(view, ref, number, check, draw)
      if (rebuilt.operations.length > 0) await database.write([...rebuilt.operations], { sync: false })
      if (rebuilt.head !== null) placed.push({ ref, number, head: rebuilt.head })
      if (rebuilt.outcome === 'sound') sound += 1
      else fates.push(await fateOf(ref, rebuilt, aside, `${number}.update`))
      done += 1
      options.onProgress?.({ step: 'documents', done, total: refs.named.length })
    }
    for (const number of refs.nameless) fates.push(await setNamelessAside(view, database, number, aside))
    const commit = Math.max(gathered.commit?.commit ?? 0, marked) + 1
    const nextDocument = Math.max(gathered.commit?.nextDocument ?? 0, refs.highest + 1)
    const openings = (gathered.openings ?? 0) + OPENINGS_LEAP
    await database.write(
      [
        ...feedOf(placed),
        runsOperation({ incarnation, openings, list: [] }),
        { type: 'put', key: COMMIT_KEY, value: encodeCommit(COMMIT_KEY, { commit, nextDocument, incarnation }) },
      ],
      { sync: true },
    )
    return { documents: fates, sound, commit }
  } finally {
    await view.close()
    await check.close()
  }
}

/** What Yjs cannot make sense of in time is as good as unreadable; the old log, which is kept, still has it. */
async function rebuildSafely(...args: Parameters<typeof rebuildDocument>): Promise<Rebuilt> {
  const [view, ref, number, check, draw] = args
  try {
    return await rebuildDocument(view, ref, number, check, draw)
  } catch (error) {
    if (!(isUpdateLogError(error, 'COMPACTION_FAILED') || isUpdateLogError(error, 'COMPACTION_REFUSED'))) throw error
    const nothing = { of: async () => ({ state: null, waiting: null, unreadable: 0 }), close: async () => undefined }
    return rebuildDocument(view, ref, number, nothing, draw)
  }
}

interface Numbers {
  readonly named: readonly { ref: DocumentRef; number: number }[]
  /** Documents of which neither a name nor a place in the feed is left. */
  readonly nameless: readonly number[]
  readonly highest: number
}

/** Which number belongs to which name: by the first names, then the second ones, then the feed. One name and one number each. */
async function numbersOf(view: View, inFeed: ReadonlyMap<number, DocumentRef>): Promise<Numbers> {
  const byName = new Map<string, { ref: DocumentRef; number: number }>()
  const taken = new Set<number>()
  const claim = (ref: DocumentRef, number: number): void => {
    if (byName.has(refKey(ref)) || taken.has(number)) return
    byName.set(refKey(ref), { ref, number })
    taken.add(number)
  }
  for (const kind of ['name', 'nameAgain'] as const) {
    for await (const { key, value } of scan(view, nameKindRange(kind))) claim(namesOf(key), decodeNumber(key, value))
  }
  for (const [number, ref] of inFeed) if (await isStored(view, number)) claim(ref, number)
  const nameless = new Set<number>()
  let highest = Math.max(0, ...taken, ...inFeed.keys())
  for await (const { key } of scan(view, HEAD_RANGE)) nameless.add(lastNumber(key))
  for await (const number of numbersWithRecords(view)) nameless.add(number)
  for (const number of nameless) highest = Math.max(highest, number)
  return { named: [...byName.values()], nameless: [...nameless].filter((number) => !taken.has(number)), highest }
}

async function isStored(view: View, number: number): Promise<boolean> {
  return (
    (await view.get(headKey(number))) !== undefined || (await view.range(recordRange(number), { limit: 1 })).length > 0
  )
}

/** Jumps from document to document. */
async function* numbersWithRecords(view: View): AsyncGenerator<number> {
  let from: Key = Uint8Array.of(KIND.record)
  for (;;) {
    const [entry] = await view.range({ gte: from, lt: Uint8Array.of(KIND.record + 1) }, { limit: 1 })
    if (entry === undefined) return
    const number = lastNumber(entry.key.subarray(0, 7))
    yield number
    from = recordRange(number).lt
  }
}

/** Nobody can ask for it, so it is taken out; what it held is put into a file. */
async function setNamelessAside(
  view: View,
  database: Database,
  number: number,
  aside: string,
): Promise<FateOfDocument> {
  const updates: Uint8Array[] = []
  const operations: Operation[] = [{ type: 'del', key: headKey(number) }]
  let through = 0
  for (const { key, value } of await view.range(recordRange(number))) {
    operations.push({ type: 'del', key })
    through = lastNumber(key)
    const { content } = decodeRecord(key, value)
    if (content.kind === 'updates') updates.push(...content.updates)
    else updates.push(content.bytes)
  }
  await database.write(operations, { sync: false })
  const folder = `nameless-${number}`
  await mkdir(join(aside, folder), { recursive: true, mode: 0o700 })
  for (const [i, update] of updates.entries()) await writeFile(join(aside, folder, `${i + 1}.update`), update)
  return { space: '', document: '', outcome: 'nameless', through, lost: 0, isCertain: false, waiting: folder }
}

async function fateOf(ref: DocumentRef, rebuilt: Rebuilt, aside: string, file: string): Promise<FateOfDocument> {
  const { outcome, through, lost, isCertain, waiting } = rebuilt
  if (waiting !== null) {
    await mkdir(aside, { recursive: true, mode: 0o700 })
    await writeFile(join(aside, file), waiting, { flush: true })
    await syncFolder(aside)
  }
  return { ...ref, outcome, through, lost, isCertain, waiting: waiting === null ? null : file }
}

/** A feed in which each document stands where it stood, and those without a place at the end, each on a place of its own. */
function feedOf(placed: readonly Placed[]): Operation[] {
  const operations: Operation[] = []
  const ends = new Map<string, number>()
  const taken = new Set<string>()
  const last = (space: string): number => ends.get(space) ?? 0
  for (const { ref, head } of placed) ends.set(ref.space, Math.max(last(ref.space), head.feed))
  for (const { ref, number, head } of placed) {
    const isFree = head.feed > 0 && !taken.has(`${ref.space}/${head.feed}`)
    const feed = isFree ? head.feed : last(ref.space) + 1
    if (!isFree) {
      ends.set(ref.space, feed)
      operations.push({ type: 'put', key: headKey(number), value: encodeHead(headKey(number), { ...head, feed }) })
    }
    taken.add(`${ref.space}/${feed}`)
    const key = feedKey(ref.space, feed)
    operations.push({ type: 'put', key, value: encodeFeedPlace(key, { number, document: ref.document }) })
  }
  return operations
}
