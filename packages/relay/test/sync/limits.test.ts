import { CLOSE, DEFAULT_SYNC_LIMITS, SYNC_VERSIONS, SyncClient, type SyncClientEffect } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { createAccess } from '../../src/access.ts'
import { createAddressPolicy } from '../../src/address.ts'
import { createGate } from '../../src/gate.ts'
import { DEFAULT_LIMITS } from '../../src/options.ts'
import { createSyncEndpoint } from '../../src/sync/endpoint.ts'
import { Tenures } from '../../src/tenure.ts'
import { FakeWire, HeldLog, house, ManualClock } from '../fakes.ts'
import { KEY } from '../helpers.ts'

/** Expiries are times of day. */
const NOON = Date.UTC(2026, 10, 20, 12)
const MINUTE = 60_000

/** Hands the turn to whatever waits for it. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** `/sync` over a wire in the test's hand, with a clock in its other hand. */
async function connection(options: { expires?: number; held?: HeldLog } = {}) {
  const { held = new HeldLog() } = options
  const rooms = house({}, held)
  const clock = new ManualClock()
  clock.time = NOON
  const access = createAccess({
    key: KEY,
    adminToken: 'an-admin-token-that-is-long-enough-0123456789',
    now: () => clock.now(),
  })
  const sign = (expires: number): Promise<string> =>
    access.sign({ spaces: ['default'], role: 'write', expires, id: `t${expires}` })
  const gate = createGate({ access, address: createAddressPolicy({}), isPublic: false, spaces: new Set(['default']) })
  let ids = 0
  const endpoint = createSyncEndpoint(
    {
      log: held.log,
      gate,
      rooms: rooms.rooms,
      clock,
      limits: DEFAULT_LIMITS,
      syncLimits: DEFAULT_SYNC_LIMITS,
      versions: SYNC_VERSIONS,
      metrics: rooms.metrics,
      report: () => undefined,
      tenures: new Tenures(clock, null),
    },
    () => ++ids,
  )
  const wire = new FakeWire()
  const listener = endpoint.accept('default', wire, { settled: () => undefined, leave: () => undefined })
  const client = new SyncClient({ client: 'w1', agent: 'test' })
  const said: SyncClientEffect[] = []
  const handle = (event: Parameters<SyncClient['handle']>[0]): void => {
    said.push(...client.handle(event, 0.5))
  }
  /** Lets everything that waits go both ways, until nothing does. */
  const settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < 4; quiet++) {
      for (let frames = client.next(1e9); frames.length > 0; frames = client.next(1e9)) {
        for (const frame of frames) listener.message(frame)
        quiet = 0
      }
      for (const bytes of wire.sent.splice(0)) handle({ kind: 'bytes', bytes, now: clock.time })
      await turn()
    }
  }
  /** Tokens are checked by the system, in its own time. */
  const until = async (reached: () => boolean): Promise<void> => {
    while (!reached()) await settle()
  }
  handle({ kind: 'start', token: await sign(options.expires ?? NOON + 60 * MINUTE), incarnation: '', cursor: 0 })
  handle({ kind: 'socket-open' })
  await until(() => client.state.kind === 'open')
  return { endpoint, until, wire, listener, client, said, handle, settle, clock, sign, held, metrics: rooms.metrics }
}

const EMPTY = Uint8Array.of(0)

describe('Y13 a token that runs out on an open connection', () => {
  it('closes it at that moment and not before', async () => {
    const { wire, clock, settle } = await connection({ expires: NOON + 10 * MINUTE })
    clock.pass(10 * MINUTE - 1)
    await settle()
    expect(wire.closedWith).toBeNull()
    clock.pass(1)
    expect(wire.closedWith).toBe(CLOSE.TOKEN_EXPIRED)
  })

  it('is replaced by another in time: the end is then that one’s, and what was open stays open', async () => {
    const { client, wire, clock, settle, until, handle, sign, said } = await connection({ expires: NOON + 10 * MINUTE })
    const opening = client.open({ document: 'chat', epoch: '', seq: 0, mode: 'watch', stateVector: EMPTY })
    await settle()
    clock.pass(8 * MINUTE)
    handle({ kind: 'timer', timer: 'token' })
    expect(said.at(-1)).toEqual({ kind: 'token-wanted', why: 'expires-soon' })
    handle({ kind: 'token', token: await sign(NOON + 20 * MINUTE) })
    await until(() => said.some(({ kind }) => kind === 'renewed'))
    clock.pass(11 * MINUTE)
    await settle()
    expect(wire.closedWith).toBeNull()
    expect(client.opening(opening!)?.kind).toBe('open')
    clock.pass(MINUTE)
    expect(wire.closedWith).toBe(CLOSE.TOKEN_EXPIRED)
  })

  it('may be replaced by one that ends sooner; of two that come at once the later counts', async () => {
    const { wire, clock, until, handle, sign, said } = await connection({ expires: NOON + 60 * MINUTE })
    const tokens = [await sign(NOON + 90 * MINUTE), await sign(NOON + 5 * MINUTE)]
    for (const token of tokens) handle({ kind: 'token', token })
    await until(() => said.filter(({ kind }) => kind === 'renewed').length === 2)
    clock.pass(5 * MINUTE - 1)
    expect(wire.closedWith).toBeNull()
    clock.pass(1)
    expect(wire.closedWith).toBe(CLOSE.TOKEN_EXPIRED)
  })

  it('is not replaced by one that has run out', async () => {
    const { wire, clock, until, handle, sign } = await connection()
    const old = await sign(NOON + MINUTE)
    clock.pass(2 * MINUTE)
    handle({ kind: 'token', token: old })
    await until(() => wire.closedWith !== null)
    expect(wire.closedWith).toBe(CLOSE.TOKEN_EXPIRED)
  })
})

