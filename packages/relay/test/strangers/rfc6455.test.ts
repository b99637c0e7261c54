import { CLOSE, encodeStep1, encodeUpdate } from '@holdfast/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { ManualClock, STEP1, writerDoc } from '../fakes.ts'
import { ADMIN, type RunningRelay, rawClient, startRelay } from '../helpers.ts'
import { closing, frame, TcpClient } from './tcp-client.ts'

let running: RunningRelay | null = null
afterEach(async () => {
  await running?.stop()
  running = null
})

const TEXT = 1
const BINARY = 2
const CLOSING = 8
const PING = 9
const PONG = 10
const CONTINUATION = 0

const nothing = new Uint8Array()
const isStep2 = (bytes: Uint8Array): boolean => bytes[0] === 0 && bytes[1] === 1
const BREACH = { code: CLOSE.BAD_FRAME, reason: 'a breach of the WebSocket protocol' }
const edit = ((): Uint8Array => {
  const { doc, updates } = writerDoc()
  doc.getText('text').insert(0, 'an edit')
  return encodeUpdate(updates[0]!)
})()

/** What is sent after the handshake, and with what the connection is closed. An edit follows each: it must not be stored. */
const BREACHES: readonly [string, Buffer, { code: number; reason: string }][] = [
  ['reserved bit 1', frame(BINARY, edit, { reserved: 0x40 }), BREACH],
  ['reserved bit 2', frame(BINARY, edit, { reserved: 0x20 }), BREACH],
  ['reserved bit 3', frame(BINARY, edit, { reserved: 0x10 }), BREACH],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): (typeof BREACHES)[number] => [
    `the reserved opcode ${opcode}`,
    frame(opcode, nothing),
    BREACH,
  ]),
  ['a ping of 126 bytes', frame(PING, new Uint8Array(126)), BREACH],
  ['a pong of 126 bytes', frame(PONG, new Uint8Array(126)), BREACH],
  ['a close of 126 bytes', frame(CLOSING, closing(1000, new Uint8Array(124))), BREACH],
  ['a ping in fragments', frame(PING, nothing, { fin: false }), BREACH],
  ['a close in fragments', frame(CLOSING, nothing, { fin: false }), BREACH],
  ['a continuation of nothing', frame(CONTINUATION, edit), BREACH],
  [
    'a continuation after a message has ended',
    Buffer.concat([frame(BINARY, STEP1), frame(CONTINUATION, edit)]),
    BREACH,
  ],
  ['a message within a message', Buffer.concat([frame(BINARY, edit, { fin: false }), frame(BINARY, edit)]), BREACH],
  ['an unmasked frame', frame(BINARY, edit, { masked: false }), BREACH],
  ['an unmasked ping', frame(PING, nothing, { masked: false }), BREACH],
  ['text that is not UTF-8', frame(TEXT, Uint8Array.of(0xc3, 0x28)), BREACH],
  [
    'text that is not UTF-8, in fragments',
    Buffer.concat([frame(TEXT, Uint8Array.of(0xe2, 0x82), { fin: false }), frame(CONTINUATION, Uint8Array.of(0x28))]),
    BREACH,
  ],
  ['a close of one byte', frame(CLOSING, Uint8Array.of(3)), BREACH],
  ['a close with a reason that is not UTF-8', frame(CLOSING, closing(1000, Uint8Array.of(0xff))), BREACH],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map((code): (typeof BREACHES)[number] => [
    `the close code ${code}, which nobody may send`,
    frame(CLOSING, closing(code)),
    BREACH,
  ]),
  [
    'a length over 2^53',
    frame(BINARY, nothing, { length: Number.MAX_SAFE_INTEGER + 1, form: 64 }),
    { code: CLOSE.TOO_BIG, reason: 'a message is too big' },
  ],
  [
    'a length over the limit',
    frame(BINARY, nothing, { length: 64 * 1024 * 1024 + 1, form: 64 }),
    { code: CLOSE.TOO_BIG, reason: 'a message is too big' },
  ],
  [
    'fragments that come to more than the limit',
    Buffer.concat([
      frame(BINARY, nothing, { fin: false }),
      frame(CONTINUATION, nothing, { length: 64 * 1024 * 1024 + 1, form: 64 }),
    ]),
    { code: CLOSE.TOO_BIG, reason: 'a message is too big' },
  ],
  [
    '129 fragments',
    Buffer.concat([
      frame(BINARY, nothing, { fin: false }),
      ...Array.from({ length: 128 }, () => frame(CONTINUATION, nothing, { fin: false })),
    ]),
    { code: CLOSE.TOO_BIG, reason: 'a message in too many fragments' },
  ],
  [
    'text',
    frame(TEXT, new TextEncoder().encode('hello')),
    { code: CLOSE.TEXT_FRAME, reason: 'text frames are not part of the protocol' },
  ],
  ['an empty message', frame(BINARY, nothing), { code: CLOSE.BAD_FRAME, reason: expect.any(String) }],
]

