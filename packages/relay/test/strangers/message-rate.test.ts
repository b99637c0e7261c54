import { CLOSE, decodeStateVector, encodeUpdate, isFinalClose } from '@holdfast/protocol'
import { seededRandom } from '@holdfast/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { DEFAULT_LIMITS, type Limits } from '../../src/index.ts'
import { Pace, TOO_LONG } from '../../src/pace.ts'
import { ManualClock, STEP1, writerDoc } from '../fakes.ts'
import { ADMIN, type RunningRelay, rawClient, startRelay } from '../helpers.ts'
import { openFrame, SyncSocket } from './sync-socket.ts'
import { frame, TcpClient } from './tcp-client.ts'

const CHAT = { space: 'default', document: 'chat' }
const BINARY = 2
const PING = 9

describe('when a sender has been too fast for too long', () => {
  const RATE = 1_000
  const PATIENCE = 5_000

  /** A sender and its clock; time that it is held back for passes before it sends more. */
  class Sender {
    time = 0
    readonly pace: Pace
    heldUntil = 0
    sent = 0
    /** Sent since it was held back for the first time after a quiet second, and what it was held back for then. */
    isOut = false

    constructor(rate = RATE, patience = PATIENCE) {
      this.pace = new Pace({ rate, patience }, () => this.time)
    }

    /** Sends as much at once, as one read of its socket brings it. @returns whether it is still there */
    send(messages: number): boolean {
      this.time = Math.max(this.time, this.heldUntil)
      for (let i = 0; i < messages && !this.isOut; i++) {
        const wait = this.pace.count()
        this.isOut = wait === TOO_LONG
        if (!this.isOut) this.sent += 1
        if (wait > 0 && !this.isOut) this.heldUntil = this.time + wait
      }
      return !this.isOut
    }
  }

  it('L11 a flood without end is over as soon as it is more than the burst and the patience hold, however it is cut up', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = seededRandom(seed)
      const sender = new Sender()
      while (sender.send(1 + random.int(3_000)));
      // Two seconds at once, five more while it was held back; time itself gives no more than it was held back for.
      expect(sender.sent, `seed ${seed}`).toBe(7_000)
      expect(sender.time, `seed ${seed}`).toBeLessThanOrEqual(PATIENCE)
    }
  })

  it('L11 a device that comes back with as much as the burst and the patience hold is never closed, at once or in parts', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = seededRandom(seed)
      const sender = new Sender()
      for (let left = 7_000; left > 0; ) {
        const part = Math.min(left, 1 + random.int(4_000))
        expect(sender.send(part), `seed ${seed}`).toBe(true)
        left -= part
      }
      // And again once it has been quiet.
      sender.time = sender.heldUntil + 2_001
      expect(sender.send(7_000), `seed ${seed}`).toBe(true)
    }
  })

  it('L11 who is closed has sent more than the rate without a quiet second for the whole patience', () => {
    let closed = 0
    for (let seed = 1; seed <= 400; seed++) {
      const random = seededRandom(seed)
      const sender = new Sender()
      const sends: { at: number; count: number }[] = []
      // Around the rate: some are a little slower, some a little faster, some stop now and then.
      const often = 200 + random.int(300)
      const pause = random.int(4) === 0 ? 1_500 : 0
      for (let step = 0; step < 300 && !sender.isOut; step++) {
        const before = sender.sent
        sender.send(random.int(often))
        sends.push({ at: sender.time, count: sender.sent - before })
        sender.time += 100 + random.int(200) + (random.int(20) === 0 ? pause : 0)
      }
      if (!sender.isOut) continue
      closed += 1
      const end = sender.time
      const within = sends.filter(({ at }) => at > end - PATIENCE - 100)
      const sum = within.reduce((all, { count }) => all + count, 0)
      // What it was still held back for when it went over is in the burst's place.
      expect(sum + RATE, `seed ${seed}`).toBeGreaterThan(((end - within[0]!.at) / 1_000) * RATE)
      expect(sender.sent, `seed ${seed}`).toBeGreaterThan((RATE * PATIENCE) / 1_000)
    }
    expect(closed).toBeGreaterThan(20)
    expect(closed).toBeLessThan(380)
  })

  it('L11 below the rate nobody is ever closed, and a quiet second lets it count anew', () => {
    const below = new Sender()
    for (let step = 0; step < 1_000; step++) {
      expect(below.send(99)).toBe(true)
      below.time += 100
    }
    const pausing = new Sender()
    for (let round = 0; round < 50; round++) {
      // Four seconds' worth beyond what has flowed in, then a second of silence.
      expect(pausing.send(round === 0 ? 6_000 : 5_000), `round ${round}`).toBe(true)
      pausing.time = pausing.heldUntil + 1_001
    }
  })

  it('L11 without patience it is over with the first message too many, without a rate never', () => {
    const strict = new Sender(RATE, 0)
    expect(strict.send(2_000)).toBe(true)
    expect(strict.send(1)).toBe(false)
    expect(new Sender(0, 0).send(100_000)).toBe(true)
  })
})