describe('W7 a sender that is faster than the disk', () => {
  it('is held back when 16 MiB wait to be written, and goes on at half of that', async () => {
    const held = new HeldLog()
    const { client, wire, listener, handle, settle } = await connection({ held })
    const documents = Array.from({ length: 20 }, (_, i) => `d${i}`)
    const openings = documents.map(
      (document) => client.open({ document, epoch: '', seq: 0, mode: 'watch', stateVector: EMPTY })!,
    )
    await settle()
    held.holdAppends = true
    const send = async (opening: number): Promise<void> => {
      const doc = new Y.Doc()
      doc.getText('text').insert(0, 'x'.repeat(1024 * 1024))
      handle({ kind: 'channel', opening, event: { kind: 'update', update: Y.encodeStateAsUpdate(doc) } })
      for (const frame of client.next(1e9)) listener.message(frame)
      for (let turns = 0; turns < 4; turns++) await turn()
    }
    for (const opening of openings.slice(0, 15)) await send(opening)
    expect(wire.paused).toBe(false)
    for (const opening of openings.slice(15, 17)) await send(opening)
    expect(wire.paused).toBe(true)
    await held.held(held.appends, 17)
    const write = async (count: number): Promise<void> => {
      for (const { open } of held.appends.splice(0, count)) open()
      for (let turns = 0; turns < 8; turns++) await turn()
    }
    await write(5)
    expect(wire.paused).toBe(true)
    await write(5)
    expect(wire.paused).toBe(false)
    held.holdAppends = false
    await write(7)
    await settle()
    for (const opening of openings.slice(0, 17)) expect(client.opening(opening)).toMatchObject({ sent: 1, acked: 1 })
  })
})

describe('W7 channels that are yet to be brought level', () => {
  it('are 64 at a time, and what somebody watches goes before what is only exchanged', async () => {
    const held = new HeldLog()
    const { client, settle } = await connection({ held })
    held.holdLoads = true
    const open = (document: string, mode: 'watch' | 'exchange'): number =>
      client.open({ document, epoch: '', seq: 0, mode, stateVector: EMPTY })!
    const exchanges = Array.from({ length: 100 }, (_, i) => open(`e${i}`, 'exchange'))
    await settle()
    expect(held.loadCount).toBe(64)
    const watched = [open('w0', 'watch'), open('w1', 'watch')]
    await settle()
    expect(held.loadCount).toBe(66)
    const load = async (count: number): Promise<void> => {
      for (const { open } of held.loads.splice(0, count)) open()
      await settle()
    }
    // Two more than may be: the next begins when fewer than 64 are under way.
    await load(2)
    expect(held.loadCount).toBe(66)
    await load(3)
    expect(held.loadCount).toBe(69)
    held.holdLoads = false
    await load(64)
    await settle()
    for (const opening of [...exchanges, ...watched]) expect(client.opening(opening)).toMatchObject({ level: true })
  })

  it('wait while 4 MiB wait to be sent', async () => {
    const held = new HeldLog()
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'x'.repeat(3 * 1024 * 1024))
    const large = Y.encodeStateAsUpdate(doc)
    for (const document of ['a', 'b', 'c', 'd']) await held.log.append({ space: 'default', document }, large)
    const { client, wire, settle } = await connection({ held })
    wire.stick(64 * 1024)
    const openings = ['a', 'b', 'c', 'd'].map(
      (document) => client.open({ document, epoch: '', seq: 0, mode: 'exchange', stateVector: EMPTY })!,
    )
    await settle()
    const begun = held.loadCount
    client.open({ document: 'e', epoch: '', seq: 0, mode: 'exchange', stateVector: EMPTY })
    await settle()
    expect(held.loadCount).toBe(begun)
    // What is watched is opened all the same: somebody sits before it.
    client.open({ document: 'f', epoch: '', seq: 0, mode: 'watch', stateVector: EMPTY })
    await settle()
    expect(held.loadCount).toBe(begun + 1)
    expect(openings.map((opening) => client.opening(opening)?.kind)).toEqual([
      'opening',
      'opening',
      'opening',
      'opening',
    ])
  })
})
