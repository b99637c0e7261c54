import type { Database, Operation } from '../level/database.ts'
import { databaseFiles, type Kept, salvageFile } from '../level/file-entries.ts'
import { KIND, lastNumber, spaceOfFeed } from '../level/keys.ts'
import { decodeRuns } from '../level/runs.ts'
import { type CommitRecord, DamagedValue, decodeCommit, decodeFeedPlace, opened } from '../level/values.ts'
import type { DocumentRef } from '../types.ts'
import type { UpkeepOptions } from './problems.ts'

/** What was found beside the documents' own entries, which are in the new database. */
export interface Gathered {
  /** What could not be read, in words. */
  readonly damage: readonly string[]
  /** The newest commit record that can be read. */
  readonly commit: CommitRecord | null
  /** How often the storage was opened, as far as that can be read. */
  readonly openings: number | null
  /** Names of documents by their numbers, as the feed has them. */
  readonly names: ReadonlyMap<number, DocumentRef>
}

const BATCH = 500

/**
 * Reads all files of a LevelDB folder without LevelDB, and writes into a new database the newest of each key that passes our own checksum:
 * names, heads, summaries, records and what a later version may keep. The feed and the counters are made anew by the caller.
 */
export async function gather(directory: string, into: Database, options: UpkeepOptions): Promise<Gathered> {
  const { names, damage } = await databaseFiles(directory)
  const newest = new Map<string, number>()
  const found: string[] = [...damage]
  await each(
    directory,
    names,
    'reading',
    options,
    (entry) => {
      const id = idOf(entry.key)
      if (entry.sequence > (newest.get(id) ?? -1) && isGood(entry)) newest.set(id, entry.sequence)
      return null
    },
    found,
  )
  const beside = {
    commit: null as CommitRecord | null,
    openings: null as number | null,
    names: new Map<number, DocumentRef>(),
  }
  let operations: Operation[] = []
  await each(
    directory,
    names,
    'copying',
    options,
    async (entry) => {
      const { key, value, sequence } = entry
      if (value === null || newest.get(idOf(key)) !== sequence || !isGood(entry)) return
      if (isOwn(key)) {
        operations.push({ type: 'put', key: key.slice(), value: value.slice() })
        if (operations.length < BATCH) return
        await into.write(operations, { sync: false })
        operations = []
        return
      }
      note(entry, beside)
    },
    [],
  )
  await into.write(operations, { sync: true })
  return { damage: found, ...beside }
}

async function each(
  directory: string,
  names: readonly string[],
  step: string,
  { onProgress, signal }: UpkeepOptions,
  take: (entry: Kept) => Promise<void> | null,
  damage: string[],
): Promise<void> {
  for (const [i, name] of names.entries()) {
    for await (const item of salvageFile(directory, name)) {
      signal?.throwIfAborted()
      if (item.kind === 'damage') damage.push(item.what)
      else await take(item.entry)
    }
    onProgress?.({ step, done: i + 1, total: names.length })
  }
}

function idOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

/** A deletion is believed as it is: its block or record had the right checksum. */
function isGood({ key, value }: Kept): boolean {
  if (value === null) return true
  try {
    opened(key, value, () => null)
    return true
  } catch (error) {
    if (error instanceof DamagedValue) return false
    throw error
  }
}

/** What is carried over as it stands. */
function isOwn(key: Uint8Array): boolean {
  return key[0] !== KIND.commit && key[0] !== KIND.runs && key[0] !== KIND.feed
}

function note(
  { key, value }: Kept,
  beside: { commit: CommitRecord | null; openings: number | null; names: Map<number, DocumentRef> },
): void {
  if (value === null) return
  try {
    if (key[0] === KIND.commit) beside.commit = decodeCommit(key, value)
    else if (key[0] === KIND.runs) beside.openings = decodeRuns(value).openings
    else if (lastNumber(key) > 0) {
      const { number, document } = decodeFeedPlace(key, value)
      beside.names.set(number, { space: spaceOfFeed(key), document })
    }
  } catch (error) {
    // Its checksum is right and it makes no sense: then it is none of ours, and nothing is known by it.
    if (!(error instanceof DamagedValue)) throw error
  }
}
