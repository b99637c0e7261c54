/** Shown in place by browsers, and nothing in them can run. */
const IMAGES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'])

/** Kept and given out for saving, never shown in place. What a browser would run (HTML, scripts, XML) is not among them. */
const OTHERS = new Set([
  'application/octet-stream',
  'application/pdf',
  'application/json',
  'application/zip',
  'application/gzip',
  'application/msword',
  'image/svg+xml',
  'image/tiff',
  'image/heic',
  'image/heif',
  'text/plain',
  'text/markdown',
  'text/csv',
])
const FAMILIES = /^(?:audio|video|font)\/[a-z0-9.+-]{1,64}$|^application\/vnd\.[a-z0-9.+-]{1,100}$/
const MEDIA_TYPE = /^([a-z0-9!#$&^_.+-]{1,64}\/[a-z0-9!#$&^_.+-]{1,100})\s*(?:;.*)?$/

/**
 * What a blob is kept as: the type without its parameters.
 * @returns null for one that is not taken
 */
export function readMediaType(header: string | undefined): string | null {
  if (header === undefined || header.trim() === '') return 'application/octet-stream'
  const match = MEDIA_TYPE.exec(header.trim().toLowerCase())
  const type = match?.[1]
  if (type === undefined) return null
  // `application/vnd.…+xml` is XML, and XML can hold scripts.
  if (IMAGES.has(type) || OTHERS.has(type)) return type
  return FAMILIES.test(type) && !/[+/]xml$/.test(type) ? type : null
}

/** Whether a browser may show it in place. */
export function isImage(type: string): boolean {
  return IMAGES.has(type)
}
