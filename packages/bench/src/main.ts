import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Benchmark } from './benchmark.ts'
import { busyShare, describeMachine, type Machine } from './machine.ts'
import { benchmarks } from './registry.ts'
import { isRowReached } from './relay/rows.ts'
import { replaceSection } from './report/document.ts'
import { section } from './report/section.ts'
import { reached } from './report/table.ts'

const PAGE = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'docs', 'benchmarks.md')
const LEAST_RUNS = 5
/** How long each look at what else the machine does takes. In ms. */
const LOOK_MS = 300

const say = (line: string) => process.stderr.write(`holdfast bench: ${line}\n`)

/** A mistake in what was typed: one line, no stack. */
class UsageError extends Error {}

interface Asked {
  readonly list: boolean
  readonly chosen: readonly Benchmark[]
  readonly runs: number
}

function read(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { list: { type: 'boolean', default: false }, runs: { type: 'string', default: String(LEAST_RUNS) } },
  })
  const runs = Number(values.runs)
  if (!Number.isSafeInteger(runs) || runs < LEAST_RUNS) throw new UsageError(`--runs takes ${LEAST_RUNS} or more`)
  const known = benchmarks.map(({ name }) => name)
  // `sync` is `sync` and every `sync-...`.
  const isCalled = (name: string, asked: string) => name === asked || name.startsWith(`${asked}-`)
  const unknown = positionals.find((asked) => !known.some((name) => isCalled(name, asked)))
  if (unknown !== undefined) throw new UsageError(`there is no benchmark '${unknown}'; there are ${known.join(', ')}`)
  const chosen = benchmarks.filter(
    ({ name }) => positionals.length === 0 || positionals.some((asked) => isCalled(name, asked)),
  )
  return { list: values.list, chosen, runs }
}

async function keep(name: string, text: string): Promise<void> {
  const before = await readFile(PAGE, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  await mkdir(dirname(PAGE), { recursive: true })
  const order = benchmarks.map((benchmark) => benchmark.name)
  await writeFile(PAGE, replaceSection(before, name, text, order))
}

/** Measures one, prints it and keeps it. Returns the targets it missed. */
async function measure(benchmark: Benchmark, machine: Machine, asked: number): Promise<string[]> {
  const runs = benchmark.runs ?? asked
  say(`${benchmark.name}: ${benchmark.title}`)
  const looks: number[] = []
  const look = async () => void looks.push(await busyShare(LOOK_MS))
  const outcome = await benchmark.run({ runs, look, say: (line) => say(`${benchmark.name}: ${line}`) })
  const busy = looks.reduce((sum, share) => sum + share, 0) / Math.max(1, looks.length)
  const text = section({ benchmark, outcome, machine, busy, runs, at: new Date() })
  process.stdout.write(`${text}\n\n`)
  await keep(benchmark.name, text)
  const missed = [
    ...outcome.figures.filter((figure) => reached(figure) === false),
    ...(outcome.rows ?? []).filter((row) => isRowReached(row) === false),
  ]
  return missed.map(({ what }) => `${benchmark.name}: ${what}`)
}

async function main(args: readonly string[]): Promise<number> {
  const { list, chosen, runs } = read(args)
  if (list) {
    const width = Math.max(...benchmarks.map(({ name }) => name.length))
    for (const { name, title } of benchmarks) process.stdout.write(`${name.padEnd(width)}  ${title}\n`)
    return 0
  }
  const machine = await describeMachine()
  const missed: string[] = []
  for (const benchmark of chosen) missed.push(...(await measure(benchmark, machine, runs)))
  for (const what of missed) say(`missed its target: ${what}`)
  // A missed target is a finding, not a failure of the measuring: it is in the page, and the exit code stays 0.
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const mistyped =
    error instanceof UsageError || (error as { code?: unknown }).code?.toString().startsWith('ERR_PARSE_ARGS')
  if (!mistyped) throw error
  say((error as Error).message)
  process.exitCode = 1
}
