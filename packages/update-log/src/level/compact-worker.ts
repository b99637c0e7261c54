import { parentPort } from 'node:worker_threads'
import { compactUpdates } from '../compaction.ts'
import { isUpdateLogError } from '../errors.ts'

/** The thread behind `createWorkerCompactor`: updates in, one state or a refusal out. */
export type Request = readonly Uint8Array[]
export type Reply =
  | { readonly ok: true; readonly state: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly reason: string }

parentPort?.on('message', (updates: Request) => {
  const reply = answer(updates)
  parentPort?.postMessage(reply, reply.ok ? [reply.state.buffer] : [])
})

function answer(updates: Request): Reply {
  try {
    // A copy of its own, because its buffer is handed over.
    return { ok: true, state: compactUpdates(updates).slice() }
  } catch (error) {
    if (isUpdateLogError(error)) return { ok: false, reason: error.message }
    throw error
  }
}
