import type { Benchmark, Outcome } from '../benchmark.ts'
import type { Machine } from '../machine.ts'
import { cellsOf, HEAD } from '../relay/rows.ts'
import { alignColumns, table } from './table.ts'

export interface Measured {
  readonly benchmark: Benchmark
  readonly outcome: Outcome
  readonly machine: Machine
  /** The share of all cores (0 to 1) that other programs used between the rounds, on average. */
  readonly busy: number
  readonly runs: number
  readonly at: Date
}

/** Above this, other work was going on, and the figures are worse than the program is. */
const QUIET = 0.15

/** A benchmark's section of the page, which is also what it prints. */
export function section({ benchmark, outcome, machine, busy, runs, at }: Measured): string {
  const { cores, processor, system, node, chromium } = machine
  const programs = [`Node ${node}`, ...(benchmark.usesBrowser && chromium ? [`Chromium ${chromium}`] : [])].join(', ')
  const load =
    busy > QUIET
      ? `**Other programs were using ${Math.round(busy * 100)} % of the machine: take these figures as upper bounds.**`
      : `The machine was otherwise quiet.`
  return [
    `## ${benchmark.name}`,
    `*${benchmark.title}.* ${benchmark.about}`,
    `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC, \`npm run bench -- ${benchmark.name}\`, ${runs} runs. ${cores} cores (${processor}), ${system}, ${programs}. ${load}`,
    outcome.rows === undefined ? table(outcome.figures) : alignColumns([HEAD, ...outcome.rows.map(cellsOf)]),
    ...(outcome.notes?.length ? [outcome.notes.map((note) => `- ${note}`).join('\n')] : []),
  ].join('\n\n')
}
