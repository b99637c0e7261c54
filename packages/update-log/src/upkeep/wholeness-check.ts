import { UpdateLogError } from '../errors.ts'
import { createThread } from '../thread.ts'
import type { Wholeness } from './wholeness.ts'

export interface WholenessCheck {
  /** @throws UpdateLogError `COMPACTION_REFUSED` (Yjs cannot make sense of it), `COMPACTION_FAILED` (it takes too long or too much) */
  of(updates: readonly Uint8Array[]): Promise<Wholeness>
  close(): Promise<void>
}

// The sources are run as they are by Node 24; what is built of them has another ending.
const ENDING = import.meta.url.endsWith('.ts') ? 'ts' : 'js'

/** In a thread of its own, because what clients sent can be made to cost seconds and gigabytes. */
export function createWholenessCheck(): WholenessCheck {
  const thread = createThread<readonly Uint8Array[], Wholeness>({
    script: new URL(`./wholeness-worker.${ENDING}`, import.meta.url),
    timeLimit: 120_000,
    memoryLimit: 2_048,
    linger: 10_000,
    fail: (why, reason) => new UpdateLogError(why === 'refused' ? 'COMPACTION_REFUSED' : 'COMPACTION_FAILED', reason),
  })
  return { of: (updates) => thread.run(updates), close: () => thread.close() }
}
