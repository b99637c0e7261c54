import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CLOSE, encodeClientFrame } from '@holdfast/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAccess, openTokenLedger, type TokenLedger } from '../../src/index.ts'
import { ManualClock, STEP1, writerDoc } from '../fakes.ts'
import { ADMIN, get, KEY, type RunningRelay, rawClient, startRelay, upgradeStatus } from '../helpers.ts'
import { SyncSocket } from './sync-socket.ts'

let directory = ''
let running: RunningRelay | null = null
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-revoke-'))
})
afterEach(async () => {
  await running?.stop()
  running = null
  await rm(directory, { recursive: true })
})

async function start(): Promise<RunningRelay & { ledger: TokenLedger; clock: ManualClock }> {
  const ledger = await openTokenLedger({ directory, now: Date.now, mend: true })
  const access = createAccess({ key: KEY, adminToken: ADMIN, ledger })
  const clock = new ManualClock()
  clock.time = Date.now()
  running = await startRelay({ access, clock })
  return { ...running, ledger, clock }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const isStep2 = (bytes: Uint8Array): boolean => bytes[0] === 0 && bytes[1] === 1

describe('a token that is revoked', () => {
  it('A5 is cut on both endpoints and while it waits for the feed, within a second, by another process too', async () => {
    const { port, token, relay, clock } = await start()
    const made = await token('write', { spaces: ['default'] })
    const stock = rawClient(`ws://127.0.0.1:${port}/yjs/default/chat?token=${made}`)
    await stock.opened
    stock.socket.send(STEP1)
    await stock.message(isStep2)
    const sync = await SyncSocket.hello(port, made)
    const { head } = (await get(port, '/feed/default', bearer(made))).body as { head: number }
    const waiting = get(port, `/feed/default?after=${head}&wait=30`, bearer(made))
    // Another token of the same space, which goes on.
    const other = rawClient(`ws://127.0.0.1:${port}/yjs/default/chat?token=${ADMIN}`)
    await other.opened

    const elsewhere = await openTokenLedger({ directory, now: Date.now, mend: false })
    await elsewhere.revoke('t1')
    clock.pass(1_000)
    expect(await stock.closed).toEqual({ code: CLOSE.TOKEN_EXPIRED, reason: 'the token was revoked' })
    expect(await sync.closed).toEqual({ code: CLOSE.TOKEN_EXPIRED, reason: 'the token was revoked' })
    expect(await waiting).toMatchObject({ status: 401, body: { error: { code: 'BAD_TOKEN' } } })

    expect((await upgradeStatus(port, `/yjs/default/chat?token=${made}`)).status).toBe(401)
    expect((await (await SyncSocket.open(port, 'default')).refusedHello(made)).code).toBe(CLOSE.TOKEN_EXPIRED)
    expect((await get(port, '/feed/default', bearer(made))).status).toBe(401)
    other.socket.send(STEP1)
    await other.message(isStep2)
    expect(relay.metrics()).toContain('holdfast_refusals_total{reason="TOKEN_EXPIRED"} 3')
    other.socket.terminate()
  })

  it('A5 what it sent after that is stored nowhere', async () => {
    const { port, token, log, ledger } = await start()
    const stock = rawClient(`ws://127.0.0.1:${port}/yjs/default/chat?token=${await token('write')}`)
    await stock.opened
    stock.socket.send(STEP1)
    await stock.message(isStep2)
    await ledger.revoke('t1')
    const { doc, frames } = writerDoc()
    doc.getText('text').insert(0, 'too late')
    stock.socket.send(frames[0]!)
    expect((await stock.closed).code).toBe(CLOSE.TOKEN_EXPIRED)
    expect(await log.load({ space: 'default', document: 'chat' })).toBe(null)
  })

  it('A5 cuts a download in the middle', async () => {
    const { createMemoryBlobs } = await import('@holdfast/update-log/blobs')
    const ledger = await openTokenLedger({ directory, now: Date.now, mend: true })
    const inner = createMemoryBlobs({ now: Date.now })
    const reading = Promise.withResolvers<void>()
    const never = new Promise<void>(() => undefined)
    const blobs = {
      ...inner,
      read: async () => ({
        type: 'image/png',
        bytes: 10,
        content: (async function* () {
          yield new Uint8Array(5)
          reading.resolve()
          await never
        })(),
      }),
      stat: async () => ({ type: 'image/png', bytes: 10 }),
    }
    running = await startRelay({ blobs, access: createAccess({ key: KEY, adminToken: ADMIN, ledger }) })
    const answer = get(running.port, `/blobs/default/${'0'.repeat(64)}`, bearer(await running.token('read')))
    const cut = expect(answer).rejects.toThrow(/aborted|hang up|ECONNRESET/)
    await reading.promise
    await ledger.revoke('t1')
    await cut
  })

  it('A6 on an open socket another token may take its place: then the first one’s end does not matter, and the second’s does', async () => {
    const { port, token, ledger } = await start()
    const sync = await SyncSocket.hello(port, await token('write'))
    sync.send({ kind: 'renew', token: await token('read') })
    expect(await sync.next('renewed')).toMatchObject({ role: 'read' })
    await ledger.revoke('t1')
    sync.send({ kind: 'ping', id: 7 })
    expect(await sync.next('pong')).toMatchObject({ id: 7 })
    await ledger.revoke('t2')
    expect((await sync.closed).code).toBe(CLOSE.TOKEN_EXPIRED)
  })

  it.each([
    ['wrong', async () => 'wrong', CLOSE.TOKEN_EXPIRED],
    [
      'revoked',
      async ({ token, ledger }: Awaited<ReturnType<typeof start>>) => {
        const made = await token('write')
        await ledger.revoke('t2')
        return made
      },
      CLOSE.TOKEN_EXPIRED,
    ],
    [
      'expired',
      async ({ token }: RunningRelay) => token('write', { expires: Date.now() - 1_000 }),
      CLOSE.TOKEN_EXPIRED,
    ],
    ['of another space', async ({ token }: RunningRelay) => token('write', { spaces: ['team'] }), CLOSE.FORBIDDEN],
  ])('A6 a renewal with a token that is %s ends the connection', async (_name, make, code) => {
    const at = await start()
    const sync = await SyncSocket.hello(at.port, await at.token('write'))
    sync.socket.send(encodeClientFrame({ kind: 'renew', token: await make(at) }))
    expect((await sync.closed).code).toBe(code)
  })
})
