import { parentPort } from 'node:worker_threads'
import type { Decision, Deliberation, KnownImage } from '@holdfast/protocol'
import type { ThreadReply } from '@holdfast/update-log/thread'
import { inlineExaminer } from './inline.ts'
import { type Packed, unpack } from './packed.ts'
import { ExamineError } from './port.ts'

/** The thread behind `createThreadExaminer`. */
export type ExamineRequest =
  | { readonly kind: 'judge'; readonly known: KnownImage; readonly update: Packed }
  | { readonly kind: 'restore'; readonly updates: Packed }
  | { readonly kind: 'join'; readonly updates: Packed }
  | { readonly kind: 'difference'; readonly updates: Packed; readonly stateVector: Packed }

/** An update that is stored as it came is not sent back. */
export type Judged = Omit<Deliberation, 'decision'> & { readonly decision: Decision | 'store-as-it-came' }
export type ExamineResult = Judged | KnownImage | Uint8Array

parentPort?.on('message', (request: ExamineRequest) => {
  void answer(request).then((reply) => parentPort?.postMessage(reply))
})

async function answer(request: ExamineRequest): Promise<ThreadReply<ExamineResult>> {
  try {
    return { ok: true, result: await examine(request) }
  } catch (error) {
    if (error instanceof ExamineError) return { ok: false, reason: error.message }
    throw error
  }
}

async function examine(request: ExamineRequest): Promise<ExamineResult> {
  switch (request.kind) {
    case 'judge': {
      const update = unpack(request.update)[0]!
      const { decision, gains } = await inlineExaminer.judge(request.known, update)
      return {
        decision: decision.kind === 'store' && decision.update === update ? 'store-as-it-came' : decision,
        gains,
      }
    }
    case 'restore':
      return inlineExaminer.restore(unpack(request.updates))
    case 'join':
      return compact(await inlineExaminer.join(unpack(request.updates)))
    case 'difference':
      return compact(await inlineExaminer.difference(unpack(request.updates), unpack(request.stateVector)[0]!))
  }
}

/** A view would take its whole backing store along. */
function compact(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
}
