import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAccess, openTokenLedger, type RelayOptions, sendJson, type TokenLedger } from '../src/index.ts'
import { ADMIN, get, KEY, type RunningRelay, startRelay } from './helpers.ts'

let directory = ''
let running: RunningRelay | null = null
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-admin-'))
})
afterEach(async () => {
  await running?.stop()
  running = null
  await rm(directory, { recursive: true })
})

const BEARER = { authorization: `Bearer ${ADMIN}` }
const FUTURE = Date.now() + 3_600_000

async function start(more: Partial<RelayOptions> = {}): Promise<RunningRelay & { ledger: TokenLedger }> {
  const ledger = await openTokenLedger({ directory, now: Date.now, mend: true })
  const access = createAccess({ key: KEY, adminToken: ADMIN, ledger })
  running = await startRelay({ access, ...more })
  return { ...running, ledger }
}

function send(port: number, method: string, path: string, body: string, headers: Record<string, string> = BEARER) {
  return new Promise<{ status: number; body: unknown }>((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', path, method, headers })
    request.on('response', async (response) => {
      let text = ''
      for await (const chunk of response) text += String(chunk)
      resolve({ status: response.statusCode ?? 0, body: text === '' ? null : JSON.parse(text) })
    })
    request.on('error', reject)
    request.end(body)
  })
}

describe('/admin/tokens', () => {
  it('A4 creates a token that works, lists it without showing it, and revokes it', async () => {
    const { port } = await start()
    const wish = { name: 'Nightly import', role: 'write', spaces: ['team'], documents: ['a'], expires: FUTURE }
    const made = await send(port, 'POST', '/admin/tokens', JSON.stringify(wish))
    expect(made).toMatchObject({ status: 201, body: { token: expect.any(String), record: { name: 'Nightly import' } } })
    const { token, record } = made.body as { token: string; record: { id: string } }
    const own = { authorization: `Bearer ${token}` }
    const expires = Math.floor(FUTURE / 1000) * 1000
    expect((await get(port, '/access/team', own)).body).toEqual({
      space: 'team',
      role: 'write',
      expires,
      documents: ['a'],
    })
    const listed = (await get(port, '/admin/tokens', BEARER)).body
    expect(listed).toEqual({
      tokens: [{ ...wish, id: record.id, created: expect.any(Number), expires, revoked: null }],
    })
    expect(JSON.stringify(listed)).not.toContain(token)
    expect((await send(port, 'DELETE', `/admin/tokens/${record.id}`, '')).body).toEqual({
      id: record.id,
      revoked: true,
    })
    expect((await send(port, 'DELETE', `/admin/tokens/${record.id}`, '')).body).toEqual({
      id: record.id,
      revoked: false,
    })
    expect(await get(port, '/access/team', own)).toMatchObject({
      status: 401,
      body: {
        error: { code: 'BAD_TOKEN', message: 'The token is wrong, has expired or was revoked. Ask for another.' },
      },
    })
  })

  it.each<[string, unknown, RegExp]>([
    ['no name', { name: '' }, /name/],
    ['a name of two lines', { name: 'a\nb' }, /name/],
    ['another role', { role: 'root' }, /role/],
    ['no space', { spaces: [] }, /spaces/],
    ['a space that is no name', { spaces: ['..'] }, /spaces/],
    ['documents that are no names', { documents: ['a/b'] }, /Documents/],
    ['no documents', { documents: [] }, /Documents/],
    ['an end in the past', { expires: 1_000 }, /future/],
    ['an end that is no time', { expires: 1e300 }, /future/],
  ])('A4 %s is refused, and nothing is recorded', async (_name, wrong, message) => {
    const { port, ledger } = await start()
    const wish = { name: 'x', role: 'read', spaces: '*', expires: FUTURE }
    const answer = await send(port, 'POST', '/admin/tokens', JSON.stringify(Object.assign(wish, wrong)))
    expect(answer).toEqual({
      status: 400,
      body: { error: { code: 'BAD_TOKEN_WISH', message: expect.stringMatching(message) } },
    })
    expect(ledger.list()).toEqual([])
  })

  it.each<[string, string, string, string, number, string]>([
    ['a body that is no JSON', 'POST', '/admin/tokens', '{', 400, 'BAD_BODY'],
    ['a body that is no object', 'POST', '/admin/tokens', '7', 400, 'BAD_BODY'],
    ['a body over 64 KiB', 'POST', '/admin/tokens', `"${'x'.repeat(70_000)}"`, 400, 'BAD_BODY'],
    ['an id that is none', 'DELETE', '/admin/tokens/%20', '', 404, 'NO_SUCH_TOKEN'],
    ['an id that cannot be decoded', 'DELETE', '/admin/tokens/%', '', 404, 'NO_SUCH_TOKEN'],
    ['another method', 'POST', '/admin/tokens/a', '', 405, 'BAD_METHOD'],
    ['a longer path', 'DELETE', '/admin/tokens/a/b', '', 404, 'BAD_PATH'],
    ['an operation that is not there', 'POST', '/admin/constructor', '', 404, 'BAD_PATH'],
    ['no operation', 'GET', '/admin', '', 404, 'BAD_PATH'],
  ])('A4 %s', async (_name, method, path, body, status, code) => {
    const { port, ledger } = await start()
    expect(await send(port, method, path, body)).toEqual({
      status,
      body: { error: { code, message: expect.any(String) } },
    })
    expect(ledger.list()).toEqual([])
  })

  it('A4 a relay without a ledger says so', async () => {
    running = await startRelay()
    expect((await get(running.port, '/admin/tokens', BEARER)).body).toMatchObject({ error: { code: 'NO_LEDGER' } })
  })
})

describe('/admin', () => {
  it('A4 is for admins of all spaces', async () => {
    const done: string[] = []
    const { port, token } = await start({
      operations: {
        tidy: async (request, response, rest) => {
          done.push(`${request.method} ${rest.join(' ')}`)
          sendJson(response, 200, { tidied: true })
          return null
        },
      },
    })
    const status = async (made: string): Promise<unknown[]> => {
      const { status, body } = await send(port, 'POST', '/admin/tidy/up', '', { authorization: `Bearer ${made}` })
      return [status, (body as { error: { code: string } }).error?.code]
    }
    expect(await status(await token('read'))).toEqual([403, 'ADMINS_ONLY'])
    expect(await status(await token('write'))).toEqual([403, 'ADMINS_ONLY'])
    expect(await status(await token('admin'))).toEqual([403, 'ADMINS_ONLY'])
    expect(await status(await token('admin', { spaces: '*', documents: ['a'] }))).toEqual([403, 'ADMINS_ONLY'])
    expect(await status('wrong')).toEqual([401, 'BAD_TOKEN'])
    expect((await send(port, 'POST', '/admin/tidy', '', {})).status).toBe(401)
    expect(done).toEqual([])
    expect(await status(await token('admin', { spaces: '*' }))).toEqual([200, undefined])
    expect(await status(ADMIN)).toEqual([200, undefined])
    expect(done).toEqual(['POST up', 'POST up'])
  })
})
