import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** Why a request is not served. `code` is stable; `message` says what to do. */
export interface Refusal {
  readonly status: number
  readonly code: RefusalCode
  readonly message: string
}

export type RefusalCode =
  | 'FOREIGN_HOST'
  | 'FOREIGN_ORIGIN'
  | 'BAD_PATH'
  | 'BAD_NAME'
  | 'NO_TOKEN'
  | 'BAD_TOKEN'
  | 'FORBIDDEN'
  | 'UNKNOWN_SPACE'
  | 'BAD_METHOD'
  | 'BAD_QUERY'
  | 'UPGRADE_REQUIRED'
  | 'TOO_MANY_CONNECTIONS'
  | 'TOO_MANY_FROM_ADDRESS'
  | 'TOO_MANY_FOR_TOKEN'
  | 'TOO_MANY_HANDSHAKES'
  | 'BAD_REQUEST'
  | 'HEADERS_TOO_LARGE'
  | 'TOO_SLOW'
  | 'SPACE_FULL'
  | 'SHUTTING_DOWN'
  | 'INTERNAL'
  | 'READ_ONLY'
  | 'ADMINS_ONLY'
  | 'ISSUER_UNREACHABLE'
  | 'BAD_BODY'
  | 'BAD_TOKEN_WISH'
  | 'NO_LEDGER'
  | 'LEDGER_FAILED'
  | 'NO_SUCH_TOKEN'
  | 'STORAGE_FULL'
  | 'BLOB_NOT_FOUND'
  | 'BLOB_BAD_HASH'
  | 'BLOB_TYPE'
  | 'BLOB_ENCODED'
  | 'BLOB_HASH'
  | 'BLOB_TOO_LARGE'
  | 'BLOB_RANGE'
  | 'BLOB_EXISTS'
  | 'BLOB_ABSENT'
  | 'BLOB_DAMAGED'
  | 'BLOB_REFERENCES'
  | 'TOO_MANY_REFERENCES'
  | 'DOCUMENT_PURGED'
  | 'SPACE_FULL'
  | 'NO_SUCH_DOCUMENT'

export function refusal(status: number, code: RefusalCode, message: string): Refusal {
  return { status, code, message }
}

export const FOREIGN_HOST = refusal(
  403,
  'FOREIGN_HOST',
  'The relay is not known under this host name. See --host and --public-url.',
)
export const FOREIGN_ORIGIN = refusal(
  403,
  'FOREIGN_ORIGIN',
  'Pages of this origin may not use the relay. See --allow-origin.',
)
export const BAD_PATH = refusal(404, 'BAD_PATH', 'There is nothing at this path.')
export const BAD_NAME = refusal(404, 'BAD_NAME', 'A name is 1 to 128 of A-Z a-z 0-9 . _ ~ - and neither "." nor "..".')
export const NO_TOKEN = refusal(401, 'NO_TOKEN', 'A token is needed.')
export const BAD_TOKEN = refusal(401, 'BAD_TOKEN', 'The token is wrong, has expired or was revoked. Ask for another.')
export const FORBIDDEN = refusal(403, 'FORBIDDEN', 'The token does not reach this.')
export const ADMINS_ONLY = refusal(403, 'ADMINS_ONLY', 'Only an admin of all spaces may do this.')
export const ISSUER_UNREACHABLE = refusal(
  503,
  'ISSUER_UNREACHABLE',
  "The keys of the token's issuer cannot be fetched. Try again.",
)
export const UNKNOWN_SPACE = refusal(404, 'UNKNOWN_SPACE', 'There is no such space.')
export const BAD_METHOD = refusal(405, 'BAD_METHOD', 'This method is not answered here.')
export const UPGRADE_REQUIRED = refusal(426, 'UPGRADE_REQUIRED', 'This is a WebSocket address.')
export const TOO_MANY = refusal(
  503,
  'TOO_MANY_CONNECTIONS',
  'The relay has as many connections as it takes. Try again.',
)
export const TOO_MANY_FROM_ADDRESS = refusal(
  503,
  'TOO_MANY_FROM_ADDRESS',
  'Your address has as many connections as it may. Close some, or try again.',
)
export const TOO_MANY_FOR_TOKEN = refusal(
  503,
  'TOO_MANY_FOR_TOKEN',
  'This token has as many connections as it may. Close some, or try again.',
)
export const TOO_MANY_HANDSHAKES = refusal(
  503,
  'TOO_MANY_HANDSHAKES',
  'Too many connections are just beginning. Try again.',
)
export const BAD_REQUEST = refusal(400, 'BAD_REQUEST', 'This is no HTTP request.')
export const HEADERS_TOO_LARGE = refusal(431, 'HEADERS_TOO_LARGE', 'The headers of the request are too large.')
export const TOO_SLOW = refusal(408, 'TOO_SLOW', 'The request did not come in time.')
export const SHUTTING_DOWN = refusal(503, 'SHUTTING_DOWN', 'The relay is ending. Try again.')
export const INTERNAL = refusal(500, 'INTERNAL', 'Something went wrong in the relay. Its log says more.')

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}

export function sendRefusal(response: ServerResponse, { status, code, message }: Refusal): void {
  if (status === 401) response.setHeader('www-authenticate', 'Bearer')
  sendJson(response, status, { error: { code, message } })
}

/** Answers an upgrade that is refused, on the bare socket. */
export function refuseUpgrade(socket: Duplex, { status, code, message }: Refusal): void {
  const body = `${JSON.stringify({ error: { code, message } })}\n`
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
    ...(status === 401 ? ['www-authenticate: Bearer'] : []),
  ]
  socket.on('error', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** A JWT, wherever somebody put it. */
const TOKEN = /[\w-]{10,}\.[\w-]{10,}\.[\w-]*/g

/** As much of a path as is worth a line in a log. */
export function loggedPath(request: IncomingMessage): string {
  return pathOf(request).slice(0, 2_000).replace(TOKEN, '[token]').slice(0, 300)
}

/** The request's path, without its query, which may hold a token. */
export function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/'
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

export function queryOf(request: IncomingMessage): URLSearchParams {
  const url = request.url ?? '/'
  const start = url.indexOf('?')
  return new URLSearchParams(start === -1 ? '' : url.slice(start + 1))
}
