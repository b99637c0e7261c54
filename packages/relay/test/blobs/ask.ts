import { createHash } from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { RunningRelay } from '../helpers.ts'

export const image = new Uint8Array(200_000).map((_, i) => i % 253)
export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
export const pathOf = (bytes: Uint8Array, space = 'default'): string => `/blobs/${space}/${hashOf(bytes)}`

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly code: unknown
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of response) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const isJson = body.length > 0 && response.headers['content-type']?.startsWith('application/json; charset')
  const json = isJson ? JSON.parse(String(body)) : null
  return { status: response.statusCode ?? 0, headers: response.headers, body, code: json?.error?.code ?? null }
}

/** One request, with a token that may write unless told otherwise. */
export async function ask(
  at: RunningRelay,
  method: string,
  path: string,
  options: { token?: string | null; headers?: Record<string, string>; body?: Uint8Array } = {},
): Promise<Answer> {
  const token = options.token === undefined ? await at.token() : options.token
  const headers = { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...options.headers }
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port: at.port, host: '127.0.0.1', path, method, headers })
    request.on('response', (response) => {
      read(response).then(resolve, reject)
    })
    request.on('error', reject)
    request.end(options.body)
  })
}

export const put = (at: RunningRelay, bytes: Uint8Array, type = 'image/png', more: Parameters<typeof ask>[3] = {}) =>
  ask(at, 'PUT', pathOf(bytes), { ...more, body: bytes, headers: { 'content-type': type, ...more.headers } })
