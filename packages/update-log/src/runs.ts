/**
 * The openings of one storage ("runs"), kept in it (W11). A folder that was put back from a backup, or copied and run twice, has the
 * incarnation of the other one and the same feed numbers, but not its later runs: that is how a client that has met those is known.
 */
export interface Run {
  readonly name: string
  /** Where the feeds of spaces stood when it began, as far as they had moved since the run before began. */
  readonly heads: ReadonlyMap<string, number>
}

export interface Runs {
  readonly incarnation: string
  /** Openings in all, over incarnations too. */
  readonly openings: number
  /** Oldest first; the last is under way. */
  readonly list: readonly Run[]
}

/** Whoever has not come for so many openings offers everything again, which is only work. */
const REMEMBERED_RUNS = 512

/** @param heads where the feed of each space stands now */
export function beginRun(
  before: Runs | null,
  incarnation: string,
  name: string,
  heads: ReadonlyMap<string, number>,
): Runs {
  const list = before?.incarnation === incarnation ? before.list : []
  const known = headsAt(list, list.length - 1)
  const moved = new Map([...heads].filter(([space, head]) => head !== known.get(space)))
  const openings = (before?.openings ?? 0) + 1
  return { incarnation, openings, list: forgetOldest([...list, { name, heads: moved }]) }
}

/** The run goes on under another incarnation: nothing from before it counts. */
export function renewRuns(before: Runs, incarnation: string): Runs {
  const current = before.list.at(-1)
  return { ...before, incarnation, list: current === undefined ? [] : [{ name: current.name, heads: new Map() }] }
}

export function historyName(runs: Runs): string {
  return `${runs.incarnation}.${runs.list.at(-1)?.name ?? ''}`
}

/**
 * Whether what somebody was told under this history, up to `cursor` of the space's feed, is part of this one: the run is known, and
 * `cursor` was reached here before the next run began. Of the run that is under way it only says that it is.
 */
export function follows(runs: Runs, space: string, history: string, cursor: number): boolean {
  const index = runs.list.findIndex(({ name }) => `${runs.incarnation}.${name}` === history)
  if (index === -1) return false
  if (index === runs.list.length - 1) return true
  return cursor <= (headsAt(runs.list, index + 1).get(space) ?? 0)
}

/** Where the feeds stood when the run at `index` began. */
function headsAt(list: readonly Run[], index: number): Map<string, number> {
  const heads = new Map<string, number>()
  for (const run of list.slice(0, index + 1)) for (const [space, head] of run.heads) heads.set(space, head)
  return heads
}

function forgetOldest(list: readonly Run[]): readonly Run[] {
  const excess = list.length - REMEMBERED_RUNS
  if (excess <= 0) return list
  const [first, ...rest] = list.slice(excess)
  return first === undefined ? [] : [{ name: first.name, heads: headsAt(list, excess) }, ...rest]
}
