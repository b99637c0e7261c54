import { ftruncateSync, writeSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { codesOf } from '../level/faults.ts'
import { decodeEntry, encodeEntry, MOST_ENTRY_BYTES } from './entry.ts'
import { type Ahead, MOST_BYTES, MOST_UPDATE_BYTES, type Shown } from './port.ts'

/**
 * Writing waits for the disk only when the system makes it wait, which holds up everybody. Where one took so long, there is none for a while: what is
 * shown is durable then. In ms.
 */
const SLOW_MS = 5
const REST_MS = 1_000

/**
 * Opens the file `ahead` of a data folder, which nobody else may have open. It is never synced: the system has what was written to it until it is
 * on the disk, or the power fails. Written in place from its beginning, again and again: what was released is written over.
 * @param now milliseconds of a clock that only goes forward
 * @throws Error of node:fs when it can be neither read nor made
 */
export async function openAhead(directory: string, now = () => performance.now()): Promise<Ahead> {
  const path = join(directory, 'ahead')
  const file = await openOrMake(path)
  const { shown: left, lap: found, end } = read(await file.readFile())
  const scratch = Buffer.allocUnsafe(MOST_ENTRY_BYTES)
  let lap = found
  let position = end
  let waiting = left.length
  // What is behind the last whole entry is of no lap that is known.
  let wipes = true
  let isOpen = true
  let restsUntil = Number.NEGATIVE_INFINITY

  /** Begins a lap when nobody needs what there is. */
  function rewind(): void {
    if (waiting > 0 || !isOpen) return
    left.length = 0
    position = 0
    lap = (lap + 1) >>> 0
    if (!wipes) return
    wipes = !succeeds(() => {
      ftruncateSync(file.fd, 0)
      return true
    })
  }

  rewind()
  return {
    left,
    write(shown) {
      const begun = now()
      if (!isOpen || shown.update.length > MOST_UPDATE_BYTES || begun < restsUntil) return false
      const length = encodeEntry(scratch, lap, shown)
      if (position + length > MOST_BYTES) return false
      // A part of one that was written is no entry, and the next is written over it.
      if (!succeeds(() => writeSync(file.fd, scratch, 0, length, position) === length)) return false
      const ended = now()
      if (ended - begun > SLOW_MS) restsUntil = ended + REST_MS
      position += length
      waiting += 1
      return true
    },
    release(count) {
      waiting -= count
      rewind()
    },
    wipe() {
      wipes = true
      rewind()
    },
    async close() {
      if (!isOpen) return
      isOpen = false
      await file.close()
      if (waiting === 0) await rm(path, { force: true })
    },
  }
}

async function openOrMake(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+')
  } catch (error) {
    if (!codesOf(error).has('ENOENT')) throw error
    return open(path, 'w+', 0o600)
  }
}

/** What is whole, from the beginning on and of one lap. */
function read(bytes: Buffer): { shown: Shown[]; lap: number; end: number } {
  const shown: Shown[] = []
  const first = decodeEntry(bytes, 0)
  let end = 0
  for (let entry = first; entry !== null && entry.lap === first?.lap; entry = decodeEntry(bytes, end)) {
    shown.push(entry.shown)
    end = entry.end
  }
  return { shown, lap: first?.lap ?? 0, end }
}

/** @returns false when the system refuses; the caller does without */
function succeeds(run: () => boolean): boolean {
  try {
    return run()
  } catch (error) {
    if (codesOf(error).size === 0) throw error
    return false
  }
}
