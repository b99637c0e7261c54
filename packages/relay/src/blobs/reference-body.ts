import type { IncomingMessage } from 'node:http'
import { isBlobHash, MAX_REFERENCES } from '@holdfast/update-log'

const MAX_BYTES = 1024 * 1024

/** Reads `{"blobs":[...]}`; null for anything else, or more than is taken. */
export async function readReferences(request: IncomingMessage): Promise<readonly string[] | null> {
  const parts: Uint8Array[] = []
  let bytes = 0
  const body: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false })
  for await (const part of body) {
    bytes += part.length
    if (bytes > MAX_BYTES) return null
    parts.push(part)
  }
  const said = parsed(Buffer.concat(parts).toString('utf8'))
  if (typeof said !== 'object' || said === null || !('blobs' in said)) return null
  const { blobs } = said
  return isHashes(blobs) ? blobs : null
}

function isHashes(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_REFERENCES &&
    value.every((hash) => typeof hash === 'string' && isBlobHash(hash))
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
