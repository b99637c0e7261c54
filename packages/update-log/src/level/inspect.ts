import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32c } from './crc32.ts'
import { codesOf } from './faults.ts'
import { logFiles } from './folder.ts'

/**
 * LevelDB skips what it cannot read of its own log without a word: one flipped byte lost 194 to 235 of 5,000 fsynced records. So the
 * log is read once before LevelDB opens it, and a hole that has whole records after it is damage. (A torn end is what any power cut
 * leaves of a write that nobody was told of; whether more than that is missing, the high-water mark knows.)
 *
 * Format: leveldb/doc/log_format.md. Blocks of 32 KiB; records of masked crc32c (4), length (2), type (1), data; type is
 * FULL, FIRST, MIDDLE or LAST.
 */
const BLOCK_BYTES = 32 * 1024
const HEADER_BYTES = 7
const FULL = 1
const FIRST = 2
const MIDDLE = 3
const LAST = 4
const MASK_DELTA = 0xa282ead8

/** @returns the offset of the first hole that has a whole record after it, or null when there is none. */
export function findHole(bytes: Uint8Array): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let hole: number | null = null
  let inside = false
  for (let block = 0; block < bytes.length; block += BLOCK_BYTES) {
    const end = Math.min(block + BLOCK_BYTES, bytes.length)
    let at = block
    while (at + HEADER_BYTES <= end) {
      const length = view.getUint16(at + 4, true)
      const type = view.getUint8(at + 6)
      const next = at + HEADER_BYTES + length
      const whole = next <= end && type >= FULL && type <= LAST
      if (whole && view.getUint32(at, true) === masked(crc32c(bytes.subarray(at + 6, next)))) {
        if (type === FULL || (type === LAST && inside)) {
          if (hole !== null) return hole
          inside = false
        } else if (type === FIRST) inside = true
        else if (type === MIDDLE && !inside) hole ??= at
      } else {
        hole ??= at
        inside = false
        // Where the length can be believed, the records after it in the block are looked at too.
        if (!whole) break
      }
      at = next
    }
  }
  return null
}

function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0
}

/**
 * Reads LevelDB's logs in a closed database folder. A damaged one is copied to `quarantine` first, because LevelDB deletes it once it
 * has opened.
 * @returns one sentence for each damaged file
 */
export async function inspectLogs(database: string, quarantine: string): Promise<string[]> {
  const found: string[] = []
  for (const name of await logFiles(database)) {
    const path = join(database, name)
    const bytes = await readIfThere(path)
    if (bytes === null) continue
    const hole = findHole(bytes)
    if (hole === null) continue
    await mkdir(quarantine, { recursive: true, mode: 0o700 })
    await copyFile(path, join(quarantine, name))
    found.push(`${name} is damaged at byte ${hole} of ${bytes.length}; a copy is in ${quarantine}`)
  }
  return found
}

/** One that another process has just made a table of is gone. */
async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return null
    throw error
  }
}
