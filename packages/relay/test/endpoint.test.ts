import { connect as connectTcp } from 'node:net'
import { CLOSE, encodeUpdate } from '@holdfast/protocol'
import type { UpdateLog } from '@holdfast/update-log'
import { createMemoryFolder, createMemoryLog } from '@holdfast/update-log/memory'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { ManualClock, STEP1, textOf, writerDoc } from './fakes.ts'
import { ADMIN, get, type RunningRelay, rawClient, startRelay, upgradeStatus } from './helpers.ts'

let running: RunningRelay | null = null
afterEach(async () => {
  await running?.stop()
  running = null
})

async function start(...options: Parameters<typeof startRelay>): Promise<RunningRelay> {
  running = await startRelay(...options)
  return running
}

const isStep2 = (bytes: Uint8Array): boolean => bytes[0] === 0 && bytes[1] === 1
const url = (port: number, token: string, document = 'chat'): string =>
  `ws://127.0.0.1:${port}/yjs/default/${document}?token=${token}`

describe('refusals before the upgrade', () => {
  it.each<[string, string, Record<string, string>, number, string]>([
    ['no token', '/yjs/default/chat', {}, 401, 'NO_TOKEN'],
    ['a wrong token', '/yjs/default/chat?token=wrong', {}, 401, 'BAD_TOKEN'],
    ['an admin token cut short', `/yjs/default/chat?token=${ADMIN.slice(1)}`, {}, 401, 'BAD_TOKEN'],
    ['an unknown space', `/yjs/nowhere/chat?token=${ADMIN}`, {}, 404, 'UNKNOWN_SPACE'],
    ['a bad document name', `/yjs/default/a%20b?token=${ADMIN}`, {}, 404, 'BAD_NAME'],
    ['a name of two dots', `/yjs/default/..?token=${ADMIN}`, {}, 404, 'BAD_NAME'],
    ['a name of 129 characters', `/yjs/default/${'x'.repeat(129)}?token=${ADMIN}`, {}, 404, 'BAD_NAME'],
    ['an empty name', `/yjs/default/?token=${ADMIN}`, {}, 404, 'BAD_NAME'],
    ['a name with a NUL', `/yjs/default/a%00?token=${ADMIN}`, {}, 404, 'BAD_NAME'],
    ['a longer path', `/yjs/default/a/b?token=${ADMIN}`, {}, 404, 'BAD_PATH'],
    ['another path', `/other?token=${ADMIN}`, {}, 404, 'BAD_PATH'],
    ['a foreign Origin', `/yjs/default/chat?token=${ADMIN}`, { origin: 'https://evil.example' }, 403, 'FOREIGN_ORIGIN'],
    ['the Origin null', `/yjs/default/chat?token=${ADMIN}`, { origin: 'null' }, 403, 'FOREIGN_ORIGIN'],
    ['a foreign Host', `/yjs/default/chat?token=${ADMIN}`, { host: 'evil.example' }, 403, 'FOREIGN_HOST'],
    ['our name at another port', `/yjs/default/chat?token=${ADMIN}`, { host: 'localhost:1' }, 403, 'FOREIGN_HOST'],
    ['a Host that is checked first', '/yjs/nowhere/..', { host: 'evil.example' }, 403, 'FOREIGN_HOST'],
    ['a name that is checked before the token', '/yjs/default/..', {}, 404, 'BAD_NAME'],
    ['a token that is checked before the space', '/yjs/nowhere/chat', {}, 401, 'NO_TOKEN'],
  ])('%s', async (_name, path, headers, status, code) => {
    const { port, events } = await start()
    const answer = await upgradeStatus(port, path, headers)
    expect(answer).toEqual({ status, body: { error: { code, message: expect.any(String) } } })
    expect(events).toContainEqual({ event: 'refused', status, code, path: path.split('?')[0] })
    expect(JSON.stringify(events)).not.toContain(ADMIN.slice(1))
  })

  it('tokens of another space, of other documents, expired, of another key', async () => {
    const { port, token } = await start()
    const status = async (made: Promise<string>): Promise<number> =>
      (await upgradeStatus(port, `/yjs/default/chat?token=${await made}`)).status
    expect(await status(token('write', { spaces: ['team'] }))).toBe(403)
    expect(await status(token('write', { documents: ['other'] }))).toBe(403)
    expect(await status(token('write', { documents: ['chat'] }))).toBe(101)
    expect(await status(token('write', { expires: Date.now() - 1_000 }))).toBe(401)
    const tampered = (await token()).replace(/\.[^.]*$/, '.AAAA')
    expect(await status(Promise.resolve(tampered))).toBe(401)
    const none = `${btoa('{"alg":"none"}')}.${(await token()).split('.')[1]}.`
    expect(await status(Promise.resolve(none))).toBe(401)
  })

  it('our own names, addresses and origins are let in, and those we were given', async () => {
    const { port } = await start({
      publicUrl: 'https://chat.example.org',
      allowOrigins: ['https://app.example.org', 'vscode-webview://abc'],
      hosts: ['box.lan'],
    })
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await upgradeStatus(port, `/yjs/default/chat?token=${ADMIN}`, headers)).status
    for (const host of [
      `localhost:${port}`,
      `127.0.0.1:${port}`,
      `[::1]:${port}`,
      `box.lan:${port}`,
      'chat.example.org',
    ]) {
      expect(await status({ host }), host).toBe(101)
    }
    for (const origin of [
      `http://localhost:${port}`,
      `http://127.0.0.1:${port}`,
      'https://chat.example.org',
      'https://app.example.org',
      'vscode-webview://abc',
    ]) {
      expect(await status({ origin }), origin).toBe(101)
    }
    for (const origin of [
      'null',
      'vscode-webview://abd',
      'http://localhost:1',
      'http://app.example.org',
      'https://app.example.org.evil',
      `https://localhost:${port}`,
    ]) {
      expect(await status({ origin }), origin).toBe(403)
    }
    expect(await status({ host: 'box.lan' })).toBe(403)
    expect(await status({ authorization: `Bearer ${ADMIN}` })).toBe(101)
  })

  it('more connections than the limit are told to try again', async () => {
    const { port } = await start({ limits: { connections: 1 } })
    const first = rawClient(url(port, ADMIN))
    await first.opened
    const answer = await upgradeStatus(port, `/yjs/default/chat?token=${ADMIN}`)
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'TOO_MANY_CONNECTIONS' } } })
    first.socket.terminate()
  })
})

