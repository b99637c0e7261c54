import { describeFailure, drawPlan, type Run, simulate } from '../src/index.ts'

export const OPERATIONS = 200
export const PEERS = 5

/** Plays a run, and throws with everything that is needed to play it again when a promise was broken. */
export async function play(run: Run): Promise<Awaited<ReturnType<typeof simulate>>> {
  const outcome = await simulate(run)
  if (outcome.failures.length > 0) throw new Error(describeFailure(run, outcome))
  return outcome
}

/** Plays so many seeds from the first on. */
export async function playSeeds(first: number, count: number): Promise<Record<'edits' | 'synced' | 'events', number>> {
  const sums = { edits: 0, synced: 0, events: 0 }
  for (let seed = first; seed < first + count; seed++) {
    const plan = drawPlan({ seed, operations: OPERATIONS, peers: PEERS })
    const { figures } = await play({ seed, plan, peers: PEERS })
    sums.edits += figures.edits
    sums.synced += figures.synced
    sums.events += figures.events
  }
  return sums
}
