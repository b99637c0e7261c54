/**
 * The openings of one storage ("runs"), kept in it (W11). A folder that was put back from a backup, or copied and run twice, has the
 * incarnation of the other one and the same feed numbers, but not its later runs: that is how a client that has met those is known.
 */
export interface Run {
  readonly name: string
  /** Where the feeds of spaces stood when it began, as far as they had moved since the run before began. */
  readonly heads: ReadonlyMap<string, number>
  /** The last durable commit when it began; null when a version that did not note it wrote this. */
  readonly commit: number | null
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

/**
 * @param heads where the feed of each space stands now
 * @param commit the last durable commit
 */
export function beginRun(
  before: Runs | null,
  incarnation: string,
  name: string,
  heads: ReadonlyMap<string, number>,
  commit: number,
): Runs {
  const list = before?.incarnation === incarnation ? before.list : []
  const known = headsAt(list, list.length - 1)
  const moved = new Map([...heads].filter(([space, head]) => head !== known.get(space)))
  const openings = (before?.openings ?? 0) + 1
  return { incarnation, openings, list: forgetOldest([...list, { name, heads: moved, commit }]) }
}

/** The run goes on under another incarnation: nothing from before it counts. */
export function renewRuns(before: Runs, incarnation: string): Runs {
  const current = before.list.at(-1)
  return { ...before, incarnation, list: current === undefined ? [] : [{ ...current, heads: new Map() }] }
}

export function historyName(runs: Runs): string {
  return `${runs.incarnation}.${runs.list.at(-1)?.name ?? ''}`
}

/**
 * Whether what somebody was told under this history is part of this one: the run is known, and both `cursor` of the space's feed and
 * commit `reach` were reached here before the next run began. Of the run that is under way it only says that it is.
 * @param reach 0 when it is not known: then the cursor alone decides
 */
export function follows(runs: Runs, space: string, history: string, cursor: number, reach: number): boolean {
  const index = indexOf(runs, history)
  if (index === -1) return false
  if (index === runs.list.length - 1) return true
  if (reach > (runs.list[index + 1]?.commit ?? 0)) return false
  return cursor <= (headsAt(runs.list, index + 1).get(space) ?? 0)
}

/** The last commit that this history has in common with the one of that name: `now` if it is the same, 0 when nobody can tell. */
export function sharedUntil(runs: Runs, history: string, now: number): number {
  const index = indexOf(runs, history)
  if (index === -1) return 0
  return index === runs.list.length - 1 ? now : (runs.list[index + 1]?.commit ?? 0)
}

function indexOf(runs: Runs, history: string): number {
  return runs.list.findIndex(({ name }) => `${runs.incarnation}.${name}` === history)
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
  return first === undefined ? [] : [{ ...first, heads: headsAt(list, excess) }, ...rest]
}
