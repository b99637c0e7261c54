import { BadTokenWishError, TokenLedgerError } from '@holdfast/relay'
import { isUpdateLogError } from '@holdfast/update-log'
import { Failure } from './failure.ts'

/** What the storage says, with what to do about it; anything else as it is. */
export function withAdvice(error: unknown, advice: Readonly<Record<string, string>> = {}): unknown {
  if (error instanceof TokenLedgerError || error instanceof BadTokenWishError) {
    return new Failure(error.message, { cause: error })
  }
  if (!isUpdateLogError(error)) return error
  const what = error.message.replace(/\.?$/, '.')
  const isDocument = error.code === 'NOT_FOUND' && error.message.startsWith('There is no document')
  const then = isDocument ? '' : (advice[error.code] ?? adviceFor(error.code))
  return new Failure(`${what} ${then}`.trimEnd(), { cause: error })
}

function adviceFor(code: string): string {
  switch (code) {
    case 'LOCKED':
      return 'Is holdfast already running? Stop it, or choose another folder with --data.'
    case 'UNWRITABLE':
      return 'Choose a folder of your own with --data.'
    case 'NEWER_VERSION':
      return 'Install the newer holdfast, or choose another folder with --data.'
    case 'STORAGE_FULL':
      return 'Make room, then start again.'
    case 'NOT_FOUND':
      return 'Name the folder with --data.'
    case 'BAD_BACKUP':
      return 'Choose another backup; "holdfast verify --backup DIR" says what is wrong with this one.'
    case 'DAMAGED':
      return 'See "holdfast verify" and "holdfast repair".'
    case 'NOT_EMPTY':
      return 'Choose an empty or new folder with --data, or move what is there aside with --replace.'
    case 'PURGED':
    case 'BAD_NAME':
    case 'STORAGE_FAILED':
      return ''
    default:
      return 'Make it whole with "holdfast repair", put a backup in its place with "holdfast restore", or choose another folder with --data.'
  }
}