describe('on a real relay', () => {
  /** Nobody is cut for anything else while time stands still or leaps. */
  async function start(limits: Partial<Limits>): Promise<{ at: RunningRelay; clock: ManualClock }> {
    const clock = new ManualClock()
    clock.time = Date.now()
    const at = await startRelay({ clock, limits: { pingEvery: 3_600_000, ...limits } })
    onTestFinished(at.stop)
    return { at, clock }
  }

  async function text(at: RunningRelay): Promise<string> {
    const doc = new Y.Doc()
    const loaded = await at.log.load(CHAT)
    for (const update of loaded?.updates ?? []) Y.applyUpdate(doc, update)
    return doc.getText('text').toString()
  }

  /** Lets time pass until it has happened. */
  async function passing(clock: ManualClock, happens: Promise<unknown>): Promise<void> {
    let isOver = false
    void happens.finally(() => {
      isOver = true
    })
    while (!isOver) {
      clock.pass(20)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  const REASON = 'more than 100 messages a second for 3 s: send more slowly, and come again'
  const LIMITS = { messageRate: 100, ratePatience: 3_000 }
  /** As much as may come at once and in the patience, or what a little more time gives; not all, and nothing of any message in part. */
  const taken = (length: number, least: number): void => {
    expect(length % 1_000).toBe(0)
    expect(length / 1_000).toBeGreaterThanOrEqual(least)
    expect(length / 1_000).toBeLessThan(2_000)
  }
  const counted = (at: RunningRelay): void => {
    expect(at.relay.metrics()).toContain('holdfast_refusals_total{reason="TOO_FAST"} 1\n')
    expect(at.relay.metrics()).toContain(`holdfast_closes_total{code="${CLOSE.TOO_FAST}"} 1\n`)
    expect(at.relay.metrics()).toMatch(/holdfast_held_back_total\{reason="MESSAGE_RATE"\} [1-9]/)
  }

  it('L11 a stock client that goes on too fast is held back, then closed; what was taken is stored whole, and it goes on when it comes again', async () => {
    const { at, clock } = await start(LIMITS)
    const url = `ws://127.0.0.1:${at.port}/yjs/default/chat?token=${ADMIN}`
    const client = rawClient(url)
    onTestFinished(() => void client.socket.terminate())
    await client.opened
    const { doc, frames } = writerDoc()
    for (let i = 0; i < 2_000; i++) doc.getText('text').insert(i * 1_000, 'x'.repeat(1_000))
    for (const one of frames) client.socket.send(one)
    await passing(clock, client.closed)
    expect(await client.closed).toEqual({ code: CLOSE.TOO_FAST, reason: REASON })
    expect(isFinalClose(CLOSE.TOO_FAST)).toBe(false)
    counted(at)
    taken((await text(at)).length, 500)
    // It comes again and says in one message what is not there yet.
    const again = rawClient(url)
    onTestFinished(() => void again.socket.terminate())
    await again.opened
    again.socket.send(STEP1)
    const step1 = await again.message((bytes) => bytes[0] === 0 && bytes[1] === 0)
    const vector = step1.subarray(3)
    expect(decodeStateVector(vector)).not.toBeNull()
    again.socket.send(encodeUpdate(Y.encodeStateAsUpdate(doc, vector)))
    again.socket.send(STEP1)
    const isStep2 = (bytes: Uint8Array): boolean => bytes[0] === 0 && bytes[1] === 1
    await again.message((bytes) => isStep2(bytes) && bytes !== again.received.find(isStep2))
    expect(await text(at)).toBe(doc.getText('text').toString())
  })

  it('L11 on /sync the same: all that was acknowledged is stored, and no more than was taken', async () => {
    const { at, clock } = await start(LIMITS)
    const sync = await SyncSocket.hello(at.port, ADMIN)
    onTestFinished(() => void sync.socket.terminate())
    sync.send(openFrame(1, 'chat'))
    await sync.next('at')
    const { doc, updates } = writerDoc()
    for (let i = 0; i < 2_000; i++) doc.getText('text').insert(i * 1_000, 'x'.repeat(1_000))
    for (const update of updates) sync.send({ kind: 'message', channel: 1, bytes: encodeUpdate(update) })
    await passing(clock, sync.closed)
    expect(await sync.closed).toEqual({ code: CLOSE.TOO_FAST, reason: REASON })
    counted(at)
    const acks = sync.frames.filter((one) => one.kind === 'ack')
    expect(acks.length).toBeGreaterThan(0)
    expect(acks.flatMap(({ refused }) => refused)).toEqual([])
    const stored = (await text(at)).length
    // The hello and the open count too.
    taken(stored, 498)
    expect(stored).toBeGreaterThanOrEqual(acks.at(-1)!.upTo * 1_000)
    const again = await SyncSocket.hello(at.port, ADMIN)
    onTestFinished(() => void again.socket.terminate())
    again.send(openFrame(1, 'chat'))
    await again.next('at')
    const left = updates.slice(acks.at(-1)!.upTo)
    const joined = Array.from({ length: Math.ceil(left.length / 50) }, (_, i) => left.slice(i * 50, i * 50 + 50))
    for (const some of joined) {
      again.send({ kind: 'message', channel: 1, bytes: encodeUpdate(Y.mergeUpdates(some)) })
    }
    while ((await again.next('ack')).upTo < joined.length);
    expect(await text(at)).toBe(doc.getText('text').toString())
  })

  it('L11 with patience 0 it is closed at once, with nothing of the message that was one too many', async () => {
    const { at } = await start({ messageRate: 100, ratePatience: 0 })
    const client = rawClient(`ws://127.0.0.1:${at.port}/yjs/default/chat?token=${ADMIN}`)
    onTestFinished(() => void client.socket.terminate())
    await client.opened
    const { doc, frames } = writerDoc()
    for (let i = 0; i < 201; i++) doc.getText('text').insert(i, 'x')
    for (const one of frames) client.socket.send(one)
    const reason = 'more than 100 messages a second for 0 s: send more slowly, and come again'
    expect(await client.closed).toEqual({ code: CLOSE.TOO_FAST, reason })
    expect((await text(at)).length).toBe(200)
    expect(at.relay.metrics()).not.toContain('held_back_total{')
  })

  it('L11 control frames count as well', async () => {
    const { at, clock } = await start(LIMITS)
    const client = await new TcpClient(at.port).upgrade(`/yjs/default/chat?token=${ADMIN}`)
    onTestFinished(() => void client.socket.destroy())
    for (let i = 0; i < 20; i++) client.send(...Array.from({ length: 100 }, () => frame(PING, new Uint8Array(100))))
    await passing(clock, client.closed)
    expect(await client.closed).toEqual({ code: CLOSE.TOO_FAST, reason: REASON })
    counted(at)
  })

  it('L11 a device that comes back with 50,000 messages is taken whole by the limits as they are', async () => {
    const at = await startRelay()
    onTestFinished(at.stop)
    expect(DEFAULT_LIMITS).toMatchObject({ messageRate: 20_000, ratePatience: 10_000 })
    const client = await new TcpClient(at.port).upgrade(`/yjs/default/chat?token=${ADMIN}`)
    onTestFinished(() => void client.socket.destroy())
    const nothingNew = frame(BINARY, encodeUpdate(Uint8Array.of(0, 0)))
    client.send(Buffer.concat(Array.from({ length: 50_000 }, () => nothingNew)), frame(BINARY, STEP1))
    await client.until(() => client.frames.some(({ payload }) => payload[0] === 0 && payload[1] === 1))
    expect(at.relay.metrics()).not.toContain('TOO_FAST')
  })
})
