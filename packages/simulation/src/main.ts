import './index.ts'
import { parseArgs } from 'node:util'
import { drawPlan, type Figures, parsePlan, type Run, shrink, simulate } from './index.ts'
import { describeFailure } from './report.ts'

const USAGE =
  'npm run sim -- [--seeds N] [--seed FIRST] [--operations N] [--peers N] [--plan OPERATIONS] [--strict] [--trace] [--keep-going]'

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
      plan: { type: 'string' },
      strict: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
    },
  })
  const isOne = values.plan !== undefined
  return {
    first: count('seed', values.seed),
    seeds: isOne ? 1 : count('seeds', values.seeds),
    operations: count('operations', values.operations),
    peers: count('peers', values.peers),
    plan: values.plan === undefined ? null : parsePlan(values.plan),
    isStrict: values.strict,
    trace: values.trace,
    keepGoing: values['keep-going'],
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function main(args: string[]): Promise<number> {
  const { first, seeds, operations, peers, plan, isStrict, trace, keepGoing } = read(args)
  const sums: Record<keyof Figures, number> = {
    events: 0,
    conversations: 0,
    edits: 0,
    saved: 0,
    synced: 0,
    setAside: 0,
    drained: 0,
  }
  const begun = performance.now()
  const broken: number[] = []
  let done = 0
  for (let seed = first; seed < first + seeds; seed++) {
    const run: Run = { seed, peers, isStrict, plan: plan ?? drawPlan({ seed, operations, peers }) }
    const outcome = await simulate(run)
    done++
    for (const key of Object.keys(sums) as (keyof Figures)[]) sums[key] += outcome.figures[key]
    if (outcome.failures.length === 0) {
      if (trace) say(outcome.trace.join('\n'))
      continue
    }
    broken.push(seed)
    if (keepGoing) {
      say(`seed ${seed}: ${outcome.failures[0]?.rule}: ${outcome.failures[0]?.what.slice(0, 500)}`)
      continue
    }
    say(`seed ${seed} broke ${outcome.failures[0]?.rule}; leaving out what is not needed...`)
    const small = await shrink(run, outcome)
    say(describeFailure(small.run, small.outcome))
    break
  }
  const seconds = (performance.now() - begun) / 1000
  say(
    `${done} seeds of ${plan?.length ?? operations} operations by ${peers} peers in ${seconds.toFixed(1)} s: ${broken.length} broken` +
      `${broken.length > 0 ? ` (${broken.slice(0, 20).join(', ')})` : ''}. ` +
      `${sums.conversations} conversations, ${sums.edits} edits followed, ${sums.saved} called saved, ${sums.synced} called synced, ` +
      `${sums.setAside} set aside, ${sums.events} events, ${(sums.drained / done / 1000).toFixed(1)} s of virtual time to come to rest.`,
  )
  return broken.length > 0 ? 1 : 0
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (!(error instanceof UsageError || error instanceof SyntaxError)) throw error
    process.stderr.write(`holdfast sim: ${error.message}\n`)
    process.exit(1)
  },
)
