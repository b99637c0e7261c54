import type { ConversationStatus, StoreStatus } from '@holdfast/store'
import { statusText } from '@holdfast/store'

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
  const away = space.relay === 'offline' || space.relay === 'refused'
  const waiting = space.waiting + (space.uploads ?? 0)
  const waits = away && waiting > 0 ? ` · ${waiting.toLocaleString('en')} waiting` : ''
  if (status.kind !== 'saving') return `${statusText(status)}${status.kind === 'saved' ? waits : ''}`
  const text = flowing ? 'Saved on this device as it arrives' : statusText(status)
  return space.relay === 'offline' ? `${text} · Offline` : text
}

const persistedTexts: Record<StoreStatus['storage'], string> = {
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
  const because = space.reason ? ` ${space.reason.message[0]?.toUpperCase()}${space.reason.message.slice(1)}.` : ''
  const waiting = waitingText(space)
  const texts: Record<StoreStatus['relay'], string> = {
    none: 'None is connected: conversations stay on this device and in its other windows.',
    connecting: `Connecting.${waiting && ` ${waiting} to be sent.`}`,
    connected: connectedText(status, space, waiting),
    offline: `Not reachable, retrying.${because} ${waiting ? `${waiting} to be sent` : 'What you write is sent'} when it is back.`,
    refused: `It does not let this page in.${because}${waiting && ` ${waiting} to be sent.`}`,
  }
  return texts[space.relay]
}

function connectedText(status: ConversationStatus, space: StoreStatus, waiting: string): string {
  const { behind = 0, uploadsRefused } = space
  const has = status.kind === 'saved' && (status.relay === 'sent' || status.relay === 'synced')
  const own = has
    ? 'It has everything of this conversation on its disk.'
    : 'Connected; the last edits are on their way.'
  const others = waiting ? ` ${waiting} to be sent.` : ''
  const fetching = behind > 0 ? ` ${count(behind, 'conversation is', 'conversations are')} being fetched.` : ''
  const refused = uploadsRefused ? ` It does not take a file: ${uploadsRefused.message}` : ''
  return `${own}${others}${refused}${fetching}`
}
