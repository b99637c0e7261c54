/** Edits of checkpoints: states of the project that one can go back to. Each is one transaction. */
import type * as Y from 'yjs'
import type { NewCheckpoint } from '../inputs.ts'
import { checkId, checkJson, checkText, checkTime } from './check.ts'
import { findItem, planItem, setDeleted, storeItemIn } from './items.ts'
import { assertWritable, setField, transact } from './write.ts'

const CHECKS = {
  label: checkText,
  createdAt: checkTime,
  kind: checkText,
  ref: checkText,
  message: checkId,
  data: checkJson,
}

/** Gives its id. */
export function addCheckpoint(doc: Y.Doc, checkpoint: NewCheckpoint, origin?: unknown): string {
  const plan = planItem(doc, 'checkpoints', checkpoint, CHECKS, { required: ['label', 'createdAt'] })
  return storeItemIn(doc, 'checkpoints', checkpoint.id, plan, origin)
}

/** The project was taken back to it. */
export function markCheckpointRestored(doc: Y.Doc, args: { id: string; at: number }, origin?: unknown): void {
  assertWritable(doc)
  const checkpoint = findItem(doc, 'checkpoints', args.id)
  const at = checkTime(args.at, 'at')
  transact(doc, origin, () => setField(checkpoint, 'restoredAt', at))
}

export function deleteCheckpoint(doc: Y.Doc, args: { id: string; at: number }, origin?: unknown): void {
  setDeleted(doc, 'checkpoints', args.id, args.at, origin)
}

export function restoreCheckpoint(doc: Y.Doc, id: string, origin?: unknown): void {
  setDeleted(doc, 'checkpoints', id, null, origin)
}
