import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDiskBlobs } from '../blobs/disk.ts'
import { openClassicLevel } from '../level/database.ts'
import { FORMAT_VERSION, type Folder, findBrokenFolder, writeVersion } from '../level/folder.ts'
import { withFolderLock } from '../level/lock.ts'
import { openMark } from '../level/mark.ts'
import { finishSwap, type Move, makeStaging, stagingOf, swapIn } from '../level/swap.ts'
import { randomId } from '../random.ts'
import { notAFolder } from './not-a-folder.ts'
import type { Problem, UpkeepOptions } from './problems.ts'
import { type FateOfDocument, rebuildLog } from './rebuild-log.ts'
import { verifyLocked } from './verify.ts'

export interface RepairOptions extends UpkeepOptions {
  /** Says what it would do, and does nothing. */
  readonly dryRun?: boolean
  /** Draws the new incarnation, and epochs that nobody knows any more. */
  readonly randomId?: () => string
  /** Names what is set aside, such as a time: characters of file names. */
  readonly stamp: string
}

export interface Repaired {
  /** What was wrong; when nothing was, nothing was done. */
  readonly problems: readonly Problem[]
  /** Every document that was not sound, and what became of it. */
  readonly documents: readonly FateOfDocument[]
  readonly sound: number
  /** The history's new id, or null when the log was sound and stays. */
  readonly incarnation: string | null
  /** Where what was there before is, and what could not be put back; null when the log stays. */
  readonly aside: string | null
  /** Blobs that were set aside because they are not what their names say: space and hash. */
  readonly blobs: readonly { readonly space: string; readonly hash: string }[]
}

/**
 * Makes a data folder one that opens and whose documents can all be written again, from what can be read of it. LevelDB's files are read
 * without LevelDB; a new log is made of them beside the old one; the old one is moved aside, never deleted. The history gets a new
 * incarnation, so that clients offer what they have (W11). Ended at any moment, the folder is as it was or repaired.
 * @throws UpdateLogError `NOT_FOUND`, `LOCKED`, `UNWRITABLE`, `NEWER_VERSION`, `STORAGE_*`
 */
export async function repairFolder(directory: string, options: RepairOptions): Promise<Repaired> {
  await finishSwap(directory)
  const found = await findBrokenFolder(directory)
  if (found === null) throw notAFolder(directory)
  return withFolderLock(found.folder, () => repairLocked(found.folder, found.whatIsWrong, options))
}

async function repairLocked(folder: Folder, whatIsWrong: string | null, options: RepairOptions): Promise<Repaired> {
  const { problems } = await verifyLocked(folder, whatIsWrong, options)
  const blobs = problems.flatMap(({ part, space, blob }) =>
    part === 'blob' && space !== undefined && blob !== undefined ? [{ space, hash: blob }] : [],
  )
  if (options.dryRun !== true) await setBlobsAside(folder, blobs)
  const log = problems.some(({ part }) => part !== 'blob')
    ? await repairLog(folder, options)
    : { documents: [], sound: 0, incarnation: null, aside: null }
  return { problems, blobs, ...log }
}

async function repairLog(
  folder: Folder,
  { dryRun = false, randomId: draw = randomId, stamp, ...options }: RepairOptions,
): Promise<Omit<Repaired, 'problems' | 'blobs'>> {
  const { directory } = folder
  const staging = await makeStaging(directory)
  const aside = join('quarantine', `repair-${stamp}`)
  try {
    const incarnation = draw()
    const database = await openClassicLevel(join(staging, 'log'))
    let rebuilt: Awaited<ReturnType<typeof rebuildLog>>
    try {
      rebuilt = await rebuildLog(folder, database, incarnation, draw, join(staging, 'aside'), options)
    } finally {
      await database.close()
    }
    const { documents, sound, commit } = rebuilt
    if (dryRun) return { documents, sound, incarnation: null, aside: null }
    await writeMark(join(staging, 'mark'), { commit, incarnation })
    await writeVersion(staging, FORMAT_VERSION)
    await writeFile(join(staging, 'report.json'), `${JSON.stringify({ stamp, documents }, null, 2)}\n`)
    await mkdir(folder.quarantine, { recursive: true, mode: 0o700 })
    options.signal?.throwIfAborted()
    await swapIn(directory, movesTo(aside))
    return { documents, sound, incarnation, aside: join(directory, aside) }
  } finally {
    await rm(stagingOf(directory), { recursive: true, force: true })
  }
}

function movesTo(aside: string): Move[] {
  const staged = ['log', 'mark', 'format']
  return [
    ...staged.map((name) => ({ from: name, to: join(aside, name) })),
    ...staged.map((name) => ({ from: join('restoring', name), to: name })),
    { from: join('restoring', 'aside'), to: join(aside, 'documents') },
    { from: join('restoring', 'report.json'), to: join(aside, 'report.json') },
  ]
}

/** As a process leaves it that ended in order. */
export async function writeMark(path: string, mark: { commit: number; incarnation: string }): Promise<void> {
  const file = await openMark(path)
  await file.begin(mark)
  await file.close(true)
}

async function setBlobsAside(folder: Folder, damaged: readonly { space: string; hash: string }[]): Promise<void> {
  if (damaged.length === 0) return
  const store = await openDiskBlobs(join(folder.directory, 'blobs'))
  try {
    // The store does it by itself when it is asked for one.
    for (const ref of damaged) await readThrough(store, ref)
  } finally {
    await store.close()
  }
}

async function readThrough(
  store: Awaited<ReturnType<typeof openDiskBlobs>>,
  ref: { space: string; hash: string },
): Promise<void> {
  try {
    const found = await store.read(ref)
    if (found === null) return
    for await (const part of found.content) if (part.length < 0) return
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'DAMAGED')) throw error
  }
}
