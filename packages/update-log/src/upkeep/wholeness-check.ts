import { createWorkerCompactor } from '../level/worker-compactor.ts'
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
  const worker = createWorkerCompactor({
    script: new URL(`./wholeness-worker.${ENDING}`, import.meta.url),
    timeLimit: 120_000,
    memoryLimit: 2_048,
  })
  return {
    async of(updates) {
      const bytes = await worker.compact(updates)
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      const [state, waiting] = [view.getUint32(0), view.getUint32(4)]
      const middle = 12 + Math.max(0, state - 1)
      return {
        state: state === 0 ? null : bytes.subarray(12, middle),
        waiting: waiting === 0 ? null : bytes.subarray(middle),
        unreadable: view.getUint32(8),
      }
    },
    close: () => worker.close(),
  }
}
