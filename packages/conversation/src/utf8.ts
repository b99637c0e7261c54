// In every runtime we know, and in none of the ECMAScript type libraries.
declare const TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> }
declare const TextDecoder: new (encoding: 'utf-8', options: { fatal: boolean }) => { decode(bytes: Uint8Array): string }

// Made once: a decoder for each of 10,000 summaries is most of what reading them costs.
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text)
}

/** null when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
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
