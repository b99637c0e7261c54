import { parentPort } from 'node:worker_threads'
import { compactUpdates } from '../compaction.ts'
import { isUpdateLogError } from '../errors.ts'
import type { ThreadReply } from '../thread.ts'

/** The thread behind `createWorkerCompactor`: updates in, one state or a refusal out. */
export type Request = readonly Uint8Array[]
type Reply = ThreadReply<Uint8Array<ArrayBuffer>>

parentPort?.on('message', (updates: Request) => {
  const reply = answer(updates)
  parentPort?.postMessage(reply, reply.ok ? [reply.result.buffer] : [])
})

function answer(updates: Request): Reply {
  try {
    // A copy of its own, because its buffer is handed over.
    return { ok: true, result: compactUpdates(updates).slice() }
  } catch (error) {
    if (isUpdateLogError(error)) return { ok: false, reason: error.message }
    throw error
  }
}
