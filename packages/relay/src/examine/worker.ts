import type { KnownImage } from '@holdfast/protocol'
import { createThread, type ThreadFailure } from '@holdfast/update-log/thread'
import { pack } from './packed.ts'
import { ExamineError, type Examiner } from './port.ts'
import type { ExamineRequest, ExamineResult, Judged } from './thread.ts'

export interface ThreadExaminerOptions {
  /** Milliseconds that one piece of work may take. */
  readonly timeLimit?: number
  /** Megabytes of heap that the thread may use. */
  readonly memoryLimit?: number
  /** Milliseconds that an idle thread is kept. */
  readonly linger?: number
  /** The thread's script, for programs that bundle this package. */
  readonly script?: URL
  /** Calls back once after so many milliseconds unless stopped. */
  readonly after?: (milliseconds: number, run: () => void) => () => void
}

// The sources are run as they are by Node 24; what is built of them has another ending.
const SCRIPT = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url)

/** Examines in a thread of its own, one piece of work at a time and within limits, so that whatever a client sends stalls nobody else. */
export function createThreadExaminer(options: ThreadExaminerOptions = {}): Examiner {
  const { timeLimit = 15_000, memoryLimit = 512, linger = 10_000, script = SCRIPT, after } = options
  const thread = createThread<ExamineRequest, ExamineResult>({
    script,
    timeLimit,
    memoryLimit,
    linger,
    ...(after === undefined ? {} : { after }),
    fail,
  })
  return {
    judge: async (known, update) => {
      const { decision, gains } = (await thread.run({ kind: 'judge', known, update: pack([update]) })) as Judged
      return { decision: decision === 'store-as-it-came' ? { kind: 'store', update } : decision, gains }
    },
    restore: async (updates) => (await thread.run({ kind: 'restore', updates: pack(updates) })) as KnownImage,
    join: async (updates) => (await thread.run({ kind: 'join', updates: pack(updates) })) as Uint8Array,
    difference: async (updates, stateVector) =>
      (await thread.run({
        kind: 'difference',
        updates: pack(updates),
        stateVector: pack([stateVector]),
      })) as Uint8Array,
    close: () => thread.close(),
  }
}

function fail(why: ThreadFailure, reason: string): ExamineError {
  switch (why) {
    case 'refused':
      return new ExamineError('BAD_UPDATE', reason)
    case 'given-up':
      return new ExamineError('TOO_COSTLY', reason)
    case 'closed':
      return new ExamineError('CLOSED', 'the relay is ending')
  }
}
