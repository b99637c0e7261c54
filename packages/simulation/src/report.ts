import { formatPlan } from './play/plan.ts'
import type { Outcome, Run } from './play/simulate.ts'

/** What to say of a run that broke a promise: enough to run it again. */
export function describeFailure({ seed, plan, peers }: Run, { failures, trace }: Outcome): string {
  const shown = failures.slice(0, 10).map(({ rule, what }) => `  ${rule}: ${what}`)
  const more = failures.length > 10 ? [`  and ${failures.length - 10} more`] : []
  return [
    `seed ${seed}, ${plan.length} operations, ${peers} peers: ${failures.length} broken`,
    ...shown,
    ...more,
    'what happened (virtual ms, operation, peer, details):',
    ...trace.map((line) => `  ${line}`),
    `again: npm run sim -- --seed ${seed} --peers ${peers} --plan '${formatPlan(plan)}'`,
  ].join('\n')
}
