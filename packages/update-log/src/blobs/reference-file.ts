import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { crc32 } from '../level/crc32.ts'
import { codesOf } from '../level/faults.ts'
import { copyAside, makeFolder, syncFolder } from './folders.ts'
import { type ReferenceEvent, References } from './references.ts'

/** A file with this many lines more than it needs, and twice as many, is written anew when it is opened. */
const SPARE_LINES = 1_000

/**
 * The references of a space on the disk: a file of lines that is only added to, each with its checksum at its end, so that a kill in
 * the middle of a line loses that line, which nobody was told is kept.
 *
 * ```
 * + <document> <sha256> <crc32>      - <document> <ms> <crc32>     ~ <sha256> <ms> <crc32>
 * x <sha256> <crc32>                 ! <crc32>                     c <crc32>
 * ```
 */
export interface ReferenceFile {
  readonly references: References
  /** Whether lines were found damaged on opening; they were set aside with a copy of the file. */
  readonly wasDamaged: boolean
  /** Durable when it resolves; when it rejects nothing has happened. One at a time. */
  add(events: readonly ReferenceEvent[]): Promise<void>
  close(): Promise<void>
}

/** @param quarantine where a damaged file is copied to */
export async function openReferenceFile(path: string, root: string, quarantine: string): Promise<ReferenceFile> {
  const references = new References()
  let file: FileHandle | null = await openExisting(path)
  let length = 0
  let isDirty = false
  let wasDamaged = false

  if (file !== null) {
    const text = await file.readFile('latin1')
    const lines = text.split('\n')
    // What is behind the last newline was being written when the process ended.
    const torn = lines.pop() ?? ''
    length = text.length - torn.length
    isDirty = torn !== ''
    for (const line of lines) {
      const event = decodeLine(line)
      if (event === null) wasDamaged = true
      else references.apply(event)
    }
    if (wasDamaged) {
      references.apply({ kind: 'damaged' })
      await copyAside(path, join(quarantine, `${basename(dirname(path))}-references`))
    }
    const needed = [...references.events()].length
    if (wasDamaged || (lines.length > needed * 2 && lines.length > needed + SPARE_LINES)) await rewrite()
  }

  async function rewrite(): Promise<void> {
    const bytes = encodeLines(references.events())
    const fresh = `${path}.new`
    await rm(fresh, { force: true })
    const to = await open(fresh, 'wx', 0o600)
    try {
      await to.writeFile(bytes)
      await to.sync()
    } finally {
      await to.close()
    }
    await file?.close()
    file = null
    await rename(fresh, path)
    await syncFolder(dirname(path))
    file = await openExisting(path)
    length = bytes.length
    isDirty = false
  }

  async function make(): Promise<FileHandle> {
    await makeFolder(root, dirname(path))
    const made = await open(path, 'wx+', 0o600)
    await syncFolder(dirname(path))
    return made
  }

  return {
    references,
    get wasDamaged() {
      return wasDamaged
    },
    async add(events) {
      if (events.length === 0) return
      file ??= await make()
      if (isDirty) await file.truncate(length)
      isDirty = true
      const bytes = encodeLines(events)
      for (let done = 0; done < bytes.length; ) {
        done += (await file.write(bytes, done, bytes.length - done, length + done)).bytesWritten
      }
      await file.datasync()
      isDirty = false
      length += bytes.length
      for (const event of events) references.apply(event)
    },
    async close() {
      await file?.close()
      file = null
    },
  }
}

async function openExisting(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r+')
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
  }
}

function decodeLine(line: string): ReferenceEvent | null {
  const end = line.lastIndexOf(' ')
  if (end < 0 || sumOf(line.slice(0, end)) !== line.slice(end + 1)) return null
  const [sign, name = '', other = ''] = line.slice(0, end).split(' ')
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
    default:
      return null
  }
}
