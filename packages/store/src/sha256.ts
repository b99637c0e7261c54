import { digest as digestInScript } from 'lib0/hash/sha256'

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** In lower-case hex. Pages that were not loaded over https (but for localhost) have no `crypto.subtle`. */
export async function sha256Of(bytes: Uint8Array): Promise<string> {
  const subtle = globalThis.crypto?.subtle
  if (!subtle) return hex(digestInScript(bytes))
  return hex(new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)))
}
