import { baseOf } from './connection/gate.ts'
import type { Environment } from './environment.ts'

/** A connection that breaks off is taken up again where it ended, this often. */
const RESUMES = 4

export interface BlobAddress {
  readonly url: string
  readonly token: string
}

export type BlobAnswer =
  | { readonly kind: 'found'; readonly bytes: Uint8Array; readonly type: string }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'offline' }

export type BlobRefusal = Exclude<BlobAnswer, { kind: 'found' }>

function spaceUrlOf(space: string, { url, token }: BlobAddress): string {
  return `${baseOf({ url, token })}/blobs/${encodeURIComponent(space)}`
}

function urlOf(space: string, address: BlobAddress, sha256: string): string {
  return `${spaceUrlOf(space, address)}/${sha256}`
}

/** Fetches a blob, going on by ranges when the connection breaks. What came is not checked here. */
export async function fetchBlob(
  space: string,
  address: BlobAddress,
  sha256: string,
  fetch: Environment['fetch'],
): Promise<BlobAnswer> {
  const chunks: Uint8Array[] = []
  let size = 0
  let type = 'application/octet-stream'
  for (let attempt = 0; attempt <= RESUMES; attempt++) {
    try {
      const response = await fetch(urlOf(space, address, sha256), {
        headers: {
          authorization: `Bearer ${address.token}`,
          ...(size > 0 ? { range: `bytes=${size}-` } : {}),
        },
      })
      if (!response.ok) return await refusalOf(response)
      if (size > 0 && response.status !== 206) {
        chunks.length = 0
        size = 0
      }
      type = response.headers.get('content-type') ?? type
      const reader = response.body?.getReader()
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
        chunks.push(part.value)
        size += part.value.length
      }
      return { kind: 'found', bytes: join(chunks, size), type }
    } catch {
      // Broken off: what has come is kept. With nothing at all, twice, the relay is away; once may be damage behind the first bytes,
      // which the second time is an answer.
      if (size === 0 && attempt > 0) return { kind: 'offline' }
    }
  }
  return { kind: 'offline' }
}

/** @param document a conversation that names it @returns null when the relay has it on its disk */
export async function uploadBlob(
  space: string,
  address: BlobAddress,
  sha256: string,
  blob: { readonly bytes: Uint8Array; readonly type: string },
  document: string | null,
  fetch: Environment['fetch'],
): Promise<BlobRefusal | null> {
  const url = `${urlOf(space, address, sha256)}${document === null ? '' : `?document=${encodeURIComponent(document)}`}`
  try {
    const response = await fetch(url, {
      method: 'PUT',
      headers: { authorization: `Bearer ${address.token}`, 'content-type': blob.type },
      body: blob.bytes as Uint8Array<ArrayBuffer>,
    })
    if (!response.ok) return await refusalOf(response)
    await response.body?.cancel()
    return null
  } catch {
    return { kind: 'offline' }
  }
}

/** `gone`: the conversation was deleted for good. `unsupported`: the relay is of an older version. */
export type TellAnswer =
  | ({ readonly kind: 'told'; readonly missing: readonly string[] } & Known)
  | { readonly kind: 'gone' | 'unsupported' | 'offline' | 'refused' }

/** What the relay says of how much it was told of references (SPEC-BLOBS). */
export interface Known {
  /** Up to where it was told now; `NO_TALLY` of a relay that does not say. */
  readonly tally: string
  /** It knows all that it had been told up to the tally it was asked about. */
  readonly holds: boolean
}

/** Of a relay of an older version: it is told everything again when it has another history (W11). No relay holds it. */
export const NO_TALLY = 'none'

/**
 * Tells the relay that a conversation refers to these blobs.
 * @param tally up to where it had been told before
 */
export async function tellReferences(
  space: string,
  address: BlobAddress,
  document: string,
  blobs: readonly string[],
  tally: string | null,
  fetch: Environment['fetch'],
): Promise<TellAnswer> {
  try {
    const asked = `?document=${encodeURIComponent(document)}${tally === null ? '' : `&tally=${tally}`}`
    const response = await fetch(`${spaceUrlOf(space, address)}${asked}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${address.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ blobs }),
    })
    if (response.status === 404 || response.status === 405) return { kind: 'unsupported' }
    if (response.status === 410) return { kind: 'gone' }
    if (response.status >= 500 || response.status === 401) return { kind: 'offline' }
    if (!response.ok) return { kind: 'refused' }
    const body: unknown = await response.json()
    const missing = hashesIn(body, 'missing')
    return missing === null ? { kind: 'unsupported' } : { kind: 'told', missing, ...knownIn(body) }
  } catch {
    return { kind: 'offline' }
  }
}

/** As many as the relay names at a time. */
export const WANTED_PAGE = 1_000

/** What conversations refer to and the relay does not have, in order, above `after`. `tally`: up to where it had been told before. */
export async function wantedBlobs(
  space: string,
  address: BlobAddress,
  after: string,
  tally: string | null,
  fetch: Environment['fetch'],
): Promise<(Known & { readonly wanted: readonly string[] }) | 'offline' | 'unsupported'> {
  try {
    const asked = `?wanted${after && `&after=${after}`}${tally === null ? '' : `&tally=${tally}`}`
    const response = await fetch(`${spaceUrlOf(space, address)}${asked}`, {
      headers: { authorization: `Bearer ${address.token}` },
    })
    if (response.status === 404 || response.status === 405) return 'unsupported'
    if (!response.ok) return 'offline'
    const body: unknown = await response.json()
    const wanted = hashesIn(body, 'wanted')
    return wanted === null ? 'unsupported' : { wanted, ...knownIn(body) }
  } catch {
    return 'offline'
  }
}

function knownIn(body: unknown): Known {
  const { tally, holds } = isRecord(body) ? body : {}
  if (typeof tally !== 'string' || typeof holds !== 'boolean') return { tally: NO_TALLY, holds: true }
  return { tally, holds }
}

function hashesIn(body: unknown, name: string): readonly string[] | null {
  const list = isRecord(body) ? body[name] : null
  return Array.isArray(list) ? list.filter((hash): hash is string => typeof hash === 'string') : null
}

async function refusalOf(response: Response): Promise<BlobRefusal> {
  const body: unknown = await response.json().catch(() => null)
  const error = isRecord(body) && isRecord(body.error) ? body.error : {}
  const code = typeof error.code === 'string' ? error.code : `HTTP_${response.status}`
  if (response.status === 404) return { kind: 'not-found' }
  // 5xx passes, but 507 not soon; 401 and 403 are the token's matter and are told by the connection.
  if ((response.status >= 500 && response.status !== 507) || response.status === 401) return { kind: 'offline' }
  const message = typeof error.message === 'string' ? error.message : `the relay answered ${response.status}`
  return { kind: 'refused', code, message }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
