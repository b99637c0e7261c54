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

function urlOf(space: string, { url, token }: BlobAddress, sha256: string): string {
  return `${baseOf({ url, token })}/blobs/${encodeURIComponent(space)}/${sha256}`
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
      // Broken off: what has come is kept. With nothing at all the relay is away.
      if (size === 0) return { kind: 'offline' }
    }
  }
  return { kind: 'offline' }
}

/** @returns null when the relay has it on its disk */
export async function uploadBlob(
  space: string,
  address: BlobAddress,
  sha256: string,
  blob: { readonly bytes: Uint8Array; readonly type: string },
  fetch: Environment['fetch'],
): Promise<Exclude<BlobAnswer, { kind: 'found' }> | null> {
  try {
    const response = await fetch(urlOf(space, address, sha256), {
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

async function refusalOf(response: Response): Promise<Exclude<BlobAnswer, { kind: 'found' }>> {
  const body: unknown = await response.json().catch(() => null)
  const error = isRecord(body) && isRecord(body.error) ? body.error : {}
  const code = typeof error.code === 'string' ? error.code : `HTTP_${response.status}`
  if (response.status === 404) return { kind: 'not-found' }
  // 5xx passes; 401 and 403 are the token's matter and are told by the connection.
  if (response.status >= 500 || response.status === 401) return { kind: 'offline' }
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