describe('bad input on an open connection', () => {
  it.each<[string, (socket: ReturnType<typeof rawClient>['socket']) => void, number]>([
    ['W6 garbage', (socket) => socket.send(Uint8Array.of(0, 2, 5, 1)), CLOSE.BAD_FRAME],
    ['W6 an empty message', (socket) => socket.send(Uint8Array.of()), CLOSE.BAD_FRAME],
    ['W6 an update that is none', (socket) => socket.send(encodeUpdate(Uint8Array.of(1, 2, 3))), CLOSE.BAD_FRAME],
    ['W6 a text frame', (socket) => socket.send('hello'), CLOSE.TEXT_FRAME],
    ['W6 an oversized message', (socket) => socket.send(new Uint8Array(10_001)), CLOSE.TOO_BIG],
  ])('%s closes that connection with its code; nothing is stored, others are unaffected', async (_name, send, code) => {
    const { port, log } = await start({ limits: { messageBytes: 10_000 } })
    const [bad, good] = [rawClient(url(port, ADMIN)), rawClient(url(port, ADMIN))]
    await Promise.all([bad.opened, good.opened])
    send(bad.socket)
    expect((await bad.closed).code).toBe(code)
    expect(await log.load({ space: 'default', document: 'chat' })).toBe(null)
    good.socket.send(STEP1)
    await good.message(isStep2)
    good.socket.terminate()
  })

  it.each<[string, number[], number]>([
    ['W6 reserved bits', [0xf2, 0x80, 0, 0, 0, 0], CLOSE.BAD_FRAME],
    ['W6 a reserved opcode', [0x83, 0x80, 0, 0, 0, 0], CLOSE.BAD_FRAME],
    ['W6 a long control frame', [0x89, 0xfe, 0, 126, 0, 0, 0, 0], CLOSE.BAD_FRAME],
    ['W6 a stray continuation', [0x80, 0x80, 0, 0, 0, 0], CLOSE.BAD_FRAME],
    ['W6 an unmasked frame', [0x82, 0x01, 0x00], CLOSE.BAD_FRAME],
    ['W6 a declared length beyond the limit', [0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], CLOSE.TOO_BIG],
  ])('%s breach RFC 6455: closed with our code, for good', async (_name, bytes, code) => {
    const { port } = await start()
    const answer = await rawBytes(port, `/yjs/default/chat?token=${ADMIN}`, Uint8Array.from(bytes))
    expect(answer).toBe(code)
  })

  it('W8 a token that ends closes the open connection, and what was sent before is stored', async () => {
    const clock = new ManualClock()
    clock.time = Date.now()
    const { port, token, log } = await start({ clock })
    const client = rawClient(url(port, await token('write', { expires: clock.time + 50_000 })))
    await client.opened
    const { doc, frames } = writerDoc()
    doc.getText('text').insert(0, 'in time')
    client.socket.send(frames[0]!)
    client.socket.send(STEP1)
    await client.message(isStep2)
    clock.pass(50_000)
    expect(await client.closed).toEqual({ code: CLOSE.TOKEN_EXPIRED, reason: 'the token has expired' })
    expect((await log.load({ space: 'default', document: 'chat' }))?.seq).toBe(1)
  })

  it('W8 a relay that ends says so, and stores what was sent', async () => {
    const relay = await start()
    const client = rawClient(url(relay.port, ADMIN))
    await client.opened
    const { doc, frames } = writerDoc()
    doc.getText('text').insert(0, 'last words')
    client.socket.send(frames[0]!)
    client.socket.send(STEP1)
    const answer = await client.message(isStep2)
    expect(textOf([answer])).toBe('last words')
    await relay.relay.close()
    expect((await client.closed).code).toBe(CLOSE.SHUTTING_DOWN)
    expect((await upgradeStatus(relay.port, `/yjs/default/chat?token=${ADMIN}`)).status).toBe(503)
  })

  it("W7 a client that stops reading leaves the relay's memory alone", async () => {
    const { port, relay } = await start({ limits: { waitingBytes: 100_000 } })
    const stopped = rawClient(url(port, ADMIN))
    await stopped.opened
    stopped.socket.send(STEP1)
    await stopped.message(isStep2)
    stopped.socket.pause()
    const writer = rawClient(url(port, ADMIN))
    await writer.opened
    const { doc, frames } = writerDoc()
    for (let i = 0; i < 400; i++) doc.getMap('m').set('k', 'z'.repeat(60_000))
    for (const frame of frames) writer.socket.send(frame)
    writer.socket.send(STEP1)
    await writer.message(isStep2)
    doc.getText('text').insert(0, 'caught up')
    writer.socket.send(frames.at(-1)!)
    stopped.socket.resume()
    await stopped.message(
      (bytes) =>
        bytes[0] === 0 &&
        bytes[1] === 2 &&
        textOf([...stopped.received.filter((m) => m[0] === 0 && m[1] !== 0)]) === 'caught up',
    )
    expect(relay.metrics()).toMatch(/holdfast_caught_up_total [1-9]/)
    writer.socket.terminate()
    stopped.socket.terminate()
  })
})

