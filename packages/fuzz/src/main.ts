import { parseArgs } from 'node:util'
import { seededRandom } from '@holdfast/testkit'
import { corpus } from './corpus.ts'
import { type Finding, fuzz } from './fuzz.ts'
import { TARGETS } from './targets/index.ts'

const USAGE = `npm run test:fuzz -- [--seconds N] [--seed N] [--target ${TARGETS.map(({ name }) => `'${name}'`).join('|')}]`

/** A mistake in what was typed: one line, no stack. */
class UsageError extends Error {}

function count(name: string, value: string): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 1) throw new UsageError(`--${name} takes a number from 1. ${USAGE}`)
  return number
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

function main(args: string[]): number {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      target: { type: 'string' },
    },
  })
  const seconds = count('seconds', values.seconds)
  const seed = count('seed', values.seed)
  const targets = TARGETS.filter(({ name }) => values.target === undefined || name === values.target)
  if (targets.length === 0) throw new UsageError(`there is no target '${values.target}'. ${USAGE}`)
  say(`Fuzzing for ${seconds} s, seed ${seed}.`)
  const findings: Finding[] = []
  for (const target of targets) {
    const end = performance.now() + (seconds * 1000) / targets.length
    const seeds = corpus(target.kind).map(({ bytes }) => bytes)
    const now = (): number => performance.now()
    const {
      inputs,
      sights,
      slowest,
      findings: found,
    } = fuzz(target, seeds, seededRandom(seed), now, () => now() >= end)
    findings.push(...found)
    say(
      `${target.name}: ${inputs} inputs from ${seeds.length} samples, ${sights} different sights, ` +
        `slowest ${slowest.milliseconds.toFixed(1)} ms (${slowest.bytes} bytes), ${found.length} findings`,
    )
  }
  for (const { target, why, bytes } of findings) {
    say(
      `\n${target}: ${why}\n  ${Buffer.from(bytes).toString('hex')}\n  Put it into packages/fuzz/corpus once it is mended.`,
    )
  }
  say(
    `\n${targets.length - new Set(findings.map(({ target }) => target)).size} passed, ${new Set(findings.map(({ target }) => target)).size} failed`,
  )
  return findings.length > 0 ? 1 : 0
}

try {
  process.exitCode = main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError || (error instanceof TypeError && 'code' in error))) throw error
  process.stderr.write(`holdfast fuzz: ${error.message}\n`)
  process.exitCode = 1
}
