import type { IncomingMessage, ServerResponse } from 'node:http'
import { type BlobRef, type BlobStore, isBlobHash, isUpdateLogError } from '@holdfast/update-log'
import { type Grant, reachesDocument } from '../access.ts'
import { bearerOf, type Gate } from '../gate.ts'
import type { Clock } from '../options.ts'
import type { Quota } from '../quota.ts'
import { BAD_PATH, queryOf, type Refusal, sendJson } from '../refusal.ts'
import { giveBlob } from './give.ts'
import { goingOn, StoodStillError } from './going-on.ts'
import type { BlobKeeper } from './keeper.ts'
import { readMediaType } from './media-type.ts'
import { readReferences } from './reference-body.ts'
import * as no from './refusals.ts'

/** Ends the answer when the token ends before it has, after calling `cut`. @returns false when that has happened already */
export type CutWithToken = (
  request: IncomingMessage,
  response: ServerResponse,
  grant: Grant,
  cut: () => void,
) => boolean

export interface BlobHttpOptions {
  readonly blobs: BlobStore
  readonly keeper: BlobKeeper
  readonly gate: Gate
  /** Largest blob, in bytes. */
  readonly limit: number
  readonly quota: Quota
  /** See `BlobKeeperOptions`. */
  readonly grace: number
  /** In which an upload has to end or to go on by 16 KiB, in milliseconds. */
  readonly unfinishedFor: number
  readonly clock: Clock
  /** Has `cut` called when the token ends before the answer has. */
  readonly cutWithToken: CutWithToken
  readonly refuse: (request: IncomingMessage, response: ServerResponse, why: Refusal) => void
}

export const BLOB_METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] as const

/** As many are named in one answer as wanted. */
const WANTED = 1_000

/** A request that was let in. */
interface Asked {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly space: string
  readonly document: string | null
  readonly grant: Grant
}

