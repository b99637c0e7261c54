import type { Operation } from './plan.ts'
import { type Outcome, type Run, simulate } from './simulate.ts'

export interface Shrunk {
  readonly run: Run
  readonly outcome: Outcome
  /** Runs that it took. */
  readonly tries: number
}

/**
 * Leaves operations out for as long as the same promise is broken: halves first, then ever smaller pieces.
 * @param most runs to spend on it
 */
export async function shrink(run: Run, outcome: Outcome, most = 150): Promise<Shrunk> {
  const rule = outcome.failures[0]?.rule
  let plan: readonly Operation[] = run.plan
  let best = outcome
  let tries = 0
  for (let size = Math.ceil(plan.length / 2); size >= 1 && tries < most; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = plan.length - size; from > -size && tries < most; from -= size) {
      const start = Math.max(0, from)
      const fewer = [...plan.slice(0, start), ...plan.slice(from + size)]
      if (fewer.length === plan.length) continue
      tries++
      const tried = await simulate({ ...run, plan: fewer })
      if (!tried.failures.some((failure) => failure.rule === rule)) continue
      plan = fewer
      best = tried
    }
  }
  return { run: { ...run, plan }, outcome: best, tries }
}
