import type { ConversationStatus, Reason, StoreStatus } from '@holdfast/store'
import { statusText } from '@holdfast/store'
import { fileRefusalWords, refusalWords, sentence, spaceRefusal } from './refusal-words.ts'

const count = (n: number, one: string, many: string): string => `${n.toLocaleString('en')} ${n === 1 ? one : many}`

/** What waits to be sent, in words; empty when nothing does. */
export function waitingText({ waiting, uploads = 0 }: StoreStatus): string {
  const parts = [
    waiting > 0 && count(waiting, 'conversation', 'conversations'),
    uploads > 0 && count(uploads, 'file', 'files'),
  ].filter(Boolean)
  return parts.length === 0 ? '' : `${parts.join(' and ')} ${waiting + uploads === 1 ? 'waits' : 'wait'}`
}

/**
 * The line itself. The words `Saved on this device`, `Synced`, `Offline` and `Not saved` are the store's (contract);
 * `as it arrives` says of a stream that its last words may not be on the disk yet.
 */
export function lineText(status: ConversationStatus, space: StoreStatus, flowing: boolean): string {
  if (status.kind === 'saved') return `${savedText(status, space)}${leftText(space)}`
  const text = flowing ? 'Saved on this device as it arrives' : statusText(status)
  return status.kind === 'saving' ? `${text}${relayNote(space)}` : text
}

/** What keeps the relay from getting what is being saved. */
function relayNote(space: StoreStatus): string {
  if (space.relay === 'offline') return ' · Offline'
  const refused = spaceRefusal(space)
  return refused ? ` · ${refusalWords(refused).line}` : ''
}

function savedText(status: ConversationStatus & { readonly kind: 'saved' }, space: StoreStatus): string {
  const text = statusText(status.relay === 'refused' ? { kind: 'saved', relay: 'none' } : status)
  if (status.relay === 'refused')
    return `${text} · ${status.reason ? refusalWords(status.reason).line : 'Relay refused'}`
  // Reachable, and of no use until it is upgraded: waiting for the network would not help.
  return status.relay === 'offline' && space.reason?.code === 'RELAY_TOO_OLD' ? `${text}: relay too old` : text
}

/** What of the whole space is not where it should be. */
function leftText(space: StoreStatus): string {
  const { waiting, uploads = 0 } = space
  if (space.relay === 'offline' || space.relay === 'refused') {
    return waiting + uploads > 0 ? ` · ${(waiting + uploads).toLocaleString('en')} waiting` : ''
  }
  return fileRefusalWords(space) ? ` · ${count(uploads, 'picture', 'pictures')} not sent` : ''
}

/** Whether the browser may delete what is kept here, for people. */
export const persistedTexts: Record<StoreStatus['storage'], string> = {
  granted: 'The browser has promised to keep it.',
  denied: 'The browser may delete it when the disk is nearly full; installing the page or bookmarking it helps.',
  unknown: 'Kept in this browser, for this address.',
}

export function deviceText(status: ConversationStatus, space: StoreStatus, flowing: boolean): string {
  if (status.kind === 'not-saved')
    return `Not written: ${status.reason.message}. The text stays on this page until it is.`
  if (flowing) return 'What arrives is committed to this device within moments; only the last words may not be yet.'
  if (status.kind === 'saving') return 'Being written to the disk of this device.'
  return `Committed to this device. ${persistedTexts[space.storage]}`
}

export function relayText(status: ConversationStatus, space: StoreStatus): string {
  const waiting = waitingText(space)
  const more = waiting && ` ${waiting} to be sent.`
  const texts: Record<StoreStatus['relay'], () => string> = {
    none: () => 'None is connected: conversations stay on this device and in its other windows.',
    connecting: () => `Connecting.${more}`,
    connected: () => connectedText(status, space, waiting),
    offline: () => awayText(space, waiting),
    refused: () => `${space.reason ? refusalText(space.reason) : 'It does not let this page in.'}${more}`,
  }
  return texts[space.relay]()
}

function refusalText(reason: Reason): string {
  const { title, advice } = refusalWords(reason)
  return `${title}. ${advice}`
}

function awayText({ reason }: StoreStatus, waiting: string): string {
  if (reason?.code === 'RELAY_TOO_OLD') return refusalText(reason)
  // That it cannot be reached is said already.
  const because = reason && reason.code !== 'UNREACHABLE' ? ` ${sentence(reason.message)}` : ''
  return `Not reachable, retrying.${because} ${waiting ? `${waiting} to be sent` : 'What you write is sent'} when it is back.`
}

function connectedText(status: ConversationStatus, space: StoreStatus, waiting: string): string {
  const { behind = 0 } = space
  const others = waiting ? ` ${waiting} to be sent.` : ''
  const fetching = behind > 0 ? ` ${count(behind, 'conversation is', 'conversations are')} being fetched.` : ''
  const files = fileRefusalWords(space)
  const refused = files ? ` ${files.title}. ${files.advice}` : ''
  return `${ownText(status)}${others}${refused}${fetching}`
}

/** What the relay has of the conversation. Over the stock wire it cannot say what is on its disk. */
function ownText(status: ConversationStatus): string {
  const relay = status.kind === 'saved' ? status.relay : 'sending'
  switch (relay) {
    case 'synced':
      return 'It has everything of this on its disk.'
    case 'sent':
      return 'It was sent everything of this. It is of an older version, which does not say what is on its disk.'
    case 'refused':
      return status.kind === 'saved' && status.reason ? refusalText(status.reason) : 'It does not take the last edits.'
    default:
      return 'Connected; the last edits are on their way.'
  }
}
