import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type BlobRange, type BlobRef, type BlobStat, type BlobStore, isUpdateLogError } from '@holdfast/update-log'
import { type Refusal, refusal } from '../refusal.ts'
import { isImage } from './media-type.ts'
import { readRange } from './range.ts'
import { DAMAGED, NOT_FOUND } from './refusals.ts'

/** Answers `GET` and `HEAD` of a blob. @returns why not, when nothing was answered yet */
export async function giveBlob(
  blobs: BlobStore,
  request: IncomingMessage,
  response: ServerResponse,
  ref: BlobRef,
): Promise<Refusal | null> {
  const stat = await blobs.stat(ref)
  if (stat === null) return NOT_FOUND
  const tag = `"${ref.hash}"`
  const headers = headersOf(ref, stat, tag)
  if (matches(request.headers['if-none-match'], tag)) {
    response.writeHead(304, headers).end()
    return null
  }
  // RFC 9110, 14.2: ranges are a matter of GET alone; If-Range compares strongly, and dates match nothing here.
  const ifRange = request.headers['if-range']
  const mayRange = request.method === 'GET' && (ifRange === undefined || ifRange === tag)
  const range = readRange(mayRange ? request.headers.range : undefined, stat.bytes)
  if (range === 'unsatisfiable') {
    response.setHeader('content-range', `bytes */${stat.bytes}`)
    return refusal(416, 'BLOB_RANGE', `The blob has ${stat.bytes} bytes.`)
  }
  const length = range === null ? stat.bytes : range.to - range.from + 1
  const all = { ...headers, 'content-type': stat.type, 'content-length': length }
  if (request.method === 'HEAD') {
    response.writeHead(200, all).end()
    return null
  }
  const content = await open(blobs, ref, range)
  if ('code' in content) return content
  if (range === null) response.writeHead(200, all)
  else response.writeHead(206, { ...all, 'content-range': `bytes ${range.from}-${range.to}/${stat.bytes}` })
  await send(content, response)
  return null
}

/** With its first part read, so that damage there is an answer and not a connection that breaks. */
async function open(
  blobs: BlobStore,
  ref: BlobRef,
  range: BlobRange | null,
): Promise<AsyncIterable<Uint8Array> | Refusal> {
  try {
    const found = await (range === null ? blobs.read(ref) : blobs.read(ref, range))
    if (found === null) return NOT_FOUND
    const parts = found.content[Symbol.asyncIterator]()
    const first = await parts.next()
    return rest(first, parts)
  } catch (error) {
    if (isUpdateLogError(error, 'DAMAGED')) return DAMAGED
    throw error
  }
}

async function* rest(first: IteratorResult<Uint8Array>, parts: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for (let part = first; part.done !== true; part = await parts.next()) yield part.value
  } finally {
    await parts.return?.()
  }
}

/** A read that fails in the middle ends the connection, so that nobody takes half of it for the whole. */
async function send(content: AsyncIterable<Uint8Array>, response: ServerResponse): Promise<void> {
  try {
    await pipeline(Readable.from(content), response)
  } catch (error) {
    response.destroy()
    // Whoever goes away in the middle has no wish any more.
    if (!isUpdateLogError(error)) return
    throw error
  }
}

function headersOf(ref: BlobRef, { type }: BlobStat, etag: string): Record<string, string> {
  return {
    etag,
    'accept-ranges': 'bytes',
    // It never changes, but only those with a token may have it.
    'cache-control': 'private, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'same-origin',
    'content-disposition': isImage(type) ? 'inline' : `attachment; filename="${ref.hash.slice(0, 16)}"`,
  }
}

function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag)
}
