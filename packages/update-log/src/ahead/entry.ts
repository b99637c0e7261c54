import { crc32 } from '../level/crc32.ts'
import { MOST_UPDATE_BYTES, type Shown } from './port.ts'

/*
 * One update in the file `ahead`, numbers in little-endian:
 *
 *   u32  how many bytes follow the checksum
 *   u32  CRC-32 of them
 *   u8   1, the form
 *   u32  the lap: entries of one lap follow each other from the file's beginning
 *   u8   length of the space's name, the name; the same of the document and of the epoch
 *        the update
 */

const HEAD = 8
const FORM = 1
/** The form, the lap and three empty names. */
const LEAST_BODY = 8
const NAME_BYTES = 128
/** The most that one entry takes. */
export const MOST_ENTRY_BYTES = HEAD + 5 + 3 * (1 + NAME_BYTES) + MOST_UPDATE_BYTES

/** @returns where the entry ends in `into`, which has room for `MOST_ENTRY_BYTES` */
export function encodeEntry(into: Buffer, lap: number, { space, document, epoch, update }: Shown): number {
  let at = into.writeUInt8(FORM, HEAD)
  at = into.writeUInt32LE(lap, at)
  for (const name of [space, document, epoch]) {
    at = into.writeUInt8(name.length, at)
    at += into.write(name, at, 'latin1')
  }
  into.set(update, at)
  at += update.length
  into.writeUInt32LE(at - HEAD, 0)
  into.writeUInt32LE(crc32(into.subarray(HEAD, at)), 4)
  return at
}

export interface Entry {
  readonly lap: number
  readonly shown: Shown
  readonly end: number
}

/** @returns null when there is no whole entry at that place */
export function decodeEntry(bytes: Buffer, start: number): Entry | null {
  if (start + HEAD > bytes.length) return null
  const end = start + HEAD + bytes.readUInt32LE(start)
  if (end > bytes.length || end - start > MOST_ENTRY_BYTES || end - start < HEAD + LEAST_BODY) return null
  const body = bytes.subarray(start + HEAD, end)
  if (crc32(body) !== bytes.readUInt32LE(start + 4) || body[0] !== FORM) return null
  let at = 5
  const name = (): string => {
    const from = at + 1
    // Where a name reaches beyond the end, so does everything after it.
    at = from + (body[at] ?? 0)
    return body.toString('latin1', from, at)
  }
  const [space, document, epoch] = [name(), name(), name()]
  if (at > body.length) return null
  return { lap: body.readUInt32LE(1), shown: { space, document, epoch, update: body.subarray(at) }, end }
}
