import { UpdateLogError } from '../errors.ts'

export function notAFolder(directory: string): UpdateLogError {
  return new UpdateLogError('NOT_FOUND', `There is no data folder at ${directory}.`)
}
