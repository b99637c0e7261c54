import { PersistenceError } from './port.ts'

/** What a browser's storage throws, among our names. */
const NAMES: Record<string, PersistenceError['code']> = {
  QuotaExceededError: 'QUOTA',
  VersionError: 'NEWER_VERSION',
  NotFoundError: 'CORRUPT',
  DataCloneError: 'CORRUPT',
  UnknownError: 'UNAVAILABLE',
  SecurityError: 'UNAVAILABLE',
  NotAllowedError: 'UNAVAILABLE',
}

const TEXTS: Record<PersistenceError['code'], string> = {
  BLOCKED: 'another tab is still using an older version of this storage; close it',
  QUOTA: 'there is no space left on this device, or the browser gives this page no more',
  DELETED: 'the storage on this device was deleted',
  CLOSED: 'the browser closed the storage on this device',
  NEWER_VERSION: 'the storage on this device was written by a newer version of this program; reload the page',
  UNAVAILABLE: 'the browser gives this page no storage',
  ABORTED: 'the browser did not complete the write',
  CORRUPT: 'the storage on this device cannot be read',
  UNSUPPORTED: 'this storage does not keep that',
}

export function persistenceError(code: PersistenceError['code'], cause?: unknown): PersistenceError {
  return new PersistenceError(code, TEXTS[code], cause === undefined ? undefined : { cause })
}

/** Gives whatever IndexedDB threw, or reported as `error`, its name among ours. */
export function namedError(cause: unknown, otherwise: PersistenceError['code'] = 'ABORTED'): PersistenceError {
  if (cause instanceof PersistenceError) return cause
  const name = cause instanceof Error || cause instanceof DOMException ? cause.name : ''
  return persistenceError(NAMES[name] ?? otherwise, cause)
}

/** Whatever a storage threw: without a name among ours it cannot be used. */
export function asPersistenceError(error: unknown): PersistenceError {
  if (error instanceof PersistenceError) return error
  return new PersistenceError('UNAVAILABLE', error instanceof Error ? error.message : String(error), { cause: error })
}