/** Answers `/blobs/<space>` and `/blobs/<space>/<sha256>`, see SPEC-BLOBS.md. */
export function createBlobHandler(
  options: BlobHttpOptions,
): (request: IncomingMessage, response: ServerResponse, rest: readonly string[]) => Promise<void> {
  const { blobs, keeper, gate, limit, quota, grace, unfinishedFor, clock, cutWithToken } = options
  const tooLarge = no.tooLarge(limit)
  const spaceFull = no.spaceFull(quota.bytes)

  return async (request, response, [space = '', hash]) => {
    const document = queryOf(request).get('document')
    const target = document === null ? { space } : { space, document }
    const admission = await gate.admit(target, bearerOf(request))
    const refuse = (why: Refusal): void => {
      // What is still coming of a body is not waited for.
      if (!request.complete) response.setHeader('connection', 'close')
      options.refuse(request, response, why)
    }
    if (admission.kind === 'refused') return refuse(admission.refusal)
    let isCut = false
    const cut = (): void => {
      isCut = true
    }
    if (!cutWithToken(request, response, admission.grant, cut)) return
    const asked: Asked = { request, response, space, document, grant: admission.grant }
    const why = await (hash === undefined ? answerSpace(asked) : answerBlob(asked, hash))
    // A client that is still sending may never see an answer in front of a closed connection.
    if (why !== null && why !== no.STOOD_STILL && !request.complete) await drain(request)
    if (why !== null && !isCut) refuse(why)
  }

  /** Takes what is still coming of a body and forgets it, up to so many bytes. */
  async function drain(request: IncomingMessage): Promise<void> {
    if (Number(request.headers['content-length'] ?? 0) > limit) return
    let bytes = 0
    try {
      for await (const part of goingOn(request.iterator({ destroyOnReturn: false }), unfinishedFor, clock)) {
        bytes += part.length
        if (bytes > limit) return
      }
    } catch (error) {
      // Whoever has gone away, or sends no more, needs no answer.
      if (!request.destroyed && !(error instanceof StoodStillError)) throw error
    }
  }

  async function answerBlob(asked: Asked, hash: string): Promise<Refusal | null> {
    if (!isBlobHash(hash)) return no.BAD_HASH
    const ref = { space: asked.space, hash }
    switch (asked.request.method) {
      case 'PUT':
        return take(asked, ref)
      case 'DELETE':
        return remove(asked, ref)
      case 'POST':
        return BAD_PATH
      default:
        return giveBlob(blobs, asked.request, asked.response, ref)
    }
  }

  async function answerSpace(asked: Asked): Promise<Refusal | null> {
    const { request, response, space, grant } = asked
    switch (request.method) {
      case 'POST':
        return refer(asked)
      case 'DELETE':
        if (grant.role !== 'admin') return no.ADMINS_ONLY
        sendJson(response, 200, await blobs.collect(space, grace))
        return null
      case 'PUT':
        return BAD_PATH
      default:
        if (queryOf(request).has('wanted')) {
          const known = await blobs.tally(space, queryOf(request).get('tally'))
          sendJson(response, 200, { wanted: await wanted(asked, queryOf(request).get('after') ?? ''), ...known })
        } else sendJson(response, 200, await blobs.totals(space))
        return null
    }
  }

  /** Whoever may see some documents only hears of their blobs only: who knows a hash can have the blob. */
  async function wanted({ space, grant }: Asked, after: string): Promise<readonly string[]> {
    if (grant.documents === undefined) return blobs.wanted(space, WANTED, after)
    const mine = new Set<string>()
    for (const { document, hashes } of await blobs.references(space)) {
      if (reachesDocument(grant, document)) for (const hash of hashes) mine.add(hash)
    }
    const missing: string[] = []
    for (const hash of [...mine].sort()) {
      if (hash > after && missing.length < WANTED && (await blobs.stat({ space, hash })) === null) missing.push(hash)
    }
    return missing
  }

  async function refer({ request, response, space, document, grant }: Asked): Promise<Refusal | null> {
    if (grant.role === 'read') return no.READ_ONLY
    const hashes = document === null ? null : await readReferences(request)
    if (document === null || hashes === null) return no.BAD_REFERENCES
    try {
      const told = await keeper.refer({ space, document }, hashes, queryOf(request).get('tally'))
      if (told === null) return no.PURGED
      sendJson(response, 200, told)
      return null
    } catch (error) {
      return refusalOf(error)
    }
  }

  async function take({ request, response, document, grant }: Asked, ref: BlobRef): Promise<Refusal | null> {
    if (grant.role === 'read') return no.READ_ONLY
    const type = readMediaType(request.headers['content-type'])
    if (type === null) return no.BAD_TYPE
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') return no.ENCODED
    if (Number(request.headers['content-length'] ?? 0) > limit) return tooLarge
    const referrer = document === null ? null : { space: ref.space, document }
    if (referrer !== null && (await keeper.isPurged(referrer))) return no.PURGED
    if (request.headers['if-match'] !== undefined && (await blobs.stat(ref)) === null) return no.ABSENT
    if (request.headers['if-none-match'] !== undefined && (await blobs.stat(ref)) !== null) return no.EXISTS
    try {
      // A body that is too long is answered, not cut off before the answer.
      const content = goingOn(request.iterator({ destroyOnReturn: false }), unfinishedFor, clock)
      const { created } = await blobs.put(ref, type, content, limit, {
        room: await quota.forBlobs(ref.space),
        ...(document === null ? {} : { document }),
      })
      if (created) quota.tookBlob(ref.space, (await blobs.stat(ref))?.bytes ?? 0)
      if (referrer !== null) await keeper.settle(referrer)
      if (!request.complete) request.resume()
      sendJson(response, created ? 201 : 200, { hash: ref.hash, created })
      return null
    } catch (error) {
      if (request.destroyed && !request.complete) return null
      return refusalOf(error)
    }
  }

  /** @throws what is none of the caller's making */
  function refusalOf(error: unknown): Refusal {
    if (error instanceof StoodStillError) return no.STOOD_STILL
    if (isUpdateLogError(error, 'HASH_MISMATCH')) return no.WRONG_HASH
    if (isUpdateLogError(error, 'TOO_LARGE')) return tooLarge
    if (isUpdateLogError(error, 'SPACE_FULL')) return spaceFull
    if (isUpdateLogError(error, 'STORAGE_FULL')) return no.DISK_FULL
    if (isUpdateLogError(error, 'TOO_MANY_REFERENCES')) return no.TOO_MANY_REFERENCES
    throw error
  }

  async function remove({ response, grant }: Asked, ref: BlobRef): Promise<Refusal | null> {
    if (grant.role !== 'admin') return no.ADMINS_ONLY
    if (!(await blobs.delete(ref))) return no.NOT_FOUND
    response.writeHead(204).end()
    return null
  }
}
