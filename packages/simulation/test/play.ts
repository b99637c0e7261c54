import { describeFailure, drawPlan, OPERATIONS as KINDS, type Run, simulate } from '../src/index.ts'
import { add, emptySums, reportOf, type Sums } from '../src/run/sums.ts'

export const OPERATIONS = 200
export const PEERS = 5

/** Plays a run, and throws with everything that is needed to play it again when a promise was broken. */
export async function play(run: Run): Promise<Awaited<ReturnType<typeof simulate>>> {
  const outcome = await simulate(run)
  if (outcome.failures.length > 0) throw new Error(describeFailure(run, outcome))
  return outcome
}

/** Plays so many seeds from the first on. */
export async function playSeeds(first: number, count: number): Promise<Sums> {
  const sums = emptySums()
  for (let seed = first; seed < first + count; seed++) {
    const plan = drawPlan({ seed, operations: OPERATIONS, peers: PEERS })
    add(sums, reportOf(seed, await play({ seed, plan, peers: PEERS })))
  }
  return sums
}

/** What no operation is, and some lead to. */
const LED_TO = [
  'update was shown ahead',
  'shown update was brought in',
  'shown update waits for the next start',
  'call of the relay lost before its disk',
]

/** What could be drawn, or come of it, and never happened. */
export function missing({ counts }: Sums): string[] {
  return [...Object.keys(KINDS), ...LED_TO].filter((kind) => !counts.has(kind))
}
