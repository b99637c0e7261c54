import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CLOSE, encodeClientFrame, type HelloFrame, REFUSAL } from '@holdfast/protocol'
import type { UpdateLog } from '@holdfast/update-log'
import { openLevelLog } from '@holdfast/update-log/level'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { afterEach, describe, expect, it } from 'vitest'
import { createAccess } from '../../src/index.ts'
import { ManualClock } from '../fakes.ts'
import { ADMIN, get, KEY, type RunningRelay, rawClient, upgradeStatus } from '../helpers.ts'
import { Copy, type Device } from './driver.ts'
import { deviceAt, relayFor } from './house.ts'

const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function levelLog(): Promise<UpdateLog> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bad-'))
  folders.push(directory)
  return openLevelLog({ directory })
}

const HELLO: HelloFrame = {
  kind: 'hello',
  minVersion: 1,
  maxVersion: 1,
  client: 'w',
  agent: 'test',
  token: ADMIN,
  incarnation: '',
  cursor: 0,
}
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const piece = (channel: number, offset: number, total: number, size: number): Uint8Array =>
  encodeClientFrame({ kind: 'piece', channel, offset, total, bytes: new Uint8Array(size) })

/** Frames of a device that has document `chat` open on channel 1, and what becomes of its connection. */
const BROKEN: [string, Uint8Array[], number, RegExp][] = [
  ['an unknown frame', [bytes(31)], CLOSE.BAD_FRAME, /unknown frame type 31/],
  ["a relay's frame", [bytes(46, 1)], CLOSE.BAD_FRAME, /unknown frame type/],
  ['an empty frame', [bytes()], CLOSE.BAD_FRAME, /./],
  ['a frame that ends early', [bytes(3, 1, 200)], CLOSE.BAD_FRAME, /./],
  [
    'a channel that was never opened',
    [encodeClientFrame({ kind: 'close', channel: 9 })],
    CLOSE.BAD_FRAME,
    /channel 9 was never opened/,
  ],
  [
    'an open of what is open',
    [
      encodeClientFrame({
        kind: 'open',
        channel: 1,
        document: 'x',
        epoch: '',
        seq: 0,
        mode: 'watch',
        stateVector: bytes(0),
      }),
    ],
    CLOSE.BAD_FRAME,
    /opens channel 1, which is open/,
  ],
  ['a second hello', [encodeClientFrame(HELLO)], CLOSE.BAD_FRAME, /second hello/],
  [
    'no stock message',
    [encodeClientFrame({ kind: 'message', channel: 1, bytes: bytes(9, 9) })],
    CLOSE.BAD_FRAME,
    /channel 1/,
  ],
  [
    'no awareness',
    [encodeClientFrame({ kind: 'message', channel: 1, bytes: bytes(1, 3, 9, 9, 9) })],
    CLOSE.BAD_FRAME,
    /awareness/,
  ],
  ['pieces out of order', [piece(1, 0, 300, 100), piece(1, 200, 300, 100)], CLOSE.BAD_FRAME, /a piece out of order/],
  ['a piece that begins in the middle', [piece(1, 100, 300, 100)], CLOSE.BAD_FRAME, /a piece out of order/],
  ['a piece beyond its transfer', [piece(1, 0, 100, 101)], CLOSE.BAD_FRAME, /beyond its transfer/],
  [
    'a frame amid pieces',
    [piece(1, 0, 300, 100), encodeClientFrame({ kind: 'close', channel: 1 })],
    CLOSE.BAD_FRAME,
    /amid/,
  ],
  ['a transfer over the limit', [piece(1, 0, 2 ** 40, 10)], CLOSE.TOO_BIG, /transfers of more than/],
  ['a frame over the limit', [new Uint8Array(64 * 1024 + 1)], CLOSE.TOO_BIG, /./],
]

