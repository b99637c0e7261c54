import type { Reason, StoreStatus } from '@holdfast/store'

/** What a person can do about it, beside waiting. `aside`: look at what was set aside. */
export type Remedy = 'token' | 'reload' | 'retry' | 'new' | 'aside' | 'none'

export interface RefusalWords {
  /** In the status line, behind `Saved on this device`. */
  readonly line: string
  /** What is the matter. */
  readonly title: string
  /** What becomes of what was written, and what to do. */
  readonly advice: string
  readonly remedy: Remedy
  /** It concerns the whole space and not one conversation. */
  readonly everywhere: boolean
}

const STAYS = 'Everything stays saved on this device'

const words = (
  line: string,
  title: string,
  advice: string,
  remedy: Remedy,
  scope: 'space' | 'conversation',
): RefusalWords => ({ line, title, advice, remedy, everywhere: scope === 'space' })

const setAside = words(
  'Not sent: set aside',
  'The relay cannot take a change that was made here',
  'It stays saved on this device only. A copy is set aside, where it can be downloaded or restored as a new conversation.',
  'aside',
  'conversation',
)

const gone = words(
  'Deleted for ever elsewhere',
  'This conversation was deleted for ever elsewhere',
  'What is still shown here goes when you leave it. What this device had not sent is set aside.',
  'aside',
  'conversation',
)

const known: Readonly<Record<string, RefusalWords>> = {
  TOKEN_REFUSED: words(
    'Relay asks for another token',
    'The relay does not accept this page’s token',
    `It is wrong, expired or revoked. ${STAYS} meanwhile, and is sent once you paste another.`,
    'token',
    'space',
  ),
  FORBIDDEN: words(
    'Token does not reach this',
    'This page’s token does not reach what is open here',
    `Ask whoever runs the relay for one that does. ${STAYS} meanwhile.`,
    'token',
    'space',
  ),
  UNKNOWN_SPACE: words(
    'Relay has no such space',
    'The relay has no space of this name',
    `Whoever runs it can add the space, or give you another address. ${STAYS} meanwhile.`,
    'token',
    'space',
  ),
  READ_ONLY: words(
    'Not sent: the token only reads',
    'With this token you can read and not write',
    'What you write stays saved on this device, and is sent once you paste a token that may write.',
    'token',
    'space',
  ),
  CLIENT_TOO_OLD: words(
    'Page too old for the relay',
    'The relay is newer than this page',
    `Reload to bring the page up to date. ${STAYS}, and is sent afterwards.`,
    'reload',
    'space',
  ),
  RELAY_TOO_OLD: words(
    'Relay too old',
    'The relay is older than this page',
    `Whoever runs it has to upgrade it. ${STAYS} until then, and is sent by itself afterwards.`,
    'retry',
    'space',
  ),
  SPACE_FULL: words(
    'Not sent: the space is full',
    'The space has no room left on the relay',
    'What you write stays saved on this device, and is sent by itself once there is room: empty the trash, or ask whoever runs the relay for more.',
    'retry',
    'space',
  ),
  STORAGE_FULL: words(
    'Not sent: the relay’s disk is full',
    'The disk of the relay is full',
    'Tell whoever runs it. What you write stays saved on this device, and is sent by itself once there is room.',
    'retry',
    'space',
  ),
  STORAGE_FAILED: words(
    'Not sent: the relay cannot write',
    'The relay cannot write to its disk',
    'Tell whoever runs it. What you write stays saved on this device, and is sent by itself once it can.',
    'retry',
    'space',
  ),
  DOCUMENT_FULL: words(
    'Not sent: the conversation is too large',
    'This conversation is as large as the relay takes',
    'Go on in a new one. What you add here stays saved on this device only.',
    'new',
    'conversation',
  ),
  TOO_COSTLY: words(
    'Not sent: too costly for the relay',
    'This conversation has become too costly for the relay',
    'Go on in a new one. What you add here stays saved on this device only; a copy is set aside.',
    'new',
    'conversation',
  ),
  TOO_LARGE: words(
    'Not sent: a change is too large',
    'A change that was made here is larger than the relay takes',
    setAside.advice,
    'aside',
    'conversation',
  ),
  GAP: setAside,
  BAD_UPDATE: setAside,
  DAMAGED: words(
    'Not sent: the relay’s copy is damaged',
    'The relay’s copy of this conversation is damaged',
    'Yours is whole and stays saved on this device. Whoever runs the relay can repair it; then yours is sent.',
    'retry',
    'conversation',
  ),
  EPOCH_PURGED: gone,
  EPOCH_OTHER: gone,
  PURGED: gone,
}

/** What a refusal of the relay means to a person. Of one that is not known here, what the relay itself said. */
export function refusalWords({ code, message }: Reason): RefusalWords {
  return (
    known[code] ??
    words('Relay refused', 'The relay refuses what this page sends', `${sentence(message)} ${STAYS}.`, 'retry', 'space')
  )
}

export const isGone = ({ code }: Reason): boolean => known[code] === gone

/** What concerns the whole space and a person can do something about; null when all is well, or waiting is all there is. */
export function spaceRefusal({ relay, reason, notTaken }: StoreStatus): Reason | null {
  if (relay === 'refused') return reason ?? { code: 'REFUSED', message: 'the relay does not let this page in' }
  if (relay === 'offline') return reason?.code === 'RELAY_TOO_OLD' ? reason : null
  return relay === 'connected' && notTaken && refusalWords(notTaken).everywhere ? notTaken : null
}

const fileTitles: Readonly<Record<string, string>> = {
  SPACE_FULL: 'the space has no room left on the relay',
  STORAGE_FULL: 'the disk of the relay is full',
  BLOB_TOO_LARGE: 'larger than the relay takes',
  BLOB_TYPE: 'of a kind that the relay does not take',
  READ_ONLY: 'with this token you can read and not write',
  NOT_FOUND: 'the relay is too old to keep files',
}

const fileAdvice: Readonly<Record<string, string>> = {
  SPACE_FULL: 'Empty the trash, or ask whoever runs the relay for more room: it is tried again by itself.',
  STORAGE_FULL: 'Tell whoever runs the relay: it is tried again by itself.',
  BLOB_TOO_LARGE: 'Send a smaller one if others are to see it.',
  BLOB_TYPE: 'Send it in another format if others are to see it.',
  READ_ONLY: 'A token that may write sends it.',
  NOT_FOUND: 'Whoever runs it can upgrade it.',
}

/** What it means that the relay does not take files (pictures); null when it takes them. */
export function fileRefusalWords({
  uploads = 0,
  uploadsRefused,
}: StoreStatus): Pick<RefusalWords, 'title' | 'advice'> | null {
  if (!uploadsRefused || uploads === 0) return null
  const { code, message } = uploadsRefused
  const some = uploads === 1 ? 'A picture is' : `${uploads.toLocaleString('en')} pictures are`
  return {
    title: `${some} on this device only: ${fileTitles[code] ?? 'the relay does not take it'}`,
    advice: `Your other devices cannot show ${uploads === 1 ? 'it' : 'them'} yet. ${fileAdvice[code] ?? sentence(message)}`,
  }
}

/** With a capital and a full stop. */
export function sentence(text: string): string {
  const whole = text.trim()
  if (whole === '') return ''
  return `${whole.slice(0, 1).toUpperCase()}${whole.slice(1)}${/[.!?]$/.test(whole) ? '' : '.'}`
}