describe('HTTP', () => {
  const bearer = { authorization: `Bearer ${ADMIN}` }

  it('tells a page whether its token is good', async () => {
    const { port, token } = await start()
    expect(await get(port, '/access/default', bearer)).toMatchObject({
      status: 200,
      body: { space: 'default', role: 'admin', expires: null },
    })
    const expires = (Math.floor(Date.now() / 1000) + 60) * 1000
    const reader = { authorization: `Bearer ${await token('read', { expires })}` }
    expect((await get(port, '/access/team', reader)).body).toEqual({ space: 'team', role: 'read', expires })
    expect((await get(port, '/access/default')).status).toBe(401)
    expect((await get(port, '/access/default', { authorization: 'Bearer wrong' })).body).toEqual({
      error: { code: 'BAD_TOKEN', message: expect.any(String) },
    })
    expect((await get(port, '/access/nowhere', bearer)).status).toBe(404)
    expect((await get(port, '/access/default/more', bearer)).status).toBe(404)
    expect((await get(port, '/access/default', bearer, 'POST')).status).toBe(405)
    expect((await get(port, '/yjs/default/chat', bearer)).status).toBe(426)
  })

  it('W11 says with the feed whether what was told before counts: after a restart, and in an older copy put back', async () => {
    const folder = createMemoryFolder()
    const serve = async (log: UpdateLog): Promise<RunningRelay> => {
      const relay = await startRelay({ log })
      onTestFinished(() => relay.stop())
      return relay
    }
    const first = await serve(createMemoryLog({ folder }))
    const append = (log: UpdateLog, document: string): Promise<unknown> =>
      log.append({ space: 'default', document }, Uint8Array.of(0, 0))
    const ask = async (port: number, query: string): Promise<Record<string, unknown>> =>
      (await get(port, `/feed/default?${query}`, bearer)).body as Record<string, unknown>
    await append(first.log, 'a')
    const told = await ask(first.port, '')
    expect(told).toMatchObject({ incarnation: first.log.incarnation, history: first.log.history })
    expect(told).not.toHaveProperty('follows')
    const copy = folder.copy()
    await append(first.log, 'b')
    const later = await ask(first.port, '')
    expect(await ask(first.port, `after=${later.head}&history=${later.history}`)).toMatchObject({ follows: true })
    await first.log.close()
    const again = await serve(createMemoryLog({ folder }))
    const restored = await serve(createMemoryLog({ folder: copy }))
    for (const document of ['c', 'd', 'e']) await append(restored.log, document)
    const known = (page: Record<string, unknown>): string => `after=${page.head}&history=${page.history}`
    expect(await ask(again.port, known(later))).toMatchObject({ follows: true, history: again.log.history })
    expect(await ask(restored.port, known(told))).toMatchObject({ follows: true })
    expect(await ask(restored.port, known(later))).toMatchObject({ follows: false, history: restored.log.history })
    expect(await ask(restored.port, 'after=0&history=nobody.knows')).toMatchObject({ follows: false })
  })

  it('gives the feed of a space, by pages, one entry per document', async () => {
    const { port, log, token } = await start()
    const append = (document: string): Promise<unknown> =>
      log.append({ space: 'default', document }, Uint8Array.of(0, 0))
    await append('a')
    await append('b')
    await get(port, '/feed/default', bearer)
    await append('a')
    await append('c')
    const all = (await get(port, '/feed/default', bearer)).body as {
      head: number
      entries: { document: string; feed: number }[]
    }
    expect(all).toMatchObject({ incarnation: log.incarnation })
    expect(all.entries.map(({ document }) => document)).toEqual(['b', 'a', 'c'])
    const after = all.entries[0]!.feed
    const page = (await get(port, `/feed/default?after=${after}&limit=1`, bearer)).body
    expect(page).toMatchObject({ head: all.head, entries: [{ document: 'a', seq: 2, epoch: expect.any(String) }] })
    const only = { authorization: `Bearer ${await token('read', { documents: ['c'] })}` }
    expect((await get(port, '/feed/default?limit=1', only)).body).toMatchObject({ head: after, entries: [] })
    expect((await get(port, '/feed/default', only)).body).toMatchObject({
      head: all.head,
      entries: [{ document: 'c' }],
    })
    for (const query of ['after=-1', 'after=x', 'limit=0', 'limit=10001', 'wait=-1', 'wait=NaN']) {
      expect((await get(port, `/feed/default?${query}`, bearer)).status, query).toBe(400)
    }
  })

  it('a feed request may wait until something changes', async () => {
    const { port, log } = await start()
    const { head } = (await get(port, '/feed/default', bearer)).body as { head: number }
    const waiting = get(port, `/feed/default?after=${head}&wait=30`, bearer)
    const elsewhere = get(port, `/feed/team?after=${head}&wait=0.05`, bearer)
    expect((await elsewhere).body).toMatchObject({ entries: [] })
    await log.append({ space: 'default', document: 'new' }, Uint8Array.of(0, 0))
    expect((await waiting).body).toMatchObject({ entries: [{ document: 'new' }] })
  })

  it('answers pages of allowed origins, and no others', async () => {
    const { port } = await start({ allowOrigins: ['https://app.example.org'] })
    const origin = 'https://app.example.org'
    const preflight = await get(port, '/feed/default', { origin, 'access-control-request-method': 'GET' }, 'OPTIONS')
    expect(preflight.status).toBe(204)
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'authorization, content-type, range, if-range, if-match, if-none-match',
      vary: 'Origin',
    })
    expect((await get(port, '/access/default', { origin, ...bearer })).headers['access-control-allow-origin']).toBe(
      origin,
    )
    const foreign = await get(port, '/access/default', { origin: 'https://evil.example', ...bearer })
    expect([foreign.status, foreign.headers['access-control-allow-origin']]).toEqual([403, undefined])
    expect((await get(port, '/access/default', { host: 'evil.example', ...bearer })).status).toBe(403)
  })

  it('shows health, readiness and metrics', async () => {
    const { port, relay } = await start()
    expect((await get(port, '/healthz')).body).toEqual({ status: 'ok' })
    expect((await get(port, '/readyz')).body).toMatchObject({ status: 'ready' })
    await get(port, '/access/default')
    const metrics = String((await get(port, '/metrics')).body)
    expect(metrics).toContain('holdfast_refusals_total{reason="NO_TOKEN"} 1')
    expect(metrics).toMatch(/holdfast_append_seconds_bucket\{le="\+Inf"\} 0/)
    await relay.close()
    expect((await get(port, '/readyz')).status).toBe(503)
  })

  it('leaves other paths to the caller, but never to a foreign Host', async () => {
    const { port } = await start()
    expect((await get(port, '/')).status).toBe(404)
    expect(await get(port, '/', { host: 'evil.example' })).toMatchObject({
      status: 403,
      body: { error: { code: 'FOREIGN_HOST' } },
    })
  })
})

/** Upgrades, sends bytes that no client library would, and returns the code of the close frame that answers. */
function rawBytes(port: number, path: string, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(port, '127.0.0.1')
    let received = Buffer.alloc(0)
    let isOpen = false
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (!isOpen) {
        const end = received.indexOf('\r\n\r\n')
        if (end === -1) return
        isOpen = true
        received = received.subarray(end + 4)
        socket.write(bytes)
      }
      while (received.length >= 2 && received.length >= 2 + received[1]!) {
        if (received[0] === 0x88) {
          resolve(received.readUInt16BE(2))
          socket.destroy()
          return
        }
        received = received.subarray(2 + received[1]!)
      }
    })
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    )
  })
}
