/** Space and document names: 1 to 128 of `A-Z a-z 0-9 . _ ~ -` (the characters a URL path never escapes). */
export const NAME_PATTERN = /^[A-Za-z0-9._~-]{1,128}$/

/** Whether `text` may name a space or a document. `.` and `..` are refused because paths resolve them away. */
export function isName(text: string): boolean {
  return NAME_PATTERN.test(text) && text !== '.' && text !== '..'
}
