import { randomUUID } from 'node:crypto'
import { createAccess } from '@holdfast/relay'
import type { Progress } from '@holdfast/update-log/upkeep'
import { Failure } from './failure.ts'

/** A relay that runs, asked over its `/admin`. */
export interface RelayClient {
  readonly url: string
  /** @throws Failure when it cannot be reached or says no */
  request(path: string, options?: RequestOptions): Promise<Response>
  /** An operation that tells how far it is in lines of JSON, and at last its result. */
  operate(path: string, body: unknown, options: OperateOptions): Promise<unknown>
}

interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly body?: unknown
  readonly signal?: AbortSignal
  /** An answer with this status is no failure. */
  readonly accept?: number
}

interface OperateOptions {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

const OWN_TOKEN_MS = 5 * 60_000

/** Tokens that the folder's own key signs, a fresh one for each request. */
export function ownTokens(key: Uint8Array, now: () => number): () => Promise<string> {
  const access = createAccess({ key, now })
  return () => access.sign({ spaces: '*', role: 'admin', expires: now() + OWN_TOKEN_MS, id: randomUUID() })
}

export function createRelayClient(url: string, token: () => Promise<string>): RelayClient {
  const root = url.replace(/\/$/, '')

  async function request(
    path: string,
    { method = 'GET', body, signal, accept }: RequestOptions = {},
  ): Promise<Response> {
    let response: Response
    try {
      response = await fetch(`${root}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await token()}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      })
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') throw error
      throw new Failure(
        `The relay at ${root} cannot be reached (${reasonOf(error)}); is it running, and is the address right?`,
        {
          cause: error,
        },
      )
    }
    if (response.ok || response.status === accept) return response
    throw new Failure(await refusalOf(root, response))
  }

  return {
    url: root,
    request,
    async operate(path, body, { signal, onProgress }) {
      const response = await request(path, { method: 'POST', body, signal })
      for await (const line of linesOf(response, root)) {
        if (typeof line !== 'object' || line === null) continue
        if ('progress' in line) onProgress(line.progress as Progress)
        if ('failed' in line) throw new Failure(String(line.failed))
        if ('result' in line) return line.result
      }
      throw stopped(root)
    },
  }
}

export function stopped(url: string): Failure {
  return new Failure(`The relay at ${url} stopped in the middle of it; try again.`)
}

async function* linesOf(response: Response, url: string): AsyncGenerator<unknown> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const part of response.body ?? []) {
      text += decoder.decode(part, { stream: true })
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) if (line !== '') yield JSON.parse(line)
    }
  } catch (error) {
    if (error instanceof TypeError) throw stopped(url)
    throw error
  }
}

async function refusalOf(url: string, response: Response): Promise<string> {
  const text = await response.text()
  let said = text.slice(0, 200)
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && 'error' in body) {
      const { error } = body
      if (typeof error === 'object' && error !== null && 'message' in error) said = String(error.message)
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  const hint =
    response.status === 401 || response.status === 403 ? ' It needs a token with the role admin for all spaces.' : ''
  return `The relay at ${url} says no (${response.status}): ${said}${hint}`
}

function reasonOf(error: unknown): string {
  let at: unknown = error
  let reason = 'unknown reason'
  for (let depth = 0; depth < 5 && at instanceof Error; depth += 1) {
    reason = 'code' in at && typeof at.code === 'string' ? at.code : at.message
    at = at.cause
  }
  return reason
}