/** What a client may do, though few do. */
const ALLOWED: readonly [string, Buffer][] = [
  [
    'a ping within a message',
    Buffer.concat([
      frame(BINARY, STEP1.subarray(0, 1), { fin: false }),
      frame(PING, nothing),
      frame(CONTINUATION, STEP1.subarray(1)),
    ]),
  ],
  ['an empty fragment', Buffer.concat([frame(BINARY, nothing, { fin: false }), frame(CONTINUATION, STEP1)])],
  ['a length longer than it need be', frame(BINARY, STEP1, { form: 64 })],
  ['a pong that nobody asked for', Buffer.concat([frame(PONG, nothing), frame(BINARY, STEP1)])],
  ['a ping of 125 bytes', Buffer.concat([frame(PING, new Uint8Array(125)), frame(BINARY, STEP1)])],
  [
    '128 fragments',
    Buffer.concat([
      frame(BINARY, STEP1, { fin: false }),
      ...Array.from({ length: 126 }, () => frame(CONTINUATION, nothing, { fin: false })),
      frame(CONTINUATION, nothing),
    ]),
  ],
]

describe.each(['/yjs/default/chat', '/sync/default'])('%s', (path) => {
  const isSync = path.startsWith('/sync')
  const address = isSync ? path : `${path}?token=${ADMIN}`

  it.each(BREACHES)('R1 %s closes that connection and nothing else', async (name, bytes, expected) => {
    running = await startRelay()
    const { port, log, relay } = running
    const honest = rawClient(`ws://127.0.0.1:${port}/yjs/default/chat?token=${ADMIN}`)
    await honest.opened
    const bad = await new TcpClient(port).upgrade(address)
    bad.send(bytes, frame(BINARY, edit))
    // On /sync a piece's worth is the most of one message, and what is no frame of it is garbage.
    const { code, reason } = await bad.closed
    if (!isSync || (expected === BREACH && !name.includes('after a message')))
      expect({ code, reason }).toEqual(expected)
    else expect(code).toBe(name === 'text' ? CLOSE.TEXT_FRAME : expected.code)
    honest.socket.send(STEP1)
    await honest.message(isStep2)
    expect(await log.load({ space: 'default', document: 'chat' })).toBe(null)
    const named = Object.entries(CLOSE).find(([, one]) => one === code)?.[0]
    expect(relay.metrics()).toContain(`holdfast_refusals_total{reason="${named}"} 1`)
    expect(honest.socket.readyState).toBe(honest.socket.OPEN)
    honest.socket.terminate()
  })

  it('R2 a message that is begun and not ended is cut, pings or not; one that goes on is not', async () => {
    const clock = new ManualClock()
    clock.time = Date.now()
    running = await startRelay({ clock, limits: { unfinishedFor: 10_000, pingEvery: 3_600_000 } })
    const slow = await new TcpClient(running.port).upgrade(address)
    const alive = await new TcpClient(running.port).upgrade(address)
    const honest = await new TcpClient(running.port).upgrade(`/yjs/default/chat?token=${ADMIN}`)
    const part = new Uint8Array(20_000)
    // The first bytes of a message of 60,000 each; one sends nothing more of it but pings, the other goes on slowly.
    const head = frame(BINARY, new Uint8Array(60_000)).subarray(0, 20_000)
    const pinged = async (client: TcpClient): Promise<void> => {
      const before = client.frames.length
      client.send(frame(PING, nothing))
      await client.until(() => client.frames.length > before)
    }
    slow.send(frame(BINARY, part, { fin: false }))
    alive.send(frame(BINARY, part, { fin: false }))
    expect(head.length).toBe(20_000)
    for (let i = 0; i < 2; i++) {
      await Promise.all([pinged(slow), pinged(alive)])
      // The hello of /sync has five seconds, so that its time is let pass in smaller steps there.
      clock.pass(isSync ? 2_000 : 6_000)
      alive.send(frame(CONTINUATION, part, { fin: false }))
    }
    if (isSync) {
      clock.pass(2_000)
      expect(await slow.closed).toEqual({ code: CLOSE.NO_HELLO, reason: 'no hello came in time' })
      return
    }
    await pinged(alive)
    clock.pass(6_000)
    expect(await slow.closed).toEqual({ code: CLOSE.STALLED, reason: 'a message was not finished' })
    expect(alive.frames.some(({ opcode }) => opcode === CLOSING)).toBe(false)
    honest.send(frame(BINARY, STEP1))
    await honest.until(() => honest.frames.some(({ payload }) => isStep2(payload)))
    expect(running.relay.metrics()).toContain('holdfast_refusals_total{reason="STALLED"} 1')
    expect(await running.log.load({ space: 'default', document: 'chat' })).toBe(null)
    alive.socket.destroy()
    honest.socket.destroy()
  })
})

