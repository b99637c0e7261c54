import type { Row } from './relay/rows.ts'

export type Unit = 'ms' | 'µs' | 'bytes' | '×'

/** One line of a benchmark's table. */
export interface Figure {
  readonly what: string
  /** One value per run, the warm-up not among them; the figure is their median. */
  readonly values: readonly number[]
  readonly unit: Unit
  /** Reached when the median is at most this. From the issue that asked for it. */
  readonly target?: number
  /** The `what` of the reference measured in the same run; the table shows our median as a share of its. */
  readonly beside?: string
}

export interface Outcome {
  readonly figures: readonly Figure[]
  /** Of contenders side by side, in the place of `figures`. */
  readonly rows?: readonly Row[]
  /** What a reader must know to believe the figures; one sentence or two each. */
  readonly notes?: readonly string[]
}

export interface Bench {
  /** Measured runs, the warm-up not counted. */
  readonly runs: number
  /** Notes how busy others keep the machine just now; while nothing of ours runs. */
  readonly look: () => Promise<void>
  /** Tells whoever waits what is being done. */
  readonly say: (line: string) => void
}

export interface Benchmark {
  /** What `npm run bench -- NAME` calls it. */
  readonly name: string
  readonly title: string
  /** What is measured, from which moment to which, and the reference beside it. */
  readonly about: string
  readonly usesBrowser: boolean
  /** Measured runs of one that takes long, in the place of the usual number. */
  readonly runs?: number
  run(bench: Bench): Promise<Outcome>
}
