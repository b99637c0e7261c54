/** One thing that was tried, and how it went. */
export interface Result {
  readonly title: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** Figures, or what was wrong, or why it was skipped: a sentence each. */
  readonly details: readonly string[]
}

export interface PartOptions {
  /** How often, in the part's own unit. */
  readonly count: number
  readonly seed: number
  /** Processes at a time. */
  readonly jobs: number
  /** Told now and then how far it is. */
  readonly say: (line: string) => void
  /** Becomes true when a signal asks for the end: what was tried by then is reported. */
  readonly isEnough: () => boolean
}

/** A kind of fault that `npm run test:faults -- --<name> COUNT` tries. */
export interface Part {
  readonly name: string
  /** What is counted. */
  readonly unit: string
  /** When nothing is said. */
  readonly usual: number
  run(options: PartOptions): Promise<readonly Result[]>
}

export function passed(title: string, ...details: readonly string[]): Result {
  return { title, outcome: 'passed', details }
}

/** Passed when there are no faults. */
export function judged(title: string, faults: readonly string[], ...figures: readonly string[]): Result {
  if (faults.length === 0) return passed(title, ...figures)
  const shown = faults.slice(0, 20)
  const more = faults.length > shown.length ? [`and ${faults.length - shown.length} more`] : []
  return { title, outcome: 'failed', details: [...shown, ...more, ...figures] }
}

export function skipped(title: string, why: string): Result {
  return { title, outcome: 'skipped', details: [why] }
}
