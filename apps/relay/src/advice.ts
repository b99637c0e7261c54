import { BadTokenWishError, TokenLedgerError } from '@holdfast/relay'
import { isUpdateLogError } from '@holdfast/update-log'
import { Failure } from './failure.ts'

/**
 * What the storage says, with what to do about it; anything else as it is.
 * @param uid who runs this; undefined where there is no such thing (Windows)
 */
export function withAdvice(
  error: unknown,
  advice: Readonly<Record<string, string>> = {},
  uid: number | undefined = process.getuid?.(),
): unknown {
  if (error instanceof TokenLedgerError || error instanceof BadTokenWishError) {
    return new Failure(error.message, { cause: error })
  }
  if (!isUpdateLogError(error)) return error
  const what = error.message.replace(/\.?$/, '.')
  const isDocument = error.code === 'NOT_FOUND' && error.message.startsWith('There is no document')
  const advised = advice[error.code] ?? adviceFor(error.code)
  const then = isDocument ? '' : error.code === 'UNWRITABLE' ? `${ownerAdvice(error.message, uid)}${advised}` : advised
  return new Failure(`${what} ${then}`.trimEnd(), { cause: error })
}

/** The usual mistake with a service or a container: the folder was made by root, and the relay is not. */
function ownerAdvice(message: string, uid: number | undefined): string {
  const isDenied = /permission denied|not permitted/i.test(message)
  return isDenied && uid !== undefined && uid !== 0
    ? `Give it to user ${uid}, as whom this runs (chown -R ${uid}). Or: `
    : ''
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
