import { BEFORE_WELCOME, CLOSE, DEFAULT_SYNC_LIMITS, encodeStep2, encodeUpdate, REFUSAL } from '@holdfast/protocol'
import { createMemoryBlobs } from '@holdfast/update-log/blobs'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { afterEach, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { createAccess, DEFAULT_LIMITS, type Limits, type RelayOptions } from '../../src/index.ts'
import { ask, hashOf } from '../blobs/ask.ts'
import { ManualClock, STEP1, writerDoc } from '../fakes.ts'
import { ADMIN, get, KEY, type RunningRelay, rawClient, startRelay, upgradeStatus } from '../helpers.ts'
import { hello, openFrame, SyncSocket } from './sync-socket.ts'
import { frame, TcpClient } from './tcp-client.ts'

let running: RunningRelay | null = null
const open: (() => void)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) close()
  await running?.stop()
  running = null
})

async function start(limits: Partial<Limits>, more: Partial<RelayOptions> = {}): Promise<RunningRelay> {
  running = await startRelay({ limits, ...more })
  return running
}

const stockPath = (token: string, document = 'chat'): string => `/yjs/default/${document}?token=${token}`
const isStep2 = (bytes: Uint8Array): boolean => bytes[0] === 0 && bytes[1] === 1
const CHAT = { space: 'default', document: 'chat' }

async function stockAt(port: number, token: string, document = 'chat') {
  const client = rawClient(`ws://127.0.0.1:${port}${stockPath(token, document)}`)
  open.push(() => client.socket.terminate())
  await client.opened
  return client
}

/** A refusal as the upgrade, or any other request, is answered. */
const no = (status: number, code: string, message: RegExp) => ({
  status,
  body: { error: { code, message: expect.stringMatching(message) } },
})

function refusals(at: RunningRelay, reason: string): number {
  const line = at.relay
    .metrics()
    .split('\n')
    .find((one) => one.startsWith(`holdfast_refusals_total{reason="${reason}"}`))
  return line === undefined ? 0 : Number(line.split(' ')[1])
}

describe('connections', () => {
  it('L2 over `connections` are told to come again', async () => {
    const at = await start({ connections: 1 })
    await stockAt(at.port, ADMIN)
    const expected = no(503, 'TOO_MANY_CONNECTIONS', /as many connections as it takes. Try again/)
    expect(await upgradeStatus(at.port, stockPath(ADMIN))).toEqual(expected)
    expect(await upgradeStatus(at.port, '/sync/default')).toEqual(expected)
    expect(refusals(at, 'TOO_MANY_CONNECTIONS')).toBe(2)
  })

  it('L3 over `connectionsPerToken` are told to come again, on both endpoints and the feed; another token is let in', async () => {
    const at = await start({ connectionsPerToken: 2 })
    const token = await at.token('write')
    const first = await stockAt(at.port, token)
    await SyncSocket.hello(at.port, token)
    const message = /This token has as many connections as it may/
    expect(await upgradeStatus(at.port, stockPath(token))).toEqual(no(503, 'TOO_MANY_FOR_TOKEN', message))
    const third = await SyncSocket.open(at.port)
    expect(await third.refusedHello(token)).toEqual({ code: CLOSE.BUSY, reason: expect.stringMatching(message) })
    const feed = await get(at.port, '/feed/default', { authorization: `Bearer ${token}` })
    expect({ status: feed.status, body: feed.body }).toEqual(no(503, 'TOO_MANY_FOR_TOKEN', message))
    expect(refusals(at, 'TOO_MANY_FOR_TOKEN')).toBe(3)
    await stockAt(at.port, await at.token('write'))
    first.socket.close()
    await first.closed
    await stockAt(at.port, token)
  })

  it('L4 over `connectionsPerAddress` are refused before anything is read of them', async () => {
    const at = await start({ connectionsPerAddress: 2 })
    await stockAt(at.port, ADMIN)
    await stockAt(at.port, ADMIN)
    expect(await upgradeStatus(at.port, stockPath(ADMIN))).toEqual(
      no(503, 'TOO_MANY_FROM_ADDRESS', /Your address has as many connections as it may/),
    )
    expect(refusals(at, 'TOO_MANY_FROM_ADDRESS')).toBe(1)
  })

  it('L4 the place of one that has gone is free again', async () => {
    const at = await start({ connectionsPerAddress: 1 })
    for (let i = 0; i < 5; i++) {
      const gone = new Promise((resolve) => at.server.once('connection', (socket) => socket.once('close', resolve)))
      const client = await stockAt(at.port, ADMIN)
      client.socket.close()
      await gone
    }
    expect(refusals(at, 'TOO_MANY_FROM_ADDRESS')).toBe(0)
  })

  it('L5 over `handshakes` are refused; who asks for something makes room', async () => {
    const at = await start({ handshakes: 2, headersWithin: 60_000 })
    const silent = [new TcpClient(at.port), new TcpClient(at.port)]
    open.push(() => {
      for (const { socket } of silent) socket.destroy()
    })
    await Promise.all(silent.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))))
    const third = new TcpClient(at.port)
    await third.closed
    expect(third.head).toContain('503')
    expect(JSON.parse(third.body)).toEqual(no(503, 'TOO_MANY_HANDSHAKES', /just beginning. Try again/).body)
    expect(refusals(at, 'TOO_MANY_HANDSHAKES')).toBe(1)
    await silent[0]!.upgrade(stockPath(ADMIN))
    expect(silent[0]!.head).toContain('101')
    await stockAt(at.port, ADMIN)
  })

  it('L5 a socket of /sync is in its handshake until its token was found good', async () => {
    const at = await start({ handshakesPerAddress: 1 })
    const first = await SyncSocket.open(at.port)
    await expect(SyncSocket.open(at.port)).rejects.toThrow('503')
    first.send(hello(ADMIN))
    await first.next('welcome')
    await SyncSocket.hello(at.port, ADMIN)
  })
})

