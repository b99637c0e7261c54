import { BadUpdateError, diffUpdate, Intake, joinUpdates } from '@holdfast/protocol'
import { ExamineError, type Examiner } from './port.ts'

/** Examines on the calling thread: for tests with a clock of their own, and where there are no threads. */
export const inlineExaminer: Examiner = {
  judge: async (known, update) => {
    const intake = new Intake()
    intake.adopt(known)
    return intake.deliberate(update)
  },
  restore: async (updates) =>
    readable(() => {
      const intake = new Intake()
      for (const update of updates) intake.restore(update)
      return intake.image()
    }),
  join: async (updates) => readable(() => joinUpdates(updates)),
  difference: async (updates, stateVector) => readable(() => diffUpdate(joinUpdates(updates), stateVector)),
  close: async () => undefined,
}

function readable<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof BadUpdateError) throw new ExamineError('BAD_UPDATE', error.message)
    throw error
  }
}
