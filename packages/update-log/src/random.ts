/** 128 random bits in hex: for incarnations and epochs. The default at the edge; tests hand in their own. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
