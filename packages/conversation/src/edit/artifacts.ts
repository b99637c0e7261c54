/** Edits of artifacts: what the conversation made, beside its messages. Each is one transaction. */
import type * as Y from 'yjs'
import type { ArtifactPatch, NewArtifact } from '../inputs.ts'
import { checkBlob, checkId, checkText, checkTime } from './check.ts'
import { findItem, planItem, setDeleted, storeItemIn } from './items.ts'
import { checkPatch, emptiable, required } from './patch.ts'
import { TextPlan } from './plan.ts'
import { appendText, assertWritable, replaceText, setField, transact } from './write.ts'

const CHECKS = {
  title: checkText,
  createdAt: checkTime,
  kind: checkText,
  language: checkText,
  mediaType: checkText,
  text: (value: unknown, name: string) => new TextPlan(checkText(value, name)),
  blob: checkBlob,
  replaces: checkId,
  message: checkId,
}
const PATCH = {
  title: required(checkText),
  kind: required(checkText),
  language: emptiable(checkText),
  mediaType: emptiable(checkText),
  blob: emptiable(checkBlob),
  text: required(checkText),
}

/** Gives its id. */
export function addArtifact(doc: Y.Doc, artifact: NewArtifact, origin?: unknown): string {
  const plan = planItem(doc, 'artifacts', artifact, CHECKS, { required: ['title', 'createdAt'] })
  if (!plan.fields.has('text')) plan.set('text', new TextPlan(''))
  return storeItemIn(doc, 'artifacts', artifact.id, plan, origin)
}

export function updateArtifact(
  doc: Y.Doc,
  args: { id: string; at: number },
  patch: ArtifactPatch,
  origin?: unknown,
): void {
  assertWritable(doc)
  const artifact = findItem(doc, 'artifacts', args.id)
  const set = checkPatch(patch, PATCH)
  const at = checkTime(args.at, 'at')
  transact(doc, origin, () => {
    for (const [key, value] of set) {
      if (key === 'text') replaceText(artifact, key, value as string)
      else setField(artifact, key, value)
    }
    setField(artifact, 'updatedAt', at)
  })
}

/** For an artifact that streams. */
export function appendArtifactText(doc: Y.Doc, args: { id: string; delta: string }, origin?: unknown): void {
  assertWritable(doc)
  const artifact = findItem(doc, 'artifacts', args.id)
  const delta = checkText(args.delta, 'delta')
  if (delta !== '') transact(doc, origin, () => appendText(artifact, 'text', delta))
}

export function deleteArtifact(doc: Y.Doc, args: { id: string; at: number }, origin?: unknown): void {
  setDeleted(doc, 'artifacts', args.id, args.at, origin)
}

export function restoreArtifact(doc: Y.Doc, id: string, origin?: unknown): void {
  setDeleted(doc, 'artifacts', id, null, origin)
}
