import type { Figures, Outcome } from '../play/simulate.ts'

/** What many runs came to. */
export interface Sums {
  seeds: number
  /** Seeds that broke a promise, and how. */
  readonly broken: Broken[]
  readonly figures: Record<Exclude<keyof Figures, 'counts'>, number>
  /** How often each thing really happened, and in how many of the runs. */
  readonly counts: Map<string, { times: number; seeds: number }>
}

export interface Broken {
  readonly seed: number
  readonly rule: string
  readonly what: string
  /** The run did not end: it cannot be played to make it smaller. */
  readonly isStuck?: true
}

export function emptySums(): Sums {
  return { seeds: 0, broken: [], figures: noFigures(), counts: new Map() }
}

function noFigures(): Sums['figures'] {
  return { events: 0, conversations: 0, edits: 0, saved: 0, synced: 0, setAside: 0, drained: 0 }
}

/** As much of an outcome as goes from one process to another. */
export type Report = { readonly seed: number } & Pick<Outcome, 'figures'> & { readonly broken: Broken | null }

export function reportOf(seed: number, { figures, failures }: Outcome): Report {
  const [first] = failures
  return { seed, figures, broken: first ? { seed, ...first } : null }
}

/** Of a run that was ended because it did not end by itself. */
export function stuckReport(seed: number, ms: number): Report {
  const what = `no event for ${ms / 1000} s: it goes in a circle between two`
  return { seed, figures: { ...noFigures(), counts: {} }, broken: { seed, rule: 'comes-to-rest', what, isStuck: true } }
}

export function add(sums: Sums, { figures, broken }: Report): void {
  sums.seeds++
  if (broken) sums.broken.push(broken)
  const { counts, ...numbers } = figures
  for (const key of Object.keys(numbers) as (keyof typeof numbers)[]) sums.figures[key] += numbers[key]
  for (const [what, times] of Object.entries(counts)) {
    const sum = sums.counts.get(what) ?? { times: 0, seeds: 0 }
    sums.counts.set(what, { times: sum.times + times, seeds: sum.seeds + (times > 0 ? 1 : 0) })
  }
}
