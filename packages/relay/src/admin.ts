import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Access, BadTokenWishError, type TokenWish } from './access.ts'
import { bearerOf, type Gate } from './gate.ts'
import { BAD_METHOD, BAD_PATH, type Refusal, refusal, sendJson } from './refusal.ts'
import { TokenLedgerError } from './tokens/ledger-error.ts'
import { isTokenId } from './tokens/record.ts'

/**
 * Answers `/admin/<name>` and what is below it, for an admin of all spaces: the token has been looked at.
 * @param rest the path's segments after the name, as they were sent
 * @returns a refusal to be sent, or null when it has answered
 */
export type AdminOperation = (
  request: IncomingMessage,
  response: ServerResponse,
  rest: readonly string[],
) => Promise<Refusal | null>

export interface AdminOptions {
  readonly gate: Gate
  readonly access: Access
  readonly operations: Readonly<Record<string, AdminOperation>>
  readonly refuse: (request: IncomingMessage, response: ServerResponse, why: Refusal) => void
}

export const ADMIN_METHODS = ['GET', 'HEAD', 'POST', 'DELETE'] as const

/** Largest body of a request, in bytes. */
const BODY_BYTES = 64 * 1024

const BAD_BODY = refusal(400, 'BAD_BODY', 'The body is JSON of at most 64 KiB.')
const NO_LEDGER = refusal(404, 'NO_LEDGER', 'This relay keeps no record of tokens.')
const NO_SUCH_TOKEN = refusal(404, 'NO_SUCH_TOKEN', 'A token id is 1 to 128 printable characters.')

/** Answers `/admin/tokens`, `/admin/tokens/<id>`, and the operations handed in. */
export function createAdminHandler(
  options: AdminOptions,
): (request: IncomingMessage, response: ServerResponse, path: readonly string[]) => Promise<void> {
  const { gate, access, refuse } = options
  const operations: Readonly<Record<string, AdminOperation>> = { ...options.operations, tokens: answerTokens }

  return async (request, response, [name = '', ...rest]) => {
    const no = (why: Refusal): void => {
      // What is still coming of a body is not waited for.
      if (!request.complete) response.setHeader('connection', 'close')
      refuse(request, response, why)
    }
    const admission = await gate.admitAdmin(bearerOf(request))
    if (admission.kind === 'refused') return no(admission.refusal)
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined
    const why = operation === undefined ? BAD_PATH : await operation(request, response, rest)
    if (why !== null) no(why)
  }

  async function answerTokens(
    request: IncomingMessage,
    response: ServerResponse,
    rest: readonly string[],
  ): Promise<Refusal | null> {
    try {
      return await tokens(request, response, rest)
    } catch (error) {
      if (error instanceof TokenLedgerError) return refusal(503, 'LEDGER_FAILED', error.message)
      throw error
    }
  }

  /** `GET` lists, `POST` creates, `DELETE /<id>` revokes. */
  async function tokens(
    request: IncomingMessage,
    response: ServerResponse,
    rest: readonly string[],
  ): Promise<Refusal | null> {
    const { ledger } = access
    if (ledger === null) return NO_LEDGER
    const [encoded, ...more] = rest
    if (more.length > 0) return BAD_PATH
    if (encoded !== undefined) {
      if (request.method !== 'DELETE') return BAD_METHOD
      const id = decoded(encoded)
      if (!isTokenId(id)) return NO_SUCH_TOKEN
      sendJson(response, 200, { id, revoked: await ledger.revoke(id) })
      return null
    }
    switch (request.method) {
      case 'GET':
      case 'HEAD':
        await ledger.refresh()
        sendJson(response, 200, { tokens: ledger.list() })
        return null
      case 'POST':
        return createToken(request, response)
      default:
        return BAD_METHOD
    }
  }

  async function createToken(request: IncomingMessage, response: ServerResponse): Promise<Refusal | null> {
    const body = await readJson(request)
    if (typeof body !== 'object' || body === null) return BAD_BODY
    try {
      // Every field is looked at in there.
      sendJson(response, 201, await access.create(body as TokenWish))
      return null
    } catch (error) {
      if (error instanceof BadTokenWishError) return refusal(400, 'BAD_TOKEN_WISH', error.message)
      throw error
    }
  }
}

/** The body as JSON, or undefined when it is none or too long. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) return undefined
    bytes += chunk.length
    if (bytes > BODY_BYTES) return undefined
    chunks.push(Buffer.from(chunk))
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}