describe('what the protocol allows', () => {
  it.each(ALLOWED)('R3 %s is taken', async (_name, bytes) => {
    running = await startRelay()
    const client = await new TcpClient(running.port).upgrade(`/yjs/default/chat?token=${ADMIN}`)
    client.send(bytes)
    await client.until(() => client.frames.some(({ opcode, payload }) => opcode === BINARY && isStep2(payload)))
    client.socket.destroy()
  })

  it('R3 a close is answered with its own code', async () => {
    running = await startRelay()
    for (const code of [1000, 1001, 1002, 1007, 1008, 1009, 1011, 3000, 4999]) {
      const client = await new TcpClient(running.port).upgrade(`/yjs/default/chat?token=${ADMIN}`)
      client.send(frame(CLOSING, closing(code)))
      expect((await client.closed).code).toBe(code)
    }
    expect(running.relay.metrics()).not.toContain('holdfast_refusals_total{reason=')
  })

  it('R4 compression is never agreed on, whatever is offered', async () => {
    running = await startRelay()
    for (const path of [`/yjs/default/chat?token=${ADMIN}`, '/sync/default']) {
      const offer = 'permessage-deflate; client_max_window_bits, x-webkit-deflate-frame'
      const client = await new TcpClient(running.port).upgrade(path, { 'sec-websocket-extensions': offer })
      expect(client.head).toContain('101')
      expect(client.head.toLowerCase()).not.toContain('sec-websocket-extensions')
      client.socket.destroy()
    }
  })

  it('R5 pings of one that reads nothing do not pile up: the last one is answered', async () => {
    running = await startRelay({ limits: { messageRate: 0 } })
    const client = await new TcpClient(running.port).upgrade(`/yjs/default/chat?token=${ADMIN}`)
    client.socket.pause()
    const pings = Array.from({ length: 20_000 }, () => frame(PING, new Uint8Array(125)))
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 5; i++) {
      client.send(...pings)
      await new Promise((resolve) => client.socket.write(Buffer.alloc(0), resolve))
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
    client.send(frame(PING, new TextEncoder().encode('last')))
    client.socket.resume()
    await client.until(() => Buffer.from(client.frames.at(-1)?.payload ?? []).toString() === 'last')
    expect(client.frames.filter(({ opcode }) => opcode === PONG).length).toBeLessThan(100_000)
    client.socket.destroy()
  })
})

describe('a handshake that is none', () => {
  it.each<[string, Record<string, string>, string]>([
    ['without a key', { 'sec-websocket-key': '' }, '400'],
    ['with a key that is too short', { 'sec-websocket-key': 'AAAA' }, '400'],
    ['of another version', { 'sec-websocket-version': '7' }, '400'],
    ['of another protocol', { upgrade: 'h2c' }, '400'],
  ])('R6 %s is refused', async (_name, headers, status) => {
    running = await startRelay()
    const client = await new TcpClient(running.port).upgrade(`/yjs/default/chat?token=${ADMIN}`, headers)
    expect(client.head).toContain(` ${status} `)
    await client.closed
    expect(await running.log.load({ space: 'default', document: 'chat' })).toBe(null)
  })
})

// Kept honest: what the breaches send after themselves would be stored if it were alone.
it('R1 the edit that follows each breach is a good one', async () => {
  running = await startRelay()
  const client = await new TcpClient(running.port).upgrade(`/yjs/default/chat?token=${ADMIN}`)
  client.send(frame(BINARY, edit), frame(BINARY, encodeStep1(Uint8Array.of(0))))
  await client.until(() => client.frames.some(({ payload }) => isStep2(payload)))
  expect((await running.log.load({ space: 'default', document: 'chat' }))?.seq).toBe(1)
  client.socket.destroy()
})
