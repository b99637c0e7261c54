import { parentPort } from 'node:worker_threads'
import { wholenessOf } from './wholeness.ts'

/**
 * The thread behind `createWholenessCheck`. It answers in one run of bytes, as a compactor's does: length of the state plus one (4; 0 when there
 * is none), the same of what waits, the number of unreadable updates (4), the state, what waits.
 */
parentPort?.on('message', (updates: readonly Uint8Array[]) => {
  try {
    const { state, waiting, unreadable } = wholenessOf(updates)
    const bytes = new Uint8Array(12 + (state?.length ?? 0) + (waiting?.length ?? 0))
    const view = new DataView(bytes.buffer)
    view.setUint32(0, state === null ? 0 : state.length + 1)
    view.setUint32(4, waiting === null ? 0 : waiting.length + 1)
    view.setUint32(8, unreadable)
    if (state !== null) bytes.set(state, 12)
    if (waiting !== null) bytes.set(waiting, 12 + (state?.length ?? 0))
    parentPort?.postMessage({ ok: true, state: bytes }, [bytes.buffer])
  } catch (error) {
    parentPort?.postMessage({ ok: false, reason: error instanceof Error ? error.message : String(error) })
  }
})