describe.each([
  ['memory', async () => createMemoryLog()],
  ['LevelDB', levelLog],
] as [string, () => Promise<UpdateLog>][])('bad input, over %s', (_name, open) => {
  async function watched(): Promise<{ at: RunningRelay; device: Device; other: Copy; before: unknown }> {
    const at = await relayFor({ log: await open() })
    const other = await new Copy(await deviceAt(at), 'chat').synced()
    other.text.insert(0, 'kept')
    await other.synced()
    const device = await deviceAt(at)
    await new Copy(device, 'chat').synced()
    return { at, device, other, before: await state(at) }
  }

  const state = async (at: RunningRelay): Promise<unknown> => [
    await at.log.documents('default'),
    (await at.log.load({ space: 'default', document: 'chat' }))?.updates,
  ]

  it.each(BROKEN)(
    'W6 %s: closed with its code, nothing is stored, others notice nothing',
    async (_what, frames, code, text) => {
      const { at, device, other, before } = await watched()
      for (const frame of frames) device.force(frame)
      const lost = await device.lost()
      expect([lost.code, lost.reason]).toEqual([code, expect.stringMatching(text)])
      expect(await state(at)).toEqual(before)
      other.text.insert(0, 'still ')
      await other.synced()
    },
  )

  it('bytes that are no update are refused by number, and the others on the connection go on', async () => {
    const { at, device, before } = await watched()
    const copy = await new Copy(device, 'second').synced()
    copy.send(bytes(1, 1, 1, 1, 1))
    await copy.synced()
    expect(copy.refused).toEqual([{ n: 2, code: REFUSAL.BAD_UPDATE }])
    expect(await state(at)).toEqual(before)
    expect(device.sync.state.kind).toBe('open')
  })

  it('requests that cannot be done say why, and change nothing', async () => {
    const { at, device, other, before } = await watched()
    const asked: [number | string, number, RegExp][] = []
    let request = 100
    const ask = (
      frame: { kind: 'summary' | 'purge'; document: string; epoch: string; size?: number },
      code: number,
      text: RegExp,
    ): void => {
      request += 1
      const { size, ...rest } = frame
      device.force(
        rest.kind === 'summary'
          ? { ...rest, kind: 'summary', request, summary: new Uint8Array(size ?? 1) }
          : { ...rest, kind: 'purge', request },
      )
      asked.push([request, code, text])
    }
    for (let i = 0; i < 200; i += 1) device.sync.nextRequest()
    ask({ kind: 'summary', document: 'chat', epoch: other.epoch, size: 2049 }, REFUSAL.TOO_LARGE, /2048/)
    ask({ kind: 'summary', document: 'chat', epoch: 'wrong' }, REFUSAL.EPOCH_OTHER, /epoch/)
    ask({ kind: 'summary', document: 'never', epoch: 'e' }, REFUSAL.NOT_FOUND, /no such document/)
    ask({ kind: 'summary', document: '..', epoch: 'e' }, REFUSAL.BAD_NAME, /names are/)
    ask({ kind: 'purge', document: 'chat', epoch: 'wrong' }, REFUSAL.EPOCH_OTHER, /epoch/)
    ask({ kind: 'purge', document: 'never', epoch: 'e' }, REFUSAL.NOT_FOUND, /no such document/)
    ask({ kind: 'purge', document: 'a/b', epoch: 'e' }, REFUSAL.BAD_NAME, /names are/)
    for (const [number, code, text] of asked) {
      expect(await device.answer(number)).toEqual({ kind: 'failed', code, text: expect.stringMatching(text) })
    }
    expect(await state(at)).toEqual(before)
  })

  it('documents that cannot be opened say why; the number is free again', async () => {
    const { device } = await watched()
    expect(await new Copy(device, 'a b').find('refused')).toMatchObject({ code: REFUSAL.BAD_NAME })
    device.force({
      kind: 'open',
      channel: 1025,
      document: 'x',
      epoch: '',
      seq: 0,
      mode: 'watch',
      stateVector: bytes(0),
    })
    // Its own machine never opened that one.
    expect(await device.lost()).toMatchObject({ reason: expect.stringContaining('1025') })
  })
})

