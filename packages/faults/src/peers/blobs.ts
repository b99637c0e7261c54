import { createHash } from 'node:crypto'
import { ADMIN_TOKEN } from '../process/relay.ts'

const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }

/** @returns its name; rejects when the relay did not say that it has it */
export async function putBlob(url: string, bytes: Uint8Array, space = 'default'): Promise<string> {
  const hash = createHash('sha256').update(bytes).digest('hex')
  const response = await fetch(`${url}/blobs/${space}/${hash}`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': 'application/octet-stream' },
    body: Uint8Array.from(bytes),
  })
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`the blob was refused with ${response.status}`)
  return hash
}

/** @returns `whole` when it is there and is what its name says */
export async function getBlob(url: string, hash: string, space = 'default'): Promise<'whole' | 'wrong' | number> {
  const response = await fetch(`${url}/blobs/${space}/${hash}`, { headers })
  const bytes = new Uint8Array(await response.arrayBuffer())
  if (!response.ok) return response.status
  return createHash('sha256').update(bytes).digest('hex') === hash ? 'whole' : 'wrong'
}
