import { UpdateLogError } from '../errors.ts'
import { DamagedValue } from './values.ts'

/** The codes along a chain of causes: abstract-level wraps what LevelDB says. */
export function codesOf(error: unknown): Set<string> {
  const codes = new Set<string>()
  let at: unknown = error
  for (let depth = 0; depth < 8 && at instanceof Error; depth += 1) {
    if ('code' in at && typeof at.code === 'string') codes.add(at.code)
    at = at.cause
  }
  return codes
}

/** The innermost message, which is the one that says what happened. */
export function reasonOf(error: unknown): string {
  let message = 'unknown reason'
  let at: unknown = error
  for (let depth = 0; depth < 8 && at instanceof Error; depth += 1) {
    message = at.message
    at = at.cause
  }
  return message
}

/** LevelDB says so when it cannot make sense of a block. What is in other blocks can still be read. */
export function isCorruption(error: unknown): boolean {
  return codesOf(error).has('LEVEL_CORRUPTION')
}

const FULL = /no space left|disk full|quota exceeded|not enough space/i

/** Gives a failure of the storage its name. Errors of our own pass through. */
export function storageError(error: unknown): UpdateLogError {
  if (error instanceof UpdateLogError) return error
  const reason = reasonOf(error)
  const codes = codesOf(error)
  if (codes.has('ENOSPC') || codes.has('EDQUOT') || FULL.test(reason)) {
    return new UpdateLogError('STORAGE_FULL', `The disk is full: ${reason}`, { cause: error })
  }
  if (isCorruption(error)) return new UpdateLogError('DAMAGED', `The storage is damaged: ${reason}`, { cause: error })
  return new UpdateLogError('STORAGE_FAILED', `The storage failed: ${reason}`, { cause: error })
}

/** As `storageError`, but what has no code is no failure of the storage but a mistake of ours, and stays what it is. */
export function named(error: unknown): unknown {
  return codesOf(error).size > 0 ? storageError(error) : error
}

/** As `storageError`, for reading one document: what cannot be right is damage of that document alone. */
export function readError(document: string, error: unknown): UpdateLogError {
  if (error instanceof UpdateLogError) return error
  if (error instanceof DamagedValue) return damaged(document, error.message, error)
  if (isCorruption(error)) return damaged(document, reasonOf(error), error)
  return storageError(error)
}

export function damaged(document: string, what: string, cause?: unknown): UpdateLogError {
  return new UpdateLogError('DAMAGED', `What is stored of ${document} is damaged: ${what}.`, { cause })
}
