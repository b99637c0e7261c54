import { createHash } from 'node:crypto'
import { ADMIN_TOKEN } from '../process/relay.ts'

const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }

/**
 * @param document refers to it
 * @returns its name; rejects when the relay did not say that it has it
 */
export async function putBlob(url: string, bytes: Uint8Array, document: string | null = null): Promise<string> {
  const referrer = document === null ? '' : `?document=${document}`
  const hash = createHash('sha256').update(bytes).digest('hex')
  const response = await fetch(`${url}/blobs/default/${hash}${referrer}`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': 'application/octet-stream' },
    body: Uint8Array.from(bytes),
  })
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`the blob was refused with ${response.status}`)
  return hash
}

/** @returns `whole` when it is there and is what its name says */
export async function getBlob(url: string, hash: string): Promise<'whole' | 'wrong' | number> {
  const response = await fetch(`${url}/blobs/default/${hash}`, { headers })
  const bytes = new Uint8Array(await response.arrayBuffer())
  if (!response.ok) return response.status
  return createHash('sha256').update(bytes).digest('hex') === hash ? 'whole' : 'wrong'
}
