import type { Compactor } from '../compaction.ts'
import { UpdateLogError } from '../errors.ts'
import { createThread, type ThreadFailure } from '../thread.ts'
import type { Request } from './compact-worker.ts'

export interface WorkerCompactorOptions {
  /** Milliseconds that one document may take; what takes longer is given up and its thread ended. */
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
const SCRIPT = new URL(import.meta.url.endsWith('.ts') ? './compact-worker.ts' : './compact-worker.js', import.meta.url)

/** Compacts in a thread of its own, one document at a time. */
export function createWorkerCompactor(options: WorkerCompactorOptions = {}): Compactor {
  const { timeLimit = 30_000, memoryLimit = 512, linger = 10_000, script = SCRIPT, after } = options
  const thread = createThread<Request, Uint8Array>({
    script,
    timeLimit,
    memoryLimit,
    linger,
    ...(after === undefined ? {} : { after }),
    fail: compactionError,
  })
  return {
    compact: (updates) => thread.run(updates),
    close: () => thread.close(),
  }
}

function compactionError(why: ThreadFailure, reason: string): UpdateLogError {
  switch (why) {
    case 'refused':
      return new UpdateLogError('COMPACTION_REFUSED', reason)
    case 'given-up':
      return new UpdateLogError('COMPACTION_FAILED', `The compaction was given up: ${reason}.`)
    case 'closed':
      return new UpdateLogError('CLOSED', 'The compactor is closed.')
  }
}
