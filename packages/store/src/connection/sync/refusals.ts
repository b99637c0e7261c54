import { CLOSE, REFUSAL, refusalName } from '@holdfast/protocol'
import type { Reason } from '../../types.ts'

const CLOSED: Record<number, Reason> = {
  [CLOSE.TOKEN_EXPIRED]: { code: 'TOKEN_REFUSED', message: 'the relay does not accept the token; ask for another' },
  [CLOSE.FORBIDDEN]: { code: 'FORBIDDEN', message: 'the token does not reach this space' },
  [CLOSE.NOT_FOUND]: { code: 'UNKNOWN_SPACE', message: 'the relay has no such space' },
  [CLOSE.CLIENT_TOO_OLD]: {
    code: 'CLIENT_TOO_OLD',
    message: 'the relay is newer than this program; upgrade it (reload the page). Until then edits stay on this device',
  },
  [CLOSE.RELAY_TOO_OLD]: {
    code: 'RELAY_TOO_OLD',
    message: 'this program is newer than the relay; upgrade the relay. Until then edits stay on this device',
  },
  [CLOSE.BAD_FRAME]: { code: 'BAD_FRAME', message: 'the relay could not read what this program sent' },
  [CLOSE.TOO_BIG]: { code: 'TOO_BIG', message: 'a message is larger than the relay takes' },
  [CLOSE.TOO_EARLY]: {
    code: 'TOO_EARLY',
    message: 'the relay wants to be greeted before more is sent; it is tried again so',
  },
  [CLOSE.TOO_FAST]: {
    code: 'TOO_FAST',
    message: 'this device sent more at once than the relay takes; it goes on with the rest in a moment',
  },
}

/** Why the socket of a space was closed, in words. */
export function closeReason(code: number, text: string): Reason {
  return (
    CLOSED[code] ??
    (code >= 4400
      ? { code: `CLOSED_${code}`, message: text || 'the relay closed the connection' }
      : { code: 'UNREACHABLE', message: 'the relay cannot be reached' })
  )
}

const REFUSED: Record<number, string> = {
  [REFUSAL.FORBIDDEN]: 'the token does not reach this conversation',
  [REFUSAL.READ_ONLY]: 'the token only lets you read; your edits stay on this device',
  [REFUSAL.EPOCH_PURGED]: 'this conversation was deleted for good',
  [REFUSAL.EPOCH_OTHER]: 'this conversation was deleted for good, and its name begun anew',
  [REFUSAL.DAMAGED]: 'what the relay keeps of this conversation is damaged',
  [REFUSAL.TOO_LARGE]: 'an edit is larger than the relay takes',
  [REFUSAL.SPACE_FULL]: 'the relay has no more room for this space; it stays on this device and is tried again',
  [REFUSAL.DOCUMENT_FULL]: 'this conversation is as large as the relay takes; what you add stays on this device',
  [REFUSAL.TOO_COSTLY]:
    'with this edit the conversation would be too costly for the relay to hold; begin another one. It stays on this device',
  [REFUSAL.GAP]: 'an edit builds on something that neither this device nor the relay has',
  [REFUSAL.BAD_UPDATE]: 'the relay cannot read an edit of this conversation',
  [REFUSAL.BAD_NAME]: 'the relay takes no document of this name',
  [REFUSAL.STORAGE_FAILED]: 'the relay could not write; it is tried again',
  [REFUSAL.STORAGE_FULL]: 'the disk of the relay is full; it is tried again',
}

/** Why the relay refused something of a document, in words. */
export function refusalReason(code: number, text = ''): Reason {
  return { code: refusalName(code), message: REFUSED[code] ?? (text || 'the relay refused it') }
}
