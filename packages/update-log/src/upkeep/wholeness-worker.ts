import { parentPort } from 'node:worker_threads'
import type { ThreadReply } from '../thread.ts'
import { type Wholeness, wholenessOf } from './wholeness.ts'

/** The thread behind `createWholenessCheck`. */
parentPort?.on('message', (updates: readonly Uint8Array[]) => {
  parentPort?.postMessage(answer(updates))
})

function answer(updates: readonly Uint8Array[]): ThreadReply<Wholeness> {
  try {
    return { ok: true, result: wholenessOf(updates) }
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) }
  }
}
