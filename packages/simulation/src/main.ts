import './index.ts'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { drawPlan, parsePlan, type Run, shrink, simulate } from './index.ts'
import { describeFailure } from './report.ts'
import { playInJobs } from './run/jobs.ts'
import { describeCounts, describeSums } from './run/summary.ts'
import { add, emptySums, type Report, reportOf } from './run/sums.ts'

const USAGE =
  'npm run sim -- [--seeds N] [--seed FIRST] [--operations N] [--peers N] [--jobs N] [--plan OPERATIONS] [--trace] [--keep-going]'

/** Runs for which it is worth to start another process. */
const RUNS_PER_JOB = 50
/** Lines about broken seeds are cut to so many characters. */
const MOST_SHOWN = 500

/** A mistake in what was typed: one line, no stack. */
class UsageError extends Error {}

function count(name: string, value: string): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 1) throw new UsageError(`--${name} takes a number from 1. ${USAGE}`)
  return number
}

function read(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      operations: { type: 'string', default: '200' },
      peers: { type: 'string', default: '5' },
      jobs: { type: 'string' },
      plan: { type: 'string' },
      trace: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
    },
  })
  const plan = values.plan === undefined ? null : parsePlan(values.plan)
  const seeds = plan ? 1 : count('seeds', values.seeds)
  const jobs = values.jobs === undefined ? availableParallelism() : count('jobs', values.jobs)
  return {
    first: count('seed', values.seed),
    seeds,
    operations: plan ? plan.length : count('operations', values.operations),
    peers: count('peers', values.peers),
    jobs: values.trace ? 1 : Math.min(jobs, Math.ceil(seeds / RUNS_PER_JOB)),
    plan,
    trace: values.trace,
    keepGoing: values['keep-going'],
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function main(args: string[]): Promise<number> {
  const { plan, trace, keepGoing, ...options } = read(args)
  const { first, seeds, operations, peers, jobs } = options
  const sums = emptySums()
  const begun = performance.now()
  const runOf = (seed: number): Run => ({
    seed,
    peers,
    plan: plan ?? drawPlan({ seed, operations, peers }),
  })
  /** Says whether to go on. */
  const report = (played: Report): boolean => {
    add(sums, played)
    const { broken } = played
    if (broken) say(`seed ${broken.seed}: ${broken.rule}: ${broken.what.slice(0, MOST_SHOWN)}`)
    return keepGoing || !broken
  }

  // One run is played here, where a debugger finds it.
  if (seeds > 1 && !trace && !plan) await playInJobs({ first, seeds, jobs, task: { operations, peers }, report })
  else {
    for (let seed = first; seed < first + seeds; seed++) {
      const outcome = await simulate(runOf(seed))
      if (trace) say(outcome.trace.join('\n'))
      if (!report(reportOf(seed, outcome))) break
    }
  }
  const seconds = (performance.now() - begun) / 1000

  const [failed] = sums.broken
  if (failed && !failed.isStuck && !keepGoing) {
    say('leaving out what is not needed...')
    const run = runOf(failed.seed)
    const small = await shrink(run, await simulate(run))
    say(describeFailure(small.run, small.outcome))
  }
  say(describeCounts(sums))
  say(describeSums(sums, { ...options, seconds }))
  return failed ? 1 : 0
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (!(error instanceof UsageError || error instanceof SyntaxError)) throw error
    process.stderr.write(`holdfast sim: ${error.message}\n`)
    process.exit(1)
  },
)
