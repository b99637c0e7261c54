import type { Progress } from '@holdfast/update-log/upkeep'

/** Where progress is shown. */
export interface Screen {
  readonly isTerminal: boolean
  write(text: string): void
}

/** Lines elsewhere than on a terminal come this far apart, in milliseconds; on a terminal, a line that is drawn anew. */
const LINE_MS = 5_000
const DRAW_MS = 100

/** Shows how far something is, without filling a log with it. `end` takes the line away again. */
export function createProgress(screen: Screen, now: () => number): { show(progress: Progress): void; end(): void } {
  let last = Number.NEGATIVE_INFINITY
  let drawn = 0
  let begun: number | null = null
  return {
    show({ step, done, total }) {
      const at = now()
      begun ??= at
      if (!screen.isTerminal) {
        // What is over soon needs no line.
        if (at - Math.max(last, begun) < LINE_MS) return
        last = at
        screen.write(`${lineOf(step, done, total)}\n`)
        return
      }
      if (at - last < DRAW_MS && done !== total) return
      last = at
      const line = lineOf(step, done, total)
      screen.write(`\r${line.padEnd(drawn)}`)
      drawn = line.length
    },
    end() {
      if (screen.isTerminal && drawn > 0) screen.write(`\r${' '.repeat(drawn)}\r`)
      drawn = 0
    },
  }
}

function lineOf(step: string, done: number, total: number | null): string {
  if (total === null || total === 0) return `${step}: ${done}`
  return `${step}: ${done} of ${total} (${Math.floor((done / total) * 100)} %)`
}
