import { scanUpdate } from '@holdfast/protocol'
import * as Y from 'yjs'

/** Characters of each update of a typist. */
export const PIECE = 4

/** What one person types, as the updates that Yjs makes of it: four characters each, appended to one text. */
export function typed(count: number, clientID: number): Uint8Array[] {
  const doc = new Y.Doc()
  doc.clientID = clientID
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const text = doc.getText('text')
  for (let i = 0; i < count; i += 1) text.insert(i * PIECE, PIECES[i % PIECES.length]!)
  doc.destroy()
  return updates
}

const PIECES = ['the ', 'rela', 'y ke', 'eps ', 'ever', 'y wo', 'rd, ', 'and ', 'show', 's it']

/**
 * How many of a typist's updates one has who has received this message after all before it. Joined updates say it by the
 * end of their last struct.
 */
export function reach(update: Uint8Array): number {
  return shortReach(update) ?? longReach(update)
}

/** The usual message: one struct of plain text. Null when it is anything else. */
function shortReach(update: Uint8Array): number | null {
  if (update[0] !== 1 || update[1] !== 1) return null
  at = 2
  skipVarUint(update)
  const clock = varUint(update)
  const info = update[at]!
  at += 1
  if (info !== TEXT_AFTER_ANOTHER) return null
  skipVarUint(update)
  skipVarUint(update)
  return (clock + varUint(update)) / PIECE
}

/** Content string (4) with an origin (0x80). */
const TEXT_AFTER_ANOTHER = 0x84
let at = 0

function skipVarUint(bytes: Uint8Array): void {
  while (bytes[at]! >= 0x80) at += 1
  at += 1
}

function varUint(bytes: Uint8Array): number {
  let value = 0
  let factor = 1
  for (;;) {
    const byte = bytes[at]!
    at += 1
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return value
    factor *= 0x80
  }
}

function longReach(update: Uint8Array): number {
  const scanned = scanUpdate(update)
  if (scanned.kind === 'garbage') throw new Error(`the server sent no update: ${scanned.reason}`)
  const last = scanned.structs.at(-1)
  return last === undefined ? 0 : (last.clock + last.length) / PIECE
}
