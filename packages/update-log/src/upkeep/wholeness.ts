import { applyUpdate, convertUpdateFormatV2ToV1, Doc, decodeUpdate, encodeStateAsUpdate, mergeUpdates } from 'yjs'
import { mergeStates } from '../states.ts'

/** What updates come to as a Yjs document. */
export interface Wholeness {
  /** Everything that is causally complete, as one update; null when there is none. */
  readonly state: Uint8Array | null
  /** What builds on something that is not there, as one update; null when everything is. */
  readonly waiting: Uint8Array | null
  /** How many of the updates are no Yjs updates at all. */
  readonly unreadable: number
}

/** Looks at updates as a Yjs document would, and takes apart what is complete and what waits for something that is not there. */
export function wholenessOf(updates: readonly Uint8Array[]): Wholeness {
  const readable = updates.filter(isUpdate)
  const unreadable = updates.length - readable.length
  if (readable.length === 0) return { state: null, waiting: null, unreadable }
  const doc = new Doc({ gc: true })
  applyUpdate(doc, mergeStates(readable))
  const waiting: Uint8Array[] = []
  const { store } = doc
  if (store.pendingStructs !== null) waiting.push(convertUpdateFormatV2ToV1(store.pendingStructs.update))
  if (store.pendingDs !== null) waiting.push(convertUpdateFormatV2ToV1(store.pendingDs))
  store.pendingStructs = null
  store.pendingDs = null
  const state = store.clients.size === 0 ? null : encodeStateAsUpdate(doc)
  doc.destroy()
  return { state, waiting: waiting.length === 0 ? null : mergeUpdates(waiting), unreadable }
}

function isUpdate(update: Uint8Array): boolean {
  try {
    decodeUpdate(update)
    return true
  } catch {
    return false
  }
}
