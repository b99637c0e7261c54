const HASH_CHARACTERS = 64
/** How `sha256: "<64 characters>"` lies in an update: lib0's any-encoding (key, 119 for a string, its length), or JSON. */
const MARKS = ['sha256w@', 'sha256":"'].map((mark) => Uint8Array.from(mark, (character) => character.charCodeAt(0)))
const AT = 0x40
const QUOTE = 0x22

/**
 * The blobs that an update names, found in its bytes without making a document: as quick as reading them once. It may name more than the document
 * shows (what was replaced, or text that looks like it), never fewer.
 * @returns SHA-256 hashes in lower-case hex, each once
 */
export function blobsNamedIn(update: Uint8Array): string[] {
  const found = new Set<string>()
  scan(update, AT, MARKS[0]!, found)
  scan(update, QUOTE, MARKS[1]!, found)
  return [...found]
}

/** Looks for the last byte of the mark, which is rare in text, and then back. */
function scan(bytes: Uint8Array, last: number, mark: Uint8Array, found: Set<string>): void {
  for (let at = bytes.indexOf(last); at >= 0; at = bytes.indexOf(last, at + 1)) {
    if (!endsWith(bytes, at + 1, mark)) continue
    const hash = hashAt(bytes, at + 1)
    if (hash !== null) found.add(hash)
  }
}

function endsWith(bytes: Uint8Array, end: number, mark: Uint8Array): boolean {
  const start = end - mark.length
  if (start < 0) return false
  return mark.every((byte, i) => bytes[start + i] === byte)
}

function hashAt(bytes: Uint8Array, start: number): string | null {
  if (start + HASH_CHARACTERS > bytes.length) return null
  let hash = ''
  for (let i = start; i < start + HASH_CHARACTERS; i++) {
    const byte = bytes[i]!
    const isHex = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66)
    if (!isHex) return null
    hash += String.fromCharCode(byte)
  }
  return hash
}