describe('before a token is shown', () => {
  it('L6 a request whose headers do not come in time is ended', async () => {
    const at = await start({ headersWithin: 200 })
    const [silent, slow] = [new TcpClient(at.port), new TcpClient(at.port)]
    slow.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: a')
    await Promise.all([silent.closed, slow.closed])
    for (const { head, body } of [slow]) {
      expect(head).toContain('408')
      expect(JSON.parse(body)).toEqual(no(408, 'TOO_SLOW', /did not come in time/).body)
    }
    expect(refusals(at, 'TOO_SLOW')).toBeGreaterThan(0)
  })

  it('L7 headers that are too large are refused', async () => {
    const at = await start({ headerBytes: 4_096 })
    const client = new TcpClient(at.port)
    client.socket.write(`GET / HTTP/1.1\r\nHost: localhost:${at.port}\r\nX-Large: ${'a'.repeat(10_000)}\r\n\r\n`)
    await client.closed
    expect(client.head).toContain('431')
    expect(JSON.parse(client.body)).toEqual(no(431, 'HEADERS_TOO_LARGE', /headers of the request are too large/).body)
    expect(refusals(at, 'HEADERS_TOO_LARGE')).toBe(1)
  })

  it.each([
    ['no HTTP', 'hello\r\n\r\n'],
    [
      'two lengths',
      'POST /blobs/default HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n'],
    ['a header that is folded', 'GET / HTTP/1.1\r\nHost: localhost\r\n folded: yes\r\n\r\n'],
  ])('L7 %s is refused', async (_name, bytes) => {
    const at = await start({})
    const client = new TcpClient(at.port)
    client.socket.write(bytes)
    await client.closed
    expect(client.head).toContain('400')
    expect(JSON.parse(client.body)).toEqual(no(400, 'BAD_REQUEST', /no HTTP request/).body)
    expect(refusals(at, 'BAD_REQUEST')).toBe(1)
    expect((await get(at.port, '/healthz')).status).toBe(200)
  })

  it('L8 a peer of /sync that sends more than a piece is closed before it is put together', async () => {
    const at = await start({})
    const socket = await SyncSocket.open(at.port)
    socket.socket.send(new Uint8Array(64 * 1024 + 1))
    expect(await socket.closed).toEqual({ code: CLOSE.TOO_BIG, reason: 'a message is too big' })
    expect(refusals(at, 'TOO_BIG')).toBe(1)
  })

  it('L8 a stranger that sends more than 16 messages before its token is judged is closed, and nothing of it is done', async () => {
    const never = { ...createAccess({ key: KEY }), verify: () => new Promise<null>(() => undefined) }
    const at = await start({}, { access: never })
    const socket = await SyncSocket.open(at.port)
    socket.send(hello('x'), ...Array.from({ length: 15 }, (_, i) => openFrame(i + 1, `d${i}`)))
    await new Promise((resolve) => socket.socket.once('pong', resolve).ping())
    expect(socket.socket.readyState).toBe(socket.socket.OPEN)
    socket.send({ kind: 'message', channel: 1, bytes: encodeUpdate(writerDoc().updates[0] ?? Uint8Array.of(0, 0)) })
    const reason = 'more than 16 messages before the welcome: wait for it, then send the rest'
    expect(await socket.closed).toEqual({ code: CLOSE.TOO_EARLY, reason })
    expect(refusals(at, 'TOO_EARLY')).toBe(1)
    expect(at.relay.metrics()).toContain(`holdfast_closes_total{code="${CLOSE.TOO_EARLY}"} 1\n`)
    expect(at.relay.metrics()).toContain('holdfast_rooms 0\n')
    expect(await at.log.load({ space: 'default', document: 'd0' })).toBe(null)
  })

  it('L8 a good token does not help who does not wait, and `earlyMessages` is how many there are', async () => {
    const at = await start({ earlyMessages: 2 })
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'not stored')
    const edit = encodeUpdate(Y.encodeStateAsUpdate(doc))
    const early = await SyncSocket.open(at.port)
    early.send(hello(ADMIN), openFrame(1, 'chat'), { kind: 'message', channel: 1, bytes: edit })
    const reason = 'more than 2 messages before the welcome: wait for it, then send the rest'
    expect(await early.closed).toEqual({ code: CLOSE.TOO_EARLY, reason })
    expect(await at.log.load(CHAT)).toBe(null)
    const waits = await SyncSocket.open(at.port)
    waits.send(hello(ADMIN), openFrame(1, 'chat'))
    await waits.next('at')
    // Tokens that are shown on an open connection are judged too, and what comes meanwhile is no stranger's.
    waits.send(
      { kind: 'renew', token: ADMIN },
      ...Array.from({ length: 50 }, (_, id) => ({ kind: 'ping', id }) as const),
    )
    await waits.next('renewed')
    expect(refusals(at, 'TOO_EARLY')).toBe(1)
    waits.socket.terminate()
  })

  it('L8 who opens 15 documents behind its hello gets them all, however long its token takes', async () => {
    const verdict = Promise.withResolvers<void>()
    const access = createAccess({ key: KEY, adminToken: ADMIN })
    const slow = { ...access, verify: (token: string) => verdict.promise.then(() => access.verify(token)) }
    const at = await start({}, { access: slow })
    const socket = await SyncSocket.open(at.port)
    socket.send(hello(ADMIN), ...Array.from({ length: 15 }, (_, i) => openFrame(i + 1, `d${i}`)))
    await new Promise((resolve) => socket.socket.once('pong', resolve).ping())
    verdict.resolve()
    for (let i = 1; i <= 15; i++) expect(await socket.next('opened')).toMatchObject({ channel: i })
    socket.socket.terminate()
  })

  it.each([
    [64 * 1024, {}],
    [3_000, { earlyBytes: 3_000 }],
  ])('L8 more than %i bytes before the welcome close', async (most, limits) => {
    const never = { ...createAccess({ key: KEY }), verify: () => new Promise<null>(() => undefined) }
    const at = await start(limits, { access: never })
    const socket = await SyncSocket.open(at.port)
    const bytes = new Uint8Array(most / 2)
    socket.send(hello('x'), { kind: 'message', channel: 1, bytes })
    await new Promise((resolve) => socket.socket.once('pong', resolve).ping())
    expect(socket.socket.readyState).toBe(socket.socket.OPEN)
    socket.send({ kind: 'message', channel: 1, bytes })
    const reason = `more than ${most} bytes before the welcome: wait for it, then send the rest`
    expect(await socket.closed).toEqual({ code: CLOSE.TOO_EARLY, reason })
    expect(refusals(at, 'TOO_EARLY')).toBe(1)
    expect(await at.log.load(CHAT)).toBe(null)
  })

  it('L8 on the stock endpoint nothing is read before the token in the address is judged, and nothing that came is lost', async () => {
    const verdict = Promise.withResolvers<void>()
    const access = createAccess({ key: KEY, adminToken: ADMIN })
    const slow = { ...access, verify: (token: string) => verdict.promise.then(() => access.verify(token)) }
    const at = await start({}, { access: slow })
    const client = new TcpClient(at.port)
    open.push(() => client.socket.destroy())
    const upgraded = client.upgrade(stockPath(ADMIN))
    // No client of a browser can: it is told of the open socket first. One that writes on all the same is not harmed.
    const { doc, frames } = writerDoc()
    for (let i = 0; i < 200; i++) doc.getText('text').insert(i, 'x')
    await new Promise((resolve) => at.server.once('upgrade', resolve))
    client.send(...[...frames, STEP1].map((bytes) => frame(2, bytes)))
    expect(at.relay.metrics()).toContain('holdfast_peers 0\n')
    verdict.resolve()
    await upgraded
    await client.until(() => client.frames.some(({ payload }) => isStep2(payload)))
    const stored = new Y.Doc()
    for (const update of (await at.log.load(CHAT))?.updates ?? []) Y.applyUpdate(stored, update)
    expect(stored.getText('text').length).toBe(200)
  })

  it.each([
    [5_000, {}],
    [700, { helloWithin: 700 }],
  ])('L8 %i ms without a hello, or without a verdict on it, and it is closed', async (within, limits) => {
    const clock = new ManualClock()
    clock.time = Date.now()
    const never = { ...createAccess({ key: KEY }), verify: () => new Promise<null>(() => undefined) }
    const at = await start(limits, { access: never, clock })
    const [silent, waiting] = [await SyncSocket.open(at.port), await SyncSocket.open(at.port)]
    waiting.send(hello('x'))
    await new Promise((resolve) => waiting.socket.once('pong', resolve).ping())
    clock.pass(within - 1)
    expect(refusals(at, 'NO_HELLO')).toBe(0)
    clock.pass(1)
    for (const socket of [silent, waiting]) {
      expect(await socket.closed).toEqual({ code: CLOSE.NO_HELLO, reason: 'no hello came in time' })
    }
    expect(refusals(at, 'NO_HELLO')).toBe(2)
  })
})

