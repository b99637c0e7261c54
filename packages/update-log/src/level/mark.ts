import { type FileHandle, open, readFile } from 'node:fs/promises'
import { crc32 } from './crc32.ts'
import { codesOf } from './faults.ts'

/**
 * The high-water mark: the number of the last durable commit and the incarnation, kept outside LevelDB, because LevelDB that has lost
 * its last records opens without a word. Two lines of text of 128 bytes, written in turn so that one of them is always whole:
 *
 * ```
 * holdfast-mark 1 <commit> <incarnation> <open | closed> <crc32, hex>
 * ```
 *
 * It is written soon after each commit, but on the disk only by `sync`: a mark that is behind notices less, a mark is never ahead.
 */
export interface Mark {
  readonly commit: number
  readonly incarnation: string
  /** Written as the last thing by a process that ended in order. */
  readonly closed: boolean
}

export type FoundMark =
  | { readonly kind: 'found'; readonly mark: Mark }
  | { readonly kind: 'missing' }
  | { readonly kind: 'damaged' }

export interface MarkFile {
  /** As it was when the file was opened. */
  readonly found: FoundMark
  /** Takes note, and writes it soon. Never throws: a mark that cannot be written stays behind and is tried again. */
  note(mark: Pick<Mark, 'commit' | 'incarnation'>): void
  /** Writes what was noted last and waits until it is on the disk. */
  sync(): Promise<void>
  /** Notes that a process has begun, in both lines, and waits until it is on the disk. */
  begin(mark: Pick<Mark, 'commit' | 'incarnation'>): Promise<void>
  /** Closes; with `inOrder`, what was noted last is marked as closed. */
  close(inOrder: boolean): Promise<void>
}

const SLOT_BYTES = 128
/** Between two writes: a thousand commits a second need no thousand marks, whose writing would stand before telling of the commits. */
const PAUSE_MS = 20

/** What the mark says, without opening it for writing: before it is certain that the folder is ours. */
export async function peekMark(path: string): Promise<FoundMark> {
  try {
    const found = newest(await readFile(path))
    return found.kind === 'found' ? { kind: 'found', mark: found.mark } : found
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return { kind: 'missing' }
    throw error
  }
}

export async function openMark(path: string): Promise<MarkFile> {
  const { file, found } = await openFile(path)
  let next = found.kind === 'found' ? found.slot : 0
  let noted: Mark | null = null
  let last: Mark | null = null
  let writing: Promise<void> | null = null
  let unsynced = false
  let pause: NodeJS.Timeout | null = null
  /** Something was noted in the pause. */
  let isLate = false

  async function writeNoted(): Promise<void> {
    try {
      while (noted !== null) {
        const mark = noted
        noted = null
        try {
          await file.write(encodeMark(mark), 0, SLOT_BYTES, next * SLOT_BYTES)
          next = 1 - next
          unsynced = true
        } catch (error) {
          if (codesOf(error).size === 0) throw error
          noted ??= mark
          return
        }
      }
    } finally {
      // In the same breath as the last look at `noted`, so that none falls between.
      writing = null
    }
  }

  function start(): Promise<void> {
    if (writing === null && noted !== null) writing = writeNoted()
    return writing ?? Promise.resolve()
  }

  async function sync(): Promise<void> {
    await start()
    if (!unsynced) return
    unsynced = false
    await file.sync()
  }

  function note({ commit, incarnation }: Pick<Mark, 'commit' | 'incarnation'>): void {
    last = { commit, incarnation, closed: false }
    noted = last
    isLate = pause !== null
    if (!isLate) startAndPause()
  }

  function startAndPause(): void {
    void start()
    pause = setTimeout(() => {
      pause = null
      if (!isLate) return
      isLate = false
      startAndPause()
    }, PAUSE_MS)
    pause.unref()
  }

  return {
    found: found.kind === 'found' ? { kind: 'found', mark: found.mark } : found,
    note,
    sync,
    async begin(mark) {
      note(mark)
      await start()
      note(mark)
      await sync()
    },
    async close(inOrder) {
      if (pause !== null) clearTimeout(pause)
      try {
        await start()
        if (last !== null && inOrder) noted = { ...last, closed: true }
        await sync()
      } finally {
        await file.close()
      }
    },
  }
}

type FoundSlot = { kind: 'found'; mark: Mark; slot: 0 | 1 } | { kind: 'missing' } | { kind: 'damaged' }

async function openFile(path: string): Promise<{ file: FileHandle; found: FoundSlot }> {
  try {
    const file = await open(path, 'r+')
    const bytes = new Uint8Array(2 * SLOT_BYTES)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
    return { file, found: newest(bytes.subarray(0, bytesRead)) }
  } catch (error) {
    if (!codesOf(error).has('ENOENT')) throw error
    const file = await open(path, 'w+', 0o600)
    await file.write(new Uint8Array(2 * SLOT_BYTES), 0, 2 * SLOT_BYTES, 0)
    return { file, found: { kind: 'missing' } }
  }
}

/** `slot` is the one to write next: the other than the one that was found newest. */
function newest(bytes: Uint8Array): FoundSlot {
  const first = decodeMark(bytes.subarray(0, SLOT_BYTES))
  const second = decodeMark(bytes.subarray(SLOT_BYTES))
  if (first === null && second === null) {
    // A file made and never written is as good as none.
    return bytes.every((byte) => byte === 0) ? { kind: 'missing' } : { kind: 'damaged' }
  }
  if (second === null || (first !== null && isNewer(first, second))) return { kind: 'found', mark: first!, slot: 1 }
  return { kind: 'found', mark: second, slot: 0 }
}

/** Of two with one number, the one that says that all ended in order was written later. */
function isNewer(a: Mark, b: Mark): boolean {
  return a.commit === b.commit ? a.closed || !b.closed : a.commit > b.commit
}

function encodeMark(mark: Mark): Uint8Array {
  const said = `holdfast-mark 1 ${mark.commit} ${mark.incarnation} ${mark.closed ? 'closed' : 'open'} `
  const sum = crc32(new TextEncoder().encode(said)).toString(16).padStart(8, '0')
  return new TextEncoder().encode(`${`${said}${sum}`.padEnd(SLOT_BYTES - 1)}\n`)
}

function decodeMark(bytes: Uint8Array): Mark | null {
  const match = /^(holdfast-mark 1 (\d+) (\S+) (open|closed) )([0-9a-f]{8}) *\n$/.exec(new TextDecoder().decode(bytes))
  if (match === null) return null
  const [, said = '', commit = '', incarnation = '', ending = '', sum = ''] = match
  if (crc32(new TextEncoder().encode(said)) !== Number.parseInt(sum, 16)) return null
  return { commit: Number(commit), incarnation, closed: ending === 'closed' }
}
