import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { beginRun, type Run, type Runs } from '../runs.ts'
import type { Database, Operation, View } from './database.ts'
import { otherwise } from './each.ts'
import { RUNS_KEY } from './keys.ts'
import { readFeedHead, readSpaces } from './read.ts'
import { type CommitRecord, DamagedValue, opened, sealed } from './values.ts'

/** When nobody can tell how often the storage was opened, it is taken to have been this much more often than it can have been. */
export const OPENINGS_LEAP = 2 ** 16

/** Notes in the storage that it is opened once more. On the disk when it resolves. */
export async function recordRun(
  database: Database,
  { incarnation, commit }: Pick<CommitRecord, 'incarnation' | 'commit'>,
  draw: () => string,
): Promise<Runs> {
  const view = database.view()
  try {
    const before = await otherwise<Runs | null>(
      () => readRuns(view),
      async () => LOST,
    )
    const heads = await otherwise(
      () => readHeads(view),
      async () => null,
    )
    // Where the feeds stand cannot be read: then no earlier run can be vouched for either.
    const known = heads === null && before !== null ? { ...before, list: [] } : before
    const runs = beginRun(known, incarnation, draw(), heads ?? new Map(), commit)
    await database.write([runsOperation(runs)], { sync: true })
    return runs
  } finally {
    await view.close()
  }
}

const LOST: Runs = { incarnation: '', openings: OPENINGS_LEAP, list: [] }

async function readHeads(view: View): Promise<Map<string, number>> {
  const heads = new Map<string, number>()
  for (const space of await readSpaces(view)) heads.set(space, await readFeedHead(view, space))
  return heads
}

async function readRuns(view: View): Promise<Runs | null> {
  const value = await view.get(RUNS_KEY)
  if (value === undefined) return null
  try {
    return decodeRuns(value)
  } catch (error) {
    if (error instanceof DamagedValue) return LOST
    throw error
  }
}

export function runsOperation(runs: Runs): Operation {
  return { type: 'put', key: RUNS_KEY, value: encodeRuns(runs) }
}

function encodeRuns({ incarnation, openings, list }: Runs): Uint8Array {
  return sealed(RUNS_KEY, (encoder) => {
    encoding.writeVarString(encoder, incarnation)
    encoding.writeVarUint(encoder, openings)
    encoding.writeVarUint(encoder, list.length)
    for (const { name, heads } of list) {
      encoding.writeVarString(encoder, name)
      encoding.writeVarUint(encoder, heads.size)
      for (const [space, head] of heads) {
        encoding.writeVarString(encoder, space)
        encoding.writeVarUint(encoder, head)
      }
    }
    // Behind all that the version before knows: it reads the rest as ever, and leaves this out when it writes.
    for (const { commit } of list) encoding.writeVarUint(encoder, commit === null ? 0 : commit + 1)
  })
}

export function decodeRuns(value: Uint8Array): Runs {
  return opened(RUNS_KEY, value, (decoder) => {
    const incarnation = decoding.readVarString(decoder)
    const openings = decoding.readVarUint(decoder)
    const list: Omit<Run, 'commit'>[] = []
    for (let runs = decoding.readVarUint(decoder); runs > 0; runs -= 1) {
      const name = decoding.readVarString(decoder)
      const heads = new Map<string, number>()
      for (let spaces = decoding.readVarUint(decoder); spaces > 0; spaces -= 1) {
        const space = decoding.readVarString(decoder)
        heads.set(space, decoding.readVarUint(decoder))
      }
      list.push({ name, heads })
    }
    const commits = list.map(() => {
      const noted = decoding.hasContent(decoder) ? decoding.readVarUint(decoder) : 0
      return noted === 0 ? null : noted - 1
    })
    return { incarnation, openings, list: list.map((run, i) => ({ ...run, commit: commits[i] ?? null })) }
  })
}