describe('what one connection sends', () => {
  it('L9 a message over `messageBytes` closes it, and nothing of it is stored', async () => {
    const at = await start({ messageBytes: 10_000 })
    const client = await stockAt(at.port, ADMIN)
    const { doc, frames } = writerDoc()
    doc.getText('text').insert(0, 'x'.repeat(10_001))
    client.socket.send(frames[0]!)
    expect(await client.closed).toEqual({ code: CLOSE.TOO_BIG, reason: 'a message is too big' })
    expect(await at.log.load(CHAT)).toBe(null)
    expect(refusals(at, 'TOO_BIG')).toBe(1)
  })

  it.each([
    ['the stock endpoint', stockPath(ADMIN)],
    ['/sync', '/sync/default'],
  ])('L9 a message in more than `fragments` closes it, and nothing of it is stored, on %s', async (_name, path) => {
    const at = await start({ fragments: 3 })
    const client = await new TcpClient(at.port).upgrade(path)
    open.push(() => client.socket.destroy())
    const { doc, frames } = writerDoc()
    doc.getText('text').insert(0, 'in four parts')
    const [edit] = frames
    client.send(
      ...[0, 1, 2, 3].map((i) =>
        frame(i === 0 ? 2 : 0, edit!.subarray(i * 5, i === 3 ? edit!.length : i * 5 + 5), { fin: i === 3 }),
      ),
    )
    expect(await client.closed).toEqual({ code: CLOSE.TOO_BIG, reason: 'a message in too many fragments' })
    expect(refusals(at, 'TOO_BIG')).toBe(1)
    expect(await at.log.load(CHAT)).toBe(null)
  })

  it('L9 on /sync the same limit is that of a message in pieces', async () => {
    const at = await start({ messageBytes: 100_000 })
    const sync = await SyncSocket.open(at.port)
    sync.send(hello(ADMIN))
    expect((await sync.next('welcome')).limits).toEqual({ ...DEFAULT_SYNC_LIMITS, message: 100_000 })
    sync.send(openFrame(1, 'chat'))
    await sync.next('at')
    sync.send({ kind: 'piece', channel: 1, offset: 0, total: 100_001, bytes: new Uint8Array(60_000) })
    expect(await sync.closed).toEqual({ code: CLOSE.TOO_BIG, reason: expect.stringMatching(/./) })
    expect(refusals(at, 'TOO_BIG')).toBe(1)
    expect(await at.log.load(CHAT)).toBe(null)
  })

  it('L9 what is written of the limits is what they are', () => {
    expect(DEFAULT_LIMITS).toMatchObject({
      messageBytes: 64 * 1024 * 1024,
      fragments: 128,
      earlyMessages: 16,
      earlyBytes: 64 * 1024,
      helloWithin: 5_000,
      documentsPerConnection: 1_024,
      headersWithin: 5_000,
      headerBytes: 16 * 1024,
      connections: 10_000,
      connectionsPerAddress: 5_000,
      connectionsPerToken: 5_000,
      messageRate: 20_000,
      ratePatience: 10_000,
      spaceQuota: 0,
    })
    expect(BEFORE_WELCOME).toEqual({ bytes: 64 * 1024, frames: 16, ms: 5_000 })
  })

  it('L10 more channels than `documentsPerConnection` are refused by number', async () => {
    const at = await start({ documentsPerConnection: 24 })
    const socket = await SyncSocket.hello(at.port, ADMIN)
    socket.send(openFrame(25, 'chat'))
    expect(await socket.next('refused')).toMatchObject({
      channel: 25,
      code: REFUSAL.TOO_MANY_CHANNELS,
      text: 'channel numbers are 1 to 24',
    })
    expect(refusals(at, 'TOO_MANY_CHANNELS')).toBe(1)
    expect(await at.log.load(CHAT)).toBe(null)
    socket.socket.terminate()
  })

  it('L11 more messages a second than `messageRate` are read more slowly, and none is lost', async () => {
    const clock = new ManualClock()
    clock.time = Date.now()
    const at = await start({ messageRate: 100, ratePatience: 30_000, pingEvery: 3_600_000 }, { clock })
    const client = await stockAt(at.port, ADMIN)
    const { doc, frames } = writerDoc()
    for (let i = 0; i < 2_000; i++) doc.getText('text').insert(0, 'x'.repeat(100))
    for (const frame of frames) client.socket.send(frame)
    client.socket.send(STEP1)
    const done = client.message(isStep2)
    let isDone = false
    void done.then(() => {
      isDone = true
    })
    let seconds = 0
    while (!isDone) {
      seconds += 1
      clock.pass(1_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    // 2,000 at 100 a second, of which 200 may come at once, and what one read of the socket brings.
    expect(seconds).toBeGreaterThan(5)
    expect(at.relay.metrics()).toMatch(/holdfast_held_back_total\{reason="MESSAGE_RATE"\} [1-9]/)
    const stored = new Y.Doc()
    for (const update of (await at.log.load(CHAT))?.updates ?? []) Y.applyUpdate(stored, update)
    expect(stored.getText('text').length).toBe(200_000)
  })

  it('L11 the default does not hold back a client that sends 10,000 updates in a second', async () => {
    const at = await start({})
    const client = await stockAt(at.port, ADMIN)
    const { doc, frames } = writerDoc()
    for (let i = 0; i < 10_000; i++) doc.getText('text').insert(0, 'x')
    for (const frame of frames) client.socket.send(frame)
    client.socket.send(STEP1)
    await client.message(isStep2)
    expect(at.relay.metrics()).not.toContain('held_back_total{reason="MESSAGE_RATE"}')
  })
})

describe('what is stored', () => {
  const update = (text: string): Uint8Array => {
    const doc = new Y.Doc()
    doc.getText('text').insert(0, text)
    return Y.encodeStateAsUpdate(doc)
  }
  const text = async (at: RunningRelay, document = 'chat'): Promise<string> => {
    const doc = new Y.Doc()
    const loaded = await at.log.load({ space: 'default', document })
    if (loaded?.snapshot) Y.applyUpdate(doc, loaded.snapshot)
    for (const one of loaded?.updates ?? []) Y.applyUpdate(doc, one)
    return doc.getText('text').toString()
  }

  it.each<[string, Partial<Limits>, number, string]>([
    ['L12 a document over `documentBytes`', { documentBytes: 1_000 }, REFUSAL.DOCUMENT_FULL, 'DOCUMENT_FULL'],
    ['L13 a space over `spaceQuota`', { spaceQuota: 1_000 }, REFUSAL.SPACE_FULL, 'SPACE_FULL'],
  ])('%s takes no more edits, by update; reading goes on', async (_name, limits, code, reason) => {
    const at = await start(limits)
    const sync = await SyncSocket.hello(at.port, ADMIN)
    sync.send(openFrame(1, 'chat'))
    await sync.next('at')
    sync.send({ kind: 'message', channel: 1, bytes: encodeUpdate(update('a'.repeat(1_500))) })
    expect(await sync.next('ack')).toMatchObject({ upTo: 1, refused: [] })
    for (const [i, bytes] of [encodeUpdate(update('more')), encodeStep2(update('more'))].entries()) {
      sync.send({ kind: 'message', channel: 1, bytes })
      expect(await sync.next('ack')).toMatchObject({ upTo: i + 2, refused: [{ n: i + 2, code }] })
    }
    // What brings nothing new is settled as ever.
    const stored = (await at.log.load(CHAT))!.updates[0]!
    sync.send({ kind: 'message', channel: 1, bytes: encodeUpdate(stored) })
    expect(await sync.next('ack')).toMatchObject({ upTo: 4, refused: [] })
    const stock = await stockAt(at.port, ADMIN)
    stock.socket.send(encodeUpdate(update('more')))
    const denied = await stock.message((bytes) => bytes[0] === 2)
    expect(Buffer.from(denied).toString()).toMatch(/the edit was not stored: the (space|document) is full/)
    stock.socket.send(STEP1)
    const answer = await stock.message(isStep2)
    expect(answer.length).toBeGreaterThan(1_500)
    expect(await text(at)).toBe('a'.repeat(1_500))
    expect(refusals(at, reason)).toBe(3)
    sync.socket.terminate()
  })

  it('L12 other documents go on', async () => {
    const at = await start({ documentBytes: 1_000 })
    const full = await stockAt(at.port, ADMIN)
    full.socket.send(encodeUpdate(update('a'.repeat(1_500))))
    full.socket.send(STEP1)
    await full.message(isStep2)
    const other = await stockAt(at.port, ADMIN, 'other')
    other.socket.send(encodeUpdate(update('goes on')))
    other.socket.send(STEP1)
    await other.message(isStep2)
    expect(await text(at, 'other')).toBe('goes on')
  })

  it('L13 a space takes edits again when something was purged, or the quota was raised; files count', async () => {
    const log = createMemoryLog()
    const blobs = createMemoryBlobs({ now: Date.now })
    await log.append({ space: 'default', document: 'old' }, update('a'.repeat(600)))
    const at = await start({ spaceQuota: 2_000 }, { log, blobs })
    const put = (size: number) => {
      const body = new Uint8Array(size).fill(7)
      return ask(at, 'PUT', `/blobs/default/${hashOf(body)}`, {
        body,
        token: ADMIN,
        headers: { 'content-type': 'image/png' },
      })
    }
    expect((await put(1_600)).status).toBe(507)
    expect(JSON.parse(String((await put(1_600)).body))).toMatchObject({ error: { code: 'SPACE_FULL' } })
    expect(await blobs.totals('default')).toEqual({ count: 0, bytes: 0 })
    expect((await put(1_200)).status).toBe(201)
    const sync = await SyncSocket.hello(at.port, ADMIN)
    sync.send(openFrame(1, 'chat'))
    await sync.next('at')
    sync.send({ kind: 'message', channel: 1, bytes: encodeUpdate(update('b'.repeat(300))) })
    expect(await sync.next('ack')).toMatchObject({ refused: [] })
    sync.send({ kind: 'message', channel: 1, bytes: encodeUpdate(update('over')) })
    expect(await sync.next('ack')).toMatchObject({ refused: [{ n: 2, code: REFUSAL.SPACE_FULL }] })
    const { epoch = '' } = ((await log.stat({ space: 'default', document: 'old' })) ?? {}) as { epoch?: string }
    sync.send({ kind: 'purge', request: 1, document: 'old', epoch })
    await sync.next('done')
    sync.send({ kind: 'message', channel: 1, bytes: encodeUpdate(update('room again')) })
    const ack = await sync.next('ack')
    expect(ack).toMatchObject({ upTo: 3, refused: [] })
    sync.socket.terminate()
    await at.stop()
    running = await startRelay({ log, blobs, limits: { spaceQuota: 1_000 } })
    const full = await SyncSocket.hello(running.port, ADMIN)
    full.send(openFrame(1, 'chat'))
    await full.next('at')
    full.send({ kind: 'message', channel: 1, bytes: encodeUpdate(update('still over')) })
    expect(await full.next('ack')).toMatchObject({ refused: [{ n: 1, code: REFUSAL.SPACE_FULL }] })
    full.socket.terminate()
    await running.stop()
    running = await startRelay({ log, blobs, limits: { spaceQuota: 10_000 } })
    const raised = await SyncSocket.hello(running.port, ADMIN)
    raised.send(openFrame(1, 'chat'))
    await raised.next('at')
    raised.send({ kind: 'message', channel: 1, bytes: encodeUpdate(update('raised')) })
    expect(await raised.next('ack')).toMatchObject({ refused: [] })
    raised.socket.terminate()
  })
})
