import { expect, test } from 'vitest'
import { explainError } from '../src/answering/explain-error.ts'

test.each([
  [{ statusCode: 401, message: 'bad key' }, 'UNAUTHORIZED', 'Settings'],
  [{ statusCode: 404, message: 'model not found' }, 'NOT_FOUND', 'model not found'],
  [{ statusCode: 429, message: '' }, 'RATE_LIMITED', 'Wait'],
  [{ statusCode: 503, message: 'busy' }, 'ENDPOINT_FAILED', 'Retry'],
  [{ statusCode: 418, message: 'teapot' }, 'HTTP_418', 'teapot'],
  [{ message: 'retries', lastError: { statusCode: 403, message: 'no' } }, 'FORBIDDEN', 'key'],
  [new TypeError('Failed to fetch'), 'UNREACHABLE', 'http://here/v1'],
  [new Error('the stream was interrupted'), 'CUT_OFF', 'kept'],
  ['just words', 'FAILED', 'just words'],
  [undefined, 'FAILED', 'Retry'],
])('%j is %s and says what to do', (error, code, words) => {
  const explained = explainError(error, 'http://here/v1')
  expect(explained.code).toBe(code)
  expect(explained.message).toContain(words)
})
