// In every runtime we know, and in none of the ECMAScript type libraries.
declare const TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> }
declare const TextDecoder: new (encoding: 'utf-8', options: { fatal: boolean }) => { decode(bytes: Uint8Array): string }

// Made once: a decoder for each of 10,000 summaries is most of what reading them costs.
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text)
}

/** Arguments of one call, which engines hold on the stack. */
const MOST_ARGUMENTS = 4096

/** null when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  // Asking the decoder costs a browser some 10 µs each time: of a list of 10,000 summaries, most of what reading it takes.
  if (bytes.length <= MOST_ARGUMENTS && isAscii(bytes)) return String.fromCharCode.apply(null, bytes as never)
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) > 0x7f) return false
  return true
}

/** As much of the beginning of a text as JSON says in so many bytes, cut between characters. Control characters aside. */
export function cutToJsonBytes(text: string, limit: number): string {
  let bytes = 0
  let end = 0
  for (const character of text) {
    const point = character.codePointAt(0) as number
    const escaped = character === '"' || character === '\\' ? 1 : 0
    bytes += (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4) + escaped
    if (bytes > limit) break
    end += character.length
  }
  return text.slice(0, end)
}
