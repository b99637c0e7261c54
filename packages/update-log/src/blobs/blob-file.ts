import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { UpdateLogError } from '../errors.ts'
import { codesOf } from '../level/faults.ts'
import { type BlobStat, hashMismatch, tooLarge } from './port.ts'

/**
 * A blob on the disk: 512 bytes that say what it is, as one line of JSON, spaces and a newline, then the content. One file, so
 * that one rename makes it be there whole or not at all.
 */
export const HEADER_BYTES = 512
const CHUNK_BYTES = 64 * 1024

/** Writes a new file and waits until it is on the disk. Nothing is there under another name yet. */
export async function writeBlobFile(
  path: string,
  hash: string,
  type: string,
  content: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<number> {
  const file = await open(path, 'wx', 0o600)
  try {
    const sum = createHash('sha256')
    let bytes = 0
    for await (const part of content) {
      if (bytes + part.length > limit) throw tooLarge(limit)
      sum.update(part)
      await writeAll(file, part, HEADER_BYTES + bytes)
      bytes += part.length
    }
    const actual = sum.digest('hex')
    if (actual !== hash) throw hashMismatch(hash, actual)
    await writeAll(file, encodeHeader({ bytes, type }), 0)
    await file.sync()
    return bytes
  } finally {
    await file.close()
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

export interface OpenBlob {
  readonly stat: BlobStat
  readonly file: FileHandle
}

/**
 * @returns null when there is no such file
 * @throws UpdateLogError `DAMAGED` when it does not say what it is, or is not as long as it says
 */
export async function openBlobFile(path: string): Promise<OpenBlob | null> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    if (codesOf(error).has('ENOENT')) return null
    throw error
  }
  try {
    const header = new Uint8Array(HEADER_BYTES)
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0)
    const stat = bytesRead === HEADER_BYTES ? decodeHeader(header) : null
    const { size } = await file.stat()
    if (stat === null || size !== HEADER_BYTES + stat.bytes) throw damagedBlob(path)
    return { stat, file }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Bytes `from` to `to` of the content, both included. Closes the file. */
export async function* readPart({ file }: OpenBlob, from: number, to: number): AsyncGenerator<Uint8Array> {
  try {
    for (let at = from; at <= to; ) {
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, to + 1 - at))
      const { bytesRead } = await file.read(chunk, 0, chunk.length, HEADER_BYTES + at)
      if (bytesRead === 0) throw damagedBlob('the file')
      yield chunk.subarray(0, bytesRead)
      at += bytesRead
    }
  } finally {
    await file.close()
  }
}

/** All of it; what is not what its name says fails before its last bytes, so that nobody takes it for whole. */
export async function* readWhole(
  blob: OpenBlob,
  hash: string,
  onDamaged: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const sum = createHash('sha256')
  let held: Uint8Array | null = null
  for await (const chunk of readPart(blob, 0, blob.stat.bytes - 1)) {
    if (held !== null) yield held
    sum.update(chunk)
    held = chunk
  }
  if (sum.digest('hex') !== hash) {
    await onDamaged()
    throw damagedBlob(hash)
  }
  if (held !== null) yield held
}

function encodeHeader({ bytes, type }: BlobStat): Uint8Array {
  const text = JSON.stringify({ holdfast: 'blob', version: 1, type, bytes })
  return new TextEncoder().encode(`${text.padEnd(HEADER_BYTES - 1)}\n`)
}

function decodeHeader(bytes: Uint8Array): BlobStat | null {
  try {
    const said: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof said !== 'object' || said === null || !('type' in said) || !('bytes' in said)) return null
    const { type, bytes: length } = said
    return typeof type === 'string' && typeof length === 'number' ? { type, bytes: length } : null
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null
    throw error
  }
}

function damagedBlob(what: string): UpdateLogError {
  return new UpdateLogError('DAMAGED', `The blob in ${what} is damaged.`)
}
