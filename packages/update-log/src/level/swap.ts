import { access, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../blobs/folders.ts'
import { UpdateLogError } from '../errors.ts'
import { codesOf } from './faults.ts'
import { RESTORING, writeSafely } from './folder.ts'
import { readIfThere } from './links.ts'

/** One thing in the folder that gets another place in it; paths relative to the data folder. */
export interface Move {
  readonly from: string
  readonly to: string
}

const JOURNAL = 'moves.json'

/** Where a restore or repair makes what it is to put in place. Nothing in it counts until `swapIn`. */
export function stagingOf(directory: string): string {
  return join(directory, RESTORING)
}

/** Begins with nothing in it. */
export async function makeStaging(directory: string): Promise<string> {
  const staging = stagingOf(directory)
  await rm(staging, { recursive: true, force: true })
  await mkdir(staging, { recursive: true, mode: 0o700 })
  return staging
}

/**
 * Puts what was made in its place, all or nothing: the moves are written down first, and whoever opens the folder next finishes what was
 * interrupted. What goes aside comes before what takes its place.
 */
export async function swapIn(directory: string, moves: readonly Move[]): Promise<void> {
  const staging = stagingOf(directory)
  await writeSafely(join(staging, JOURNAL), `${JSON.stringify(moves)}\n`)
  await syncFolder(staging)
  await finishSwap(directory)
}

/** Finishes what `swapIn` began, if it did. @returns whether there was something to finish */
export async function finishSwap(directory: string): Promise<boolean> {
  const staging = stagingOf(directory)
  const journal = await readJournal(join(staging, JOURNAL))
  if (journal === null) return false
  for (const { from, to } of movesIn(directory, new TextDecoder().decode(journal))) {
    // A move that was done is told by what is where: whoever comes second does nothing.
    if (!(await isThere(join(directory, from))) || (await isThere(join(directory, to)))) continue
    await mkdir(dirname(join(directory, to)), { recursive: true, mode: 0o700 })
    try {
      await rename(join(directory, from), join(directory, to))
    } catch (error) {
      if (!codesOf(error).has('ENOENT')) throw error
    }
  }
  await syncFolder(directory)
  // Last, and the journal last of all: while it is there, the moves are done again.
  for (const name of await readdir(staging)) {
    if (name !== JOURNAL) await rm(join(staging, name), { recursive: true, force: true })
  }
  await rm(staging, { recursive: true, force: true })
  return true
}

/** What cannot be read for another reason is named by whoever opens the folder next. */
async function readJournal(path: string): Promise<Uint8Array | null> {
  try {
    return await readIfThere(path)
  } catch (error) {
    if (codesOf(error).size > 0) return null
    throw error
  }
}

function movesIn(directory: string, journal: string): Move[] {
  const moves: unknown = parsed(journal)
  if (Array.isArray(moves) && moves.every(isMove)) return moves
  throw new UpdateLogError(
    'UNREADABLE',
    `The data folder ${directory} cannot be opened: ${RESTORING}/${JOURNAL}, which says what a restore or repair was about to move, is damaged.`,
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function isMove(value: unknown): value is Move {
  if (typeof value !== 'object' || value === null || !('from' in value) || !('to' in value)) return false
  return [value.from, value.to].every((path) => typeof path === 'string' && !path.split('/').includes('..'))
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return false
    throw error
  }
}