describe('before the welcome', () => {
  async function first(frames: Uint8Array[], code: number, text: RegExp, at?: RunningRelay): Promise<void> {
    const relay = at ?? (await relayFor())
    const raw = rawClient(`ws://127.0.0.1:${relay.port}/sync/default`)
    await raw.opened
    for (const frame of frames) raw.socket.send(frame)
    expect(await raw.closed).toEqual({ code, reason: expect.stringMatching(text) })
    expect(raw.received).toEqual([])
  }

  it.each([
    ['something else than a hello', [encodeClientFrame({ kind: 'ping', id: 1 })], CLOSE.BAD_FRAME, /ping before hello/],
    ['a wrong token', [encodeClientFrame({ ...HELLO, token: 'x' })], CLOSE.TOKEN_EXPIRED, /token is wrong/],
    ['no token', [encodeClientFrame({ ...HELLO, token: '' })], CLOSE.TOKEN_EXPIRED, /token is needed/],
    ['a client id that is no name', [encodeClientFrame({ ...HELLO, client: '/' })], CLOSE.BAD_FRAME, /no name/],
    [
      'a client from before',
      [encodeClientFrame({ ...HELLO, minVersion: 0, maxVersion: 0 })],
      CLOSE.CLIENT_TOO_OLD,
      /upgrade the client/,
    ],
    [
      'a client from after',
      [encodeClientFrame({ ...HELLO, minVersion: 3, maxVersion: 4 })],
      CLOSE.RELAY_TOO_OLD,
      /upgrade the relay/,
    ],
    [
      'versions that end before they begin',
      [encodeClientFrame({ ...HELLO, minVersion: 3, maxVersion: 1 })],
      CLOSE.BAD_FRAME,
      /range of versions/,
    ],
  ] as [string, Uint8Array[], number, RegExp][])('Y3 %s', async (_what, frames, code, text) => {
    await first(frames, code, text)
  })

  it('Y3 too much before the welcome, however long a token takes to be checked', async () => {
    const never = { ...createAccess({ key: KEY }), verify: () => new Promise<null>(() => undefined) }
    const pings = Array.from({ length: 16 }, () => encodeClientFrame({ kind: 'ping', id: 1 }))
    await first(
      [encodeClientFrame(HELLO), ...pings],
      CLOSE.TOO_EARLY,
      /more than 16 messages before the welcome: wait for it/,
      await relayFor({ access: never }),
    )
    const long = encodeClientFrame({ kind: 'message', channel: 1, bytes: new Uint8Array(65_000) })
    await first(
      [encodeClientFrame(HELLO), long, long],
      CLOSE.TOO_EARLY,
      /more than 65536 bytes before the welcome: wait for it/,
      await relayFor({ access: never }),
    )
  })

  it('Y3 no hello in time', async () => {
    const clock = new ManualClock()
    const at = await relayFor({ clock })
    const raw = rawClient(`ws://127.0.0.1:${at.port}/sync/default`)
    await raw.opened
    clock.pass(5_000)
    expect((await raw.closed).code).toBe(CLOSE.NO_HELLO)
  })

  it('Y3 a text frame, and more bytes in one frame than a frame may have', async () => {
    const at = await relayFor()
    const raw = rawClient(`ws://127.0.0.1:${at.port}/sync/default`)
    await raw.opened
    raw.socket.send('hello')
    expect((await raw.closed).code).toBe(CLOSE.TEXT_FRAME)
    const big = rawClient(`ws://127.0.0.1:${at.port}/sync/default`)
    await big.opened
    big.socket.send(new Uint8Array(1_000_000))
    expect((await big.closed).code).toBe(CLOSE.TOO_BIG)
  })

  it('addresses that are none are refused before the upgrade, and plain requests told what it is', async () => {
    const at = await relayFor()
    for (const path of ['/sync/..', '/sync/a b', '/sync/'])
      expect((await upgradeStatus(at.port, path.replace(' ', '%20'))).status).toBe(404)
    expect((await upgradeStatus(at.port, '/sync/a/b')).status).toBe(404)
    expect((await upgradeStatus(at.port, '/sync/default', { host: 'evil.example' })).status).toBe(403)
    expect((await upgradeStatus(at.port, '/sync/default', { origin: 'https://evil.example' })).status).toBe(403)
    expect((await get(at.port, '/sync/default')).status).toBe(426)
  })
})

it('Y4 W7 pieces that are never finished are cut after a while', async () => {
  const clock = new ManualClock()
  const at = await relayFor({ clock })
  const device = await deviceAt(at, { token: ADMIN })
  await new Copy(device, 'chat').synced()
  device.force(piece(1, 0, 300, 100))
  device.handle({ kind: 'timer', timer: 'ping' })
  // The pong tells that what was sent before has been read.
  await device.until(() => device.sync.state.kind === 'open' && device.sync.state.heard)
  clock.pass(29_000)
  expect(device.sync.state.kind).toBe('open')
  clock.pass(3_000)
  expect(await device.lost()).toMatchObject({ code: CLOSE.STALLED })
})
