import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type AdminOperation, type Refusal, readJson, refusal, sendJson } from '@holdfast/relay'
import { type BlobStore, isUpdateLogError } from '@holdfast/update-log'
import type { LevelLog } from '@holdfast/update-log/level'
import {
  type BackupBase,
  backupItems,
  countFolder,
  encodeFailure,
  encodeItem,
  type Progress,
  verifyLog,
} from '@holdfast/update-log/upkeep'
import { compactAll } from './compact-all.ts'

const BAD_METHOD = refusal(405, 'BAD_METHOD', 'This method is not answered here.')
const BAD_PATH = refusal(404, 'BAD_PATH', 'There is nothing at this path.')
const BAD_BODY = refusal(400, 'BAD_BODY', 'The body is not what this operation takes.')

/** A base has some 200 bytes a document. */
const BASE_BYTES = 512 << 20
/** Whoever takes nothing of a backup for so long, in milliseconds, holds up the storage for nothing. */
const STALL_MS = 60_000

/**
 * What commands ask of a relay that has their folder open (`/admin/backup`, `/verify`, `/compact`, `/purge`, `/stats`): only one process
 * can have LevelDB open. The relay has looked at the token.
 */
export function createOperations(
  log: LevelLog,
  blobs: BlobStore,
  folderVersion: number,
): Readonly<Record<string, AdminOperation>> {
  const posted = (
    answer: (request: IncomingMessage, response: ServerResponse) => Promise<Refusal | null>,
  ): AdminOperation => {
    return async (request, response, rest) => {
      if (rest.length > 0) return BAD_PATH
      return request.method === 'POST' ? answer(request, response) : BAD_METHOD
    }
  }

  return {
    backup: posted(async (request, response) => {
      const base = await readBase(request)
      if (base === undefined) return BAD_BODY
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' })
      const gone = goneSignal(response)
      try {
        await log.snapshot(async (view, isWanted) => {
          const source = { store: blobs, directory: join(log.directory, 'blobs') }
          const isGoing = (): boolean => isWanted() && !gone.aborted
          for await (const item of backupItems(view, folderVersion, base, source, isGoing)) {
            await send(response, encodeItem(item), gone)
          }
        })
      } catch (error) {
        if (gone.aborted) return null
        if (!isUpdateLogError(error)) throw error
        await send(response, encodeFailure(error.message), gone)
      }
      response.end()
      return null
    }),

    verify: posted((request, response) =>
      inLines(request, response, async (_body, options) => verifyLog(log, blobs, options)),
    ),

    compact: posted((request, response) =>
      inLines(request, response, async (body, options) => {
        const { space, document } = namesIn(body)
        const what = { ...(space === null ? {} : { space }), ...(document === null ? {} : { document }) }
        return compactAll(log, what, options)
      }),
    ),

    purge: posted(async (request, response) => {
      const { space, document } = namesIn(await readJson(request))
      if (space === null || document === null) return BAD_BODY
      try {
        // Rooms and blobs hear of it by the commit.
        sendJson(response, 200, await log.purge({ space, document }))
        return null
      } catch (error) {
        if (isUpdateLogError(error, 'NOT_FOUND') || isUpdateLogError(error, 'BAD_NAME')) {
          return refusal(404, 'NO_SUCH_DOCUMENT', error.message)
        }
        throw error
      }
    }),

    async stats(request, response, rest) {
      if (rest.length > 0) return BAD_PATH
      if (request.method !== 'GET' && request.method !== 'HEAD') return BAD_METHOD
      sendJson(response, 200, await log.snapshot((view) => countFolder(view, blobs, 10)))
      return null
    },
  }
}

function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  return gone.signal
}

/** Waits for whoever reads, but not for ever. */
async function send(response: ServerResponse, bytes: Uint8Array | string, gone: AbortSignal): Promise<void> {
  if (gone.aborted) throw new DOMException('The other side is gone.', 'AbortError')
  if (response.write(bytes)) return
  const timer = setTimeout(() => response.destroy(), STALL_MS)
  try {
    await once(response, 'drain', { signal: gone })
  } finally {
    clearTimeout(timer)
  }
}

/** Progress as lines of JSON, at most some a second, then the result or why there is none. */
async function inLines(
  request: IncomingMessage,
  response: ServerResponse,
  run: (body: unknown, options: { signal: AbortSignal; onProgress: (progress: Progress) => void }) => Promise<unknown>,
): Promise<Refusal | null> {
  const body = await readJson(request)
  if (body === undefined) return BAD_BODY
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
  const signal = goneSignal(response)
  let last = 0
  const onProgress = (progress: Progress): void => {
    const now = performance.now()
    if (now - last < 100 && progress.done !== progress.total) return
    last = now
    response.write(`${JSON.stringify({ progress })}\n`)
  }
  try {
    const result = await run(body, { signal, onProgress })
    response.write(`${JSON.stringify({ result })}\n`)
  } catch (error) {
    if (signal.aborted) return null
    if (!isUpdateLogError(error)) throw error
    response.write(`${JSON.stringify({ failed: error.message })}\n`)
  }
  response.end()
  return null
}

function namesIn(body: unknown): { space: string | null; document: string | null } {
  if (typeof body !== 'object' || body === null) return { space: null, document: null }
  const { space, document } = body as Record<string, unknown>
  return {
    space: typeof space === 'string' ? space : null,
    document: typeof document === 'string' ? document : null,
  }
}

/** Undefined when it is none. What is in it decides only what is sent: at worst too much. */
async function readBase(request: IncomingMessage): Promise<BackupBase | null | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) return undefined
    bytes += chunk.length
    if (bytes > BASE_BYTES) return undefined
    chunks.push(chunk)
  }
  let body: unknown
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  if (typeof body !== 'object' || body === null || !('base' in body)) return undefined
  const { base } = body
  if (base === null) return null
  if (typeof base !== 'object' || !('point' in base) || !('documents' in base) || !Array.isArray(base.documents))
    return undefined
  return typeof base.point === 'object' && base.point !== null ? (base as BackupBase) : undefined
}
