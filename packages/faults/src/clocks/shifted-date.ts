/**
 * Loaded into the relay's process before anything else (`node --import`): its wall clock is so many milliseconds off, and jumps to the next of
 * the given numbers at each SIGUSR2. Clocks that only go forward stay what they are, as on a machine whose time is set.
 */
const steps = (process.env.FAULTS_CLOCK ?? '0').split(',').map(Number)
let step = 0

const RealDate = Date
const now = (): number => RealDate.now() + (steps[step] ?? 0)

class ShiftedDate extends RealDate {
  constructor(...given: unknown[]) {
    super(...((given.length === 0 ? [now()] : given) as [number]))
  }

  static override now(): number {
    return now()
  }
}

globalThis.Date = ShiftedDate as DateConstructor
process.on('SIGUSR2', () => {
  step = Math.min(step + 1, steps.length - 1)
})
