import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { crc32 } from '../level/crc32.ts'
import { codesOf } from '../level/faults.ts'
import { copyAside, makeFolder, syncFolder } from './folders.ts'
import { type ReferenceEvent, References } from './references.ts'
import type { Opening } from './tally.ts'

/** A file with this many lines more than it needs, and twice as many, is written anew when it is opened. */
const SPARE_LINES = 1_000

/**
 * The references of a space on the disk: a file of lines that is only added to, each with its checksum at its end, so that a kill in
 * the middle of a line loses that line, which nobody was told is kept.
 *
 * ```
 * + <document> <sha256> <crc32>      - <document> <ms> <crc32>     ~ <sha256> <ms> <crc32>
 * x <sha256> <crc32>                 ! <crc32>                     c <crc32>                     t <crc32>
 * o <opening> <crc32>                O <opening>.<number> ... <crc32>
 * ```
 */
export interface ReferenceFile {
  readonly references: References
  /** Durable when it resolves; when it rejects nothing has happened. One at a time. */
  add(events: readonly ReferenceEvent[]): Promise<void>
}

/** @param quarantine where a damaged file is copied to */
export async function openReferenceFile(path: string, root: string, quarantine: string): Promise<ReferenceFile> {
  const references = new References()
  const text = await readExisting(path)
  let exists = text !== null
  const lines = (text ?? '').split('\n')
  // What is behind the last newline was being written when the process ended.
  const torn = lines.pop() ?? ''
  let length = (text ?? '').length - torn.length
  let isDirty = torn !== ''
  /** What is told from now on is counted for this opening. */
  let isOpened = false
  let wasDamaged = false

  for (const line of lines) {
    const event = decodeLine(line)
    if (event === null) wasDamaged = true
    else references.apply(event)
  }
  if (wasDamaged) {
    references.apply({ kind: 'damaged' })
    references.apply({ kind: 'opened', name: nameOfOpening() })
    await copyAside(path, join(quarantine, `${basename(dirname(path))}-references`))
  }
  const needed = [...references.events()].length
  if (wasDamaged || (lines.length > needed * 2 && lines.length > needed + SPARE_LINES)) await rewrite()

  async function rewrite(): Promise<void> {
    const bytes = encodeLines(references.events())
    const fresh = `${path}.new`
    await rm(fresh, { force: true })
    await using(fresh, 'wx', async (file) => {
      await file.writeFile(bytes)
      await file.sync()
    })
    await rename(fresh, path)
    await syncFolder(dirname(path))
    length = bytes.length
    isDirty = false
  }

  return {
    references,
    async add(added) {
      if (added.length === 0) return
      const isFirst = !isOpened && added.some(({ kind }) => kind === 'refer')
      const events: readonly ReferenceEvent[] = isFirst ? [{ kind: 'opened', name: nameOfOpening() }, ...added] : added
      const wasOpened = isOpened
      // A line that could not be written may be in a copy all the same, in the place of the one that comes next: under another name.
      isOpened = false
      if (!exists) {
        await makeFolder(root, dirname(path))
        await using(path, 'a', async (file) => file.sync())
        await syncFolder(dirname(path))
        exists = true
      }
      const bytes = encodeLines(events)
      // Not held open: a relay has as many of these as it has spaces.
      await using(path, 'r+', async (file) => {
        if (isDirty) await file.truncate(length)
        isDirty = true
        for (let done = 0; done < bytes.length; ) {
          done += (await file.write(bytes, done, bytes.length - done, length + done)).bytesWritten
        }
        await file.datasync()
      })
      isDirty = false
      isOpened = wasOpened || isFirst
      length += bytes.length
      for (const event of events) references.apply(event)
    },
  }
}

async function using<T>(path: string, flags: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, flags, 0o600)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

async function readExisting(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'latin1')
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return null
    throw error
  }
}

function encodeLines(events: Iterable<ReferenceEvent>): Buffer {
  let text = ''
  for (const event of events) {
    const said = fieldsOf(event).join(' ')
    text += `${said} ${sumOf(said)}\n`
  }
  return Buffer.from(text, 'latin1')
}

function nameOfOpening(): string {
  return randomBytes(8).toString('hex')
}

function openingOf(field: string): Opening {
  const end = field.lastIndexOf('.')
  return { name: field.slice(0, end), told: Number(field.slice(end + 1)) }
}

function sumOf(text: string): string {
  return crc32(Buffer.from(text, 'latin1')).toString(16).padStart(8, '0')
}

function fieldsOf(event: ReferenceEvent): readonly (string | number)[] {
  switch (event.kind) {
    case 'refer':
      return ['+', event.document, event.hash]
    case 'release':
      return ['-', event.document, event.at]
    case 'loose':
      return ['~', event.hash, event.at]
    case 'forget':
      return ['x', event.hash]
    case 'damaged':
      return ['!']
    case 'collected':
      return ['c']
    case 'told':
      return ['t']
    case 'opened':
      return ['o', event.name]
    case 'openings':
      return ['O', ...event.openings.map(({ name, told }) => `${name}.${told}`)]
  }
}

function decodeLine(line: string): ReferenceEvent | null {
  const end = line.lastIndexOf(' ')
  if (end < 0 || sumOf(line.slice(0, end)) !== line.slice(end + 1)) return null
  const [sign, ...fields] = line.slice(0, end).split(' ')
  const [name = '', other = ''] = fields
  switch (sign) {
    case '+':
      return { kind: 'refer', document: name, hash: other }
    case '-':
      return { kind: 'release', document: name, at: Number(other) }
    case '~':
      return { kind: 'loose', hash: name, at: Number(other) }
    case 'x':
      return { kind: 'forget', hash: name }
    case '!':
      return { kind: 'damaged' }
    case 'c':
      return { kind: 'collected' }
    case 't':
      return { kind: 'told' }
    case 'o':
      return { kind: 'opened', name }
    case 'O':
      return { kind: 'openings', openings: fields.map(openingOf) }
    default:
      return null
  }
}
