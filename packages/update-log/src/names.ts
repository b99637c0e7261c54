import { UpdateLogError } from './errors.ts'
import type { DocumentRef } from './types.ts'

const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128}$/

/** The names of design §6. Keys rely on it: a NUL byte ends a name, so no name may hold one. */
export function requireName(kind: 'space' | 'document' | 'epoch', name: string): void {
  if (!NAME.test(name)) {
    throw new UpdateLogError('BAD_NAME', `A ${kind} name is 1 to 128 of A-Z a-z 0-9 . _ ~ - and neither "." nor "..".`)
  }
}

export function requireRef(ref: DocumentRef): void {
  requireName('space', ref.space)
  requireName('document', ref.document)
}

/** For messages and map keys; "/" is in no name. */
export function refKey(ref: DocumentRef): string {
  return `${ref.space}/${ref.document}`
}
