import { REFUSAL, type RequestAnswer } from '@holdfast/protocol'
import { type DocumentRef, isUpdateLogError, type UpdateLog } from '@holdfast/update-log'

/** Why something was not done, as frames say it. */
export interface Failing {
  readonly code: number
  readonly text: string
  /** The live epoch (`EPOCH_OTHER`) or the purged one, else ''. */
  readonly epoch: string
}

export const FORBIDDEN: Failing = failing(REFUSAL.FORBIDDEN, 'the token does not reach this document')

const TEXTS = {
  BAD_NAME: [REFUSAL.BAD_NAME, 'names are 1 to 128 of A-Z a-z 0-9 . _ ~ -'],
  NOT_FOUND: [REFUSAL.NOT_FOUND, 'there is no such document'],
  PURGED: [REFUSAL.EPOCH_PURGED, 'this epoch of the document was purged'],
  EPOCH_MISMATCH: [REFUSAL.EPOCH_OTHER, 'the document lives under another epoch'],
  SUMMARY_TOO_LARGE: [REFUSAL.TOO_LARGE, 'the summary is over its limit'],
  DAMAGED: [REFUSAL.DAMAGED, 'what is stored of the document fails its checks'],
  SPACE_FULL: [REFUSAL.SPACE_FULL, 'the space is full, try again when something was purged'],
  STORAGE_FULL: [REFUSAL.STORAGE_FULL, 'the disk of the relay is full, try again later'],
} as const

export function failing(code: number, text: string, epoch = ''): Failing {
  return { code, text, epoch }
}

/** What an error of the update log means to a client. Everything unknown may be tried again. */
export function failingOf(error: unknown): Failing {
  if (isUpdateLogError(error) && Object.hasOwn(TEXTS, error.code)) {
    const [code, text] = TEXTS[error.code as keyof typeof TEXTS]
    return failing(code, text)
  }
  return failing(REFUSAL.STORAGE_FAILED, 'it could not be read or written, try again')
}

export function failedAnswer({ code, text }: Failing): RequestAnswer {
  return { kind: 'failed', code, text }
}

/** A room said that the document was purged for a client that knows it by `wanted` ('' for no epoch): what to tell it (W9). */
export async function purgedFailing(log: UpdateLog, ref: DocumentRef, wanted: string): Promise<Failing> {
  try {
    const stat = await log.stat(ref)
    if (stat?.refused.includes(wanted) === true) return purged(wanted)
    if (stat?.kind === 'purged' && wanted === '') return purged(stat.epoch)
  } catch (error) {
    return failingOf(error)
  }
  return failing(REFUSAL.STORAGE_FAILED, 'the document was purged while it was opened, try again')
}

function purged(epoch: string): Failing {
  return failing(...TEXTS.PURGED, epoch)
}
