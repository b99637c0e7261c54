/** An error as it is kept in the message: a stable code, and a text that says what to do. */
export interface Explained {
  readonly code: string
  readonly message: string
}

interface Shape {
  readonly statusCode?: unknown
  readonly message?: unknown
  readonly name?: unknown
  readonly cause?: unknown
  readonly lastError?: unknown
}

const shapeOf = (error: unknown): Shape =>
  typeof error === 'object' && error !== null ? error : { message: String(error) }

/** A retry error wraps the last attempt's, which is the one that says something. */
function innermost(error: unknown): Shape {
  let shape = shapeOf(error)
  for (let depth = 0; depth < 4 && shape.lastError !== undefined; depth++) shape = shapeOf(shape.lastError)
  return shape
}

const byStatus: Readonly<Record<number, readonly [code: string, advice: string]>> = {
  400: ['BAD_REQUEST', 'The endpoint did not accept the request. Check the model name in Settings.'],
  401: ['UNAUTHORIZED', 'The endpoint did not accept the key. Put a valid API key into Settings and retry.'],
  402: ['PAYMENT', 'The endpoint says that the account has no credit left. Top it up, then retry.'],
  403: ['FORBIDDEN', 'The key is not allowed to use this model. Choose another model or key in Settings.'],
  404: [
    'NOT_FOUND',
    'The endpoint or the model does not exist. Check the address (it usually ends in /v1) and the model in Settings.',
  ],
  408: ['TIMEOUT', 'The endpoint took too long. Retry.'],
  413: [
    'TOO_LONG',
    'The conversation is too long for this model. Start a new one or choose a model with a larger context.',
  ],
  429: [
    'RATE_LIMITED',
    'The endpoint asks for patience (too many requests, or no quota left). Wait a little and retry.',
  ],
}

/** Turns whatever the AI SDK or the network threw into something a person can act on. `endpoint` is named in it. */
export function explainError(error: unknown, endpoint: string): Explained {
  const shape = innermost(error)
  const said = typeof shape.message === 'string' ? shape.message.trim() : ''
  const status = typeof shape.statusCode === 'number' ? shape.statusCode : undefined
  const quoted = said ? ` It said: “${said.slice(0, 300)}”.` : ''
  if (status !== undefined) {
    const known = byStatus[status]
    if (known) return { code: known[0], message: `${known[1]}${quoted}` }
    if (status >= 500)
      return { code: 'ENDPOINT_FAILED', message: `The endpoint failed (${status}). Retry in a moment.${quoted}` }
    return { code: `HTTP_${status}`, message: `The endpoint answered ${status}.${quoted} Check Settings and retry.` }
  }
  if (/failed to fetch|networkerror|load failed|cannot connect|econnrefused|fetch failed/i.test(said)) {
    return {
      code: 'UNREACHABLE',
      message: `${endpoint || 'The endpoint'} cannot be reached. Is it running, is this device online, and does it allow requests from this page (CORS; for Ollama set OLLAMA_ORIGINS)? Then retry.`,
    }
  }
  if (/interrupted|terminated|incomplete|premature/i.test(said)) {
    return {
      code: 'CUT_OFF',
      message: 'The endpoint stopped in the middle of its answer. What arrived is kept. Retry for a whole one.',
    }
  }
  return {
    code: 'FAILED',
    message: said
      ? `The answer failed: ${said.slice(0, 400)}. Retry, or check Settings.`
      : 'The answer failed for an unknown reason. Retry.',
  }
}
