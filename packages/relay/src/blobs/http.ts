import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type BlobRef, type BlobStat, type BlobStore, isBlobHash, isUpdateLogError } from '@holdfast/update-log'
import type { Grant } from '../access.ts'
import { bearerOf, type Gate } from '../gate.ts'
import { BAD_PATH, type Refusal, refusal, sendJson } from '../refusal.ts'
import { isImage, readMediaType } from './media-type.ts'
import { readRange } from './range.ts'

export interface BlobHttpOptions {
  readonly blobs: BlobStore
  readonly gate: Gate
  /** Largest blob, in bytes. */
  readonly limit: number
  readonly refuse: (request: IncomingMessage, response: ServerResponse, why: Refusal) => void
}

export const BLOB_METHODS = ['GET', 'HEAD', 'PUT', 'DELETE'] as const

const NOT_FOUND = refusal(404, 'BLOB_NOT_FOUND', 'There is no such blob in this space.')
const BAD_HASH = refusal(404, 'BLOB_BAD_HASH', 'A blob is named by its SHA-256 in 64 lower-case hex digits.')
const READ_ONLY = refusal(403, 'READ_ONLY', 'This token may read and not write.')
const ADMINS_ONLY = refusal(403, 'ADMINS_ONLY', 'Only an admin may remove blobs.')
const BAD_TYPE = refusal(
  415,
  'BLOB_TYPE',
  'Blobs of this media type are not taken; application/octet-stream always is.',
)
const ENCODED = refusal(415, 'BLOB_ENCODED', 'Send the blob as it is, without a content encoding.')
const WRONG_HASH = refusal(422, 'BLOB_HASH', 'The content does not have the SHA-256 that names it. Nothing was kept.')
const EXISTS = refusal(412, 'BLOB_EXISTS', 'The blob is there already.')
const ABSENT = refusal(412, 'BLOB_ABSENT', 'There is no such blob to be matched.')
const FULL = refusal(507, 'STORAGE_FULL', 'The disk of the relay is full. Nothing was kept; try again later.')
const DAMAGED = refusal(500, 'BLOB_DAMAGED', 'What is stored is damaged and was set aside; put the blob again.')

/** Answers `/blobs/<space>` (what there is, as JSON) and `/blobs/<space>/<sha256>`. */
export function createBlobHandler(
  options: BlobHttpOptions,
): (request: IncomingMessage, response: ServerResponse, rest: readonly string[]) => Promise<void> {
  const { blobs, gate, limit, refuse } = options
  const tooLarge = refusal(413, 'BLOB_TOO_LARGE', `A blob has at most ${limit} bytes. Nothing was kept.`)

  return async (request, response, [space = '', hash]) => {
    const admission = await gate.admit({ space }, bearerOf(request))
    const no = (why: Refusal): void => {
      // What is still coming of a body is not waited for.
      if (!request.complete) response.setHeader('connection', 'close')
      refuse(request, response, why)
    }
    if (admission.kind === 'refused') return no(admission.refusal)
    const isReading = request.method === 'GET' || request.method === 'HEAD'
    if (hash === undefined) {
      if (isReading) sendJson(response, 200, await blobs.totals(space))
      else no(BAD_PATH)
      return
    }
    if (!isBlobHash(hash)) return no(BAD_HASH)
    const ref = { space, hash }
    const why = await (isReading
      ? give(request, response, ref)
      : request.method === 'PUT'
        ? take(request, response, ref, admission.grant)
        : remove(request, response, ref, admission.grant))
    if (why !== null) no(why)
  }

  async function give(request: IncomingMessage, response: ServerResponse, ref: BlobRef): Promise<Refusal | null> {
    const stat = await blobs.stat(ref)
    if (stat === null) return NOT_FOUND
    const tag = etag(ref)
    const headers = headersOf(ref, stat)
    if (matches(request.headers['if-none-match'], tag)) {
      response.writeHead(304, headers).end()
      return null
    }
    const ifRange = request.headers['if-range']
    const wanted = ifRange === undefined || ifRange === tag ? request.headers.range : undefined
    const range = readRange(wanted, stat.bytes)
    if (range === 'unsatisfiable') {
      response.setHeader('content-range', `bytes */${stat.bytes}`)
      return refusal(416, 'BLOB_RANGE', `The blob has ${stat.bytes} bytes.`)
    }
    const length = range === null ? stat.bytes : range.to - range.from + 1
    const all = { ...headers, 'content-type': stat.type, 'content-length': length }
    const found = request.method === 'HEAD' ? null : await open(ref, range)
    if (found === 'damaged') return DAMAGED
    if (range === null) response.writeHead(200, all)
    else response.writeHead(206, { ...all, 'content-range': `bytes ${range.from}-${range.to}/${stat.bytes}` })
    if (found === null) response.end()
    else await send(found, response)
    return null
  }

  async function open(ref: BlobRef, range: Parameters<BlobStore['read']>[1] | null) {
    try {
      return (await (range === null ? blobs.read(ref) : blobs.read(ref, range)))?.content ?? 'damaged'
    } catch (error) {
      if (isUpdateLogError(error, 'DAMAGED')) return 'damaged'
      throw error
    }
  }

  async function take(
    request: IncomingMessage,
    response: ServerResponse,
    ref: BlobRef,
    grant: Grant,
  ): Promise<Refusal | null> {
    if (grant.role === 'read') return READ_ONLY
    const type = readMediaType(request.headers['content-type'])
    if (type === null) return BAD_TYPE
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') return ENCODED
    if (Number(request.headers['content-length'] ?? 0) > limit) return tooLarge
    if (request.headers['if-match'] !== undefined && (await blobs.stat(ref)) === null) return ABSENT
    if (request.headers['if-none-match'] !== undefined && (await blobs.stat(ref)) !== null) return EXISTS
    try {
      // A body that is too long is answered, not cut off before the answer.
      const content: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false })
      const { created } = await blobs.put(ref, type, content, limit)
      if (!request.complete) request.resume()
      sendJson(response, created ? 201 : 200, { hash: ref.hash, created })
      return null
    } catch (error) {
      if (request.destroyed && !request.complete) return null
      if (isUpdateLogError(error, 'HASH_MISMATCH')) return WRONG_HASH
      if (isUpdateLogError(error, 'TOO_LARGE')) return tooLarge
      if (isUpdateLogError(error, 'STORAGE_FULL')) return FULL
      throw error
    }
  }

  async function remove(
    _request: IncomingMessage,
    response: ServerResponse,
    ref: BlobRef,
    grant: Grant,
  ): Promise<Refusal | null> {
    if (grant.role !== 'admin') return ADMINS_ONLY
    if (!(await blobs.delete(ref))) return NOT_FOUND
    response.writeHead(204).end()
    return null
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

function headersOf(ref: BlobRef, { type }: BlobStat): Record<string, string> {
  return {
    etag: etag(ref),
    'accept-ranges': 'bytes',
    // It never changes, but only those with a token may have it.
    'cache-control': 'private, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'same-origin',
    'content-disposition': isImage(type) ? 'inline' : `attachment; filename="${ref.hash.slice(0, 16)}"`,
  }
}

function etag({ hash }: BlobRef): string {
  return `"${hash}"`
}

function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag)
}
