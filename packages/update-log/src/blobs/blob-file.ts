import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { UpdateLogError } from '../errors.ts'
import { codesOf } from '../level/faults.ts'
import { type BlobStat, hashMismatch, tooLarge } from './port.ts'

/**
 * A blob on the disk: 512 bytes that say what it is, as one line of JSON, spaces and a newline; the content; the SHA-256 of each 64 KiB
 * of it. One file, so that one rename makes it be there whole or not at all. `sum` in the header is over type, length and these
 * hashes, so that a part can be checked without the rest. Files of version 1 have no hashes of parts.
 */
export const HEADER_BYTES = 512
export const CHUNK_BYTES = 64 * 1024
const HASH_BYTES = 32

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
    const chunks = chunkHasher()
    let bytes = 0
    for await (const part of content) {
      if (bytes + part.length > limit) throw tooLarge(limit)
      sum.update(part)
      chunks.update(part)
      await writeAll(file, part, HEADER_BYTES + bytes)
      bytes += part.length
    }
    const actual = sum.digest('hex')
    if (actual !== hash) throw hashMismatch(hash, actual)
    const hashes = chunks.digests()
    await writeAll(file, hashes, HEADER_BYTES + bytes)
    await writeAll(file, encodeHeader({ bytes, type }, hashes), 0)
    await file.sync()
    return bytes
  } finally {
    await file.close()
  }
}

function chunkHasher() {
  const digests: Buffer[] = []
  let sum = createHash('sha256')
  let filled = 0
  return {
    update(part: Uint8Array): void {
      for (let at = 0; at < part.length; ) {
        const taken = part.subarray(at, at + CHUNK_BYTES - filled)
        sum.update(taken)
        at += taken.length
        filled += taken.length
        if (filled < CHUNK_BYTES) continue
        digests.push(sum.digest())
        sum = createHash('sha256')
        filled = 0
      }
    },
    digests: (): Uint8Array => Buffer.concat(filled > 0 ? [...digests, sum.digest()] : digests),
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

async function readAll(file: FileHandle, length: number, position: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done)
    if (bytesRead === 0) throw damagedBlob('the file')
    done += bytesRead
  }
  return bytes
}

export interface OpenBlob {
  readonly stat: BlobStat
  /** Of each `CHUNK_BYTES`; null in a file of version 1. */
  readonly hashes: Uint8Array | null
  readonly file: FileHandle
}

/**
 * @returns null when there is no such file
 * @throws UpdateLogError `DAMAGED` when it does not say what it is, or is not as long as it says; `NEWER_VERSION`
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
    const { size } = await file.stat()
    if (size < HEADER_BYTES) throw damagedBlob(path)
    const said = decodeHeader(await readAll(file, HEADER_BYTES, 0))
    if (said === null) throw damagedBlob(path)
    if (said.version > 2) throw new UpdateLogError('NEWER_VERSION', `The blob ${path} was written by a newer version.`)
    const { type, bytes } = said
    const trailer = said.version === 1 ? 0 : Math.ceil(bytes / CHUNK_BYTES) * HASH_BYTES
    if (size !== HEADER_BYTES + bytes + trailer) throw damagedBlob(path)
    if (said.version === 1) return { stat: { bytes, type }, hashes: null, file }
    const hashes = await readAll(file, trailer, HEADER_BYTES + bytes)
    if (sumOf({ bytes, type }, hashes) !== said.sum) throw damagedBlob(path)
    return { stat: { bytes, type }, hashes, file }
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * Bytes `from` to `to` of the content, both included; none of them before the 64 KiB it lies in was checked. Closes the file.
 * @throws UpdateLogError `DAMAGED`
 */
export async function* readPart(
  { file, hashes, stat }: OpenBlob,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array> {
  try {
    for (let at = from - (from % CHUNK_BYTES); at <= to; at += CHUNK_BYTES) {
      const chunk = await readAll(file, Math.min(CHUNK_BYTES, stat.bytes - at), HEADER_BYTES + at)
      if (hashes !== null && !isChunk(chunk, hashes, at)) throw damagedBlob('the file')
      yield chunk.subarray(Math.max(0, from - at), to + 1 - at)
    }
  } finally {
    await file.close()
  }
}

/** Whether all of it is what its name says, and each part what is kept of it says. Leaves the file open. */
export async function isWhole({ file, stat, hashes }: OpenBlob, hash: string): Promise<boolean> {
  const sum = createHash('sha256')
  for (let at = 0; at < stat.bytes; at += CHUNK_BYTES) {
    const chunk = await readAll(file, Math.min(CHUNK_BYTES, stat.bytes - at), HEADER_BYTES + at)
    if (hashes !== null && !isChunk(chunk, hashes, at)) return false
    sum.update(chunk)
  }
  return sum.digest('hex') === hash
}

function isChunk(chunk: Uint8Array, hashes: Uint8Array, at: number): boolean {
  const place = (at / CHUNK_BYTES) * HASH_BYTES
  const expected = hashes.subarray(place, place + HASH_BYTES)
  return createHash('sha256').update(chunk).digest().compare(expected) === 0
}

/** How long its content is, as it says itself; of one that says nothing, as far as one can see. */
export async function contentBytes(path: string): Promise<number> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const said = size < HEADER_BYTES ? null : decodeHeader(await readAll(file, HEADER_BYTES, 0))
    return said?.bytes ?? Math.max(0, size - HEADER_BYTES)
  } finally {
    await file.close()
  }
}

function sumOf({ bytes, type }: BlobStat, hashes: Uint8Array): string {
  return createHash('sha256').update(`${type}\n${bytes}\n`).update(hashes).digest('hex')
}

function encodeHeader(stat: BlobStat, hashes: Uint8Array): Uint8Array {
  const { type, bytes } = stat
  const text = JSON.stringify({ holdfast: 'blob', version: 2, type, bytes, sum: sumOf(stat, hashes) })
  return new TextEncoder().encode(`${text.padEnd(HEADER_BYTES - 1)}\n`)
}

interface Header extends BlobStat {
  readonly version: number
  readonly sum: unknown
}

function decodeHeader(bytes: Uint8Array): Header | null {
  try {
    const said: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof said !== 'object' || said === null || !('type' in said) || !('bytes' in said)) return null
    const { type, bytes: length } = said
    const version = 'version' in said ? said.version : null
    if (typeof type !== 'string' || typeof length !== 'number' || typeof version !== 'number') return null
    return { type, bytes: length, version, sum: 'sum' in said ? said.sum : null }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null
    throw error
  }
}

export function damagedBlob(what: string): UpdateLogError {
  return new UpdateLogError('DAMAGED', `The blob in ${what} is damaged.`)
}
