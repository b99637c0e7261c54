import type { BlobRange } from '@holdfast/update-log'

/**
 * Reads a `Range` header (RFC 9110). One range of bytes is served; several, or another unit, are as if nothing was asked.
 * @returns null for all of it
 */
export function readRange(header: string | undefined, bytes: number): BlobRange | 'unsatisfiable' | null {
  const match = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '')
  if (match === null) return null
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return null
  if (first === '') {
    const suffix = Number(last)
    if (suffix === 0 || bytes === 0) return 'unsatisfiable'
    return { from: Math.max(0, bytes - suffix), to: bytes - 1 }
  }
  const from = Number(first)
  const to = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)
  if (last !== '' && Number(last) < from) return null
  return from >= bytes ? 'unsatisfiable' : { from, to }
}
