import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { clockPart } from './clocks/part.ts'
import { crowdPart } from './crowd/part.ts'
import { fullPart } from './full/part.ts'
import { killPart } from './kill/part.ts'
import type { Part, Result } from './part.ts'
import { powerPart } from './power/part.ts'
import { rotPart } from './rot/part.ts'
import { slowPart } from './slow/part.ts'

const PARTS: readonly Part[] = [killPart, powerPart, rotPart, fullPart, crowdPart, slowPart, clockPart]

const USAGE = `npm run test:faults -- [${PARTS.map(({ name }) => `--${name} N`).join('] [')}] [--seed S] [--jobs J]; without a part, all of them`

/** A mistake in what was typed: one line, no stack. */
class UsageError extends Error {}

function count(name: string, value: string): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 1) throw new UsageError(`--${name} takes a number from 1. ${USAGE}`)
  return number
}

function read(args: string[]) {
  const names = [...PARTS.map(({ name }) => name), 'seed', 'jobs']
  const { values } = parseArgs({
    args,
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' } as const])),
  })
  const numberOf = (name: string, otherwise: number): number =>
    values[name] === undefined ? otherwise : count(name, String(values[name]))
  const named = PARTS.filter(({ name }) => values[name] !== undefined)
  return {
    seed: numberOf('seed', 1 + Math.floor(Math.random() * 1_000_000)),
    jobs: numberOf('jobs', Math.max(1, availableParallelism())),
    parts: (named.length > 0 ? named : PARTS).map((part) => ({ part, count: numberOf(part.name, part.usual) })),
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const MARKS = { passed: '✓', failed: '✗', skipped: '↓' } as const

async function main(args: string[]): Promise<number> {
  const { seed, jobs, parts } = read(args)
  let isEnough = false
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      isEnough = true
    })
  }
  const results: Result[] = []
  for (const { part, count: times } of parts) {
    say(`${part.name}: ${times} ${part.unit}, seed ${seed}`)
    const made = await part.run({ count: times, seed, jobs, say: (line) => say(`  ${line}`), isEnough: () => isEnough })
    for (const { title, outcome, details } of made) {
      say(`  ${MARKS[outcome]} ${title}`)
      for (const detail of details) say(`      ${detail}`)
    }
    results.push(...made)
    if (isEnough) break
  }
  const of = (outcome: Result['outcome']): number => results.filter((result) => result.outcome === outcome).length
  // As `npm test` ends.
  say(`\n${of('passed')} passed, ${of('failed')} failed, ${of('skipped')} skipped`)
  return of('failed') > 0 ? 1 : 0
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (!(error instanceof UsageError || error instanceof TypeError)) throw error
    process.stderr.write(`holdfast faults: ${error.message}\n`)
    process.exit(1)
  },
)
