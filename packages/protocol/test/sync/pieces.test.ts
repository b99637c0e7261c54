import { seededRandom } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import {
  CLOSE,
  type ClientFrame,
  encodeClientFrame,
  incomingFromClient,
  Outgoing,
  type Received,
} from '../../src/index.ts'

const LIMITS = { piece: 128, message: 4096 }

function message(channel: number, length: number, fill = 0): ClientFrame {
  return { kind: 'message', channel, bytes: new Uint8Array(length).fill(fill) }
}

function piece(channel: number, offset: number, total: number, bytes: Uint8Array): Uint8Array {
  return encodeClientFrame({ kind: 'piece', channel, offset, total, bytes })
}

const BROKEN = { kind: 'broken', code: CLOSE.BAD_FRAME }

describe('pieces that come', () => {
  const whole = encodeClientFrame(message(1, 1000, 7))

  it('Y4 puts pieces together, those of different channels interleaved', () => {
    const incoming = incomingFromClient(LIMITS)
    const other = encodeClientFrame(message(2, 500, 9))
    const received: Received<ClientFrame>[] = []
    for (let at = 0; at < 1000; at += 100) {
      received.push(incoming.take(piece(1, at, whole.length, whole.subarray(at, at + 100)), 0))
      if (at < 500) received.push(incoming.take(piece(2, at, other.length, other.subarray(at, at + 100)), 0))
    }
    received.push(incoming.take(piece(2, 500, other.length, other.subarray(500)), 0))
    expect(incoming.bytes).toBe(1000)
    received.push(incoming.take(piece(1, 1000, whole.length, whole.subarray(1000)), 0))
    const frames = received.filter((one) => one.kind !== 'piece')
    expect(frames).toEqual([
      { kind: 'frame', frame: message(2, 500, 9) },
      { kind: 'frame', frame: message(1, 1000, 7) },
    ])
    expect(incoming.bytes).toBe(0)
    expect(incoming.oldest).toBeNull()
  })

  it('Y4 puts pieces of any sizes together, whether they are views of more or not', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = seededRandom(seed)
      const sent = encodeClientFrame(message(1, 200_000 + random.int(200_000)))
      for (let i = 0; i < sent.length - 200_000; i += 97) sent[10 + i] = i % 256
      const incoming = incomingFromClient({ piece: 100_000, message: 1_000_000 })
      let received: Received<ClientFrame> = { kind: 'piece' }
      for (let at = 0; at < sent.length; ) {
        const size = random.chance(0.5) ? 1 + random.int(500) : 10_000 + random.int(60_000)
        const one = piece(1, at, sent.length, sent.subarray(at, at + size))
        const within = new Uint8Array(one.length * 3)
        within.set(one, 5)
        expect(received, `seed ${seed}`).toEqual({ kind: 'piece' })
        received = incoming.take(random.chance(0.5) ? one : within.subarray(5, 5 + one.length), 0)
        at = Math.min(sent.length, at + size)
        if (at < sent.length) expect(incoming.bytes, `seed ${seed}`).toBe(at)
      }
      if (received.kind !== 'frame') throw new Error(`seed ${seed}: ${received.kind}`)
      expect(Buffer.compare(encodeClientFrame(received.frame), sent), `seed ${seed}`).toBe(0)
    }
  })

  const first = piece(1, 0, 1003, whole.subarray(0, 100))
  it.each<[string, Uint8Array[], string]>([
    ['that begin in the middle', [piece(1, 5, 1003, whole.subarray(5, 50))], 'a piece out of order'],
    ['that leave some out', [first, piece(1, 200, 1003, whole.subarray(200, 300))], 'a piece out of order'],
    ['that overlap', [first, piece(1, 50, 1003, whole.subarray(50, 150))], 'a piece out of order'],
    ['that begin again', [first, first], 'a piece out of order'],
    ['that change their total', [first, piece(1, 100, 999, whole.subarray(100, 200))], 'a piece out of order'],
    ['that are empty', [piece(1, 0, 1003, new Uint8Array(0))], 'a piece beyond its transfer'],
    ['that hold too much', [piece(1, 0, 5, whole.subarray(0, 6))], 'a piece beyond its transfer'],
    ['that give up what is not', [piece(1, 0, 0, new Uint8Array(0))], 'gives up a transfer that is not'],
    ['never finished: another frame', [first, encodeClientFrame(message(1, 1))], 'a frame amid the pieces of another'],
    ['of a piece', [piece(1, 0, first.length, first)], 'a piece in pieces'],
    ['of nothing that is a frame', [piece(1, 0, 2, Uint8Array.of(99, 0))], 'unknown frame type 99'],
    [
      "of another channel's",
      [piece(2, 0, 4, encodeClientFrame(message(1, 1)))],
      "a frame in pieces of another channel's",
    ],
  ])('Y4 refuses pieces %s', (_name, messages, reason) => {
    const incoming = incomingFromClient(LIMITS)
    expect(messages.map((bytes) => incoming.take(bytes, 0)).at(-1)).toEqual({ ...BROKEN, reason })
  })

  it('Y4 refuses unfinished transfers that add up to more than a message may be, before it takes anything of them', () => {
    const incoming = incomingFromClient(LIMITS)
    expect(incoming.take(piece(1, 0, 3000, new Uint8Array(10)), 0).kind).toBe('piece')
    const received = incoming.take(piece(2, 0, 1097, new Uint8Array(10)), 0)
    expect(received).toEqual({ kind: 'broken', code: CLOSE.TOO_BIG, reason: 'transfers of more than 4096 bytes' })
    expect(incoming.bytes).toBe(10)
  })

  it('Y4 never allocates what is only declared', () => {
    const incoming = incomingFromClient({ piece: 65_536, message: Number.MAX_SAFE_INTEGER })
    expect(incoming.take(piece(1, 0, 2 ** 50, new Uint8Array(10)), 0).kind).toBe('piece')
    expect(incoming.bytes).toBe(10)
  })

  it('Y4 tells since when a transfer has made no progress', () => {
    const incoming = incomingFromClient(LIMITS)
    incoming.take(piece(1, 0, 1003, whole.subarray(0, 100)), 5)
    incoming.take(piece(2, 0, 1003, whole.subarray(0, 100)), 6)
    incoming.take(piece(1, 100, 1003, whole.subarray(100, 200)), 9)
    expect(incoming.oldest).toBe(6)
  })

  it('Y4 takes a new transfer after one that was given up', () => {
    const incoming = incomingFromClient(LIMITS)
    incoming.take(first, 0)
    expect(incoming.take(piece(1, 0, 0, new Uint8Array(0)), 0).kind).toBe('piece')
    expect(incoming.bytes).toBe(0)
    expect(incoming.take(encodeClientFrame(message(1, 1)), 0).kind).toBe('frame')
  })

  it('Y1 refuses a frame over the limit by a code of its own', () => {
    const received = incomingFromClient(LIMITS).take(encodeClientFrame(message(1, 65_536)), 0)
    expect(received).toEqual({ kind: 'broken', code: CLOSE.TOO_BIG, reason: 'a frame over 65536 bytes' })
  })
})

describe('what goes', () => {
  function drain(outgoing: Outgoing): Received<ClientFrame>[] {
    const incoming = incomingFromClient(LIMITS)
    const received: Received<ClientFrame>[] = []
    for (let next = outgoing.next(1); next.length > 0; next = outgoing.next(1)) {
      for (const bytes of next) {
        expect(bytes.length).toBeLessThanOrEqual(LIMITS.piece)
        received.push(incoming.take(bytes, 0))
      }
    }
    expect(outgoing.bytes).toBe(0)
    return received
  }

  it('Y6 lets a small message of another channel pass a large one after one piece', () => {
    const outgoing = new Outgoing(LIMITS)
    outgoing.enqueue(1, encodeClientFrame(message(1, 3000)))
    outgoing.next(1)
    outgoing.enqueue(2, encodeClientFrame(message(2, 5)))
    const received = drain(outgoing)
    expect(
      received.findIndex((one) => one.kind === 'frame' && one.frame.kind === 'message' && one.frame.channel === 2),
    ).toBe(0)
  })

  it('Y6 lets a large message go on while small ones of others never end', () => {
    const outgoing = new Outgoing(LIMITS)
    outgoing.enqueue(1, encodeClientFrame(message(1, 1000)))
    let taken = 0
    for (let sent = 0; outgoing.bytesOf(1) > 0; sent++) {
      outgoing.enqueue(2, encodeClientFrame(message(2, 20)))
      taken += outgoing.next(1)[0]!.length
      expect(sent).toBeLessThan(100)
    }
    expect(taken).toBeLessThan(3000)
  })

  it('Y6 sends what is small while pieces are held back, and nothing of what is large', () => {
    const outgoing = new Outgoing(LIMITS)
    outgoing.enqueue(1, encodeClientFrame(message(1, 1000)))
    outgoing.enqueue(2, encodeClientFrame(message(2, 5)))
    outgoing.enqueue(2, encodeClientFrame(message(2, 6)))
    const before = outgoing.bytesOf(1)
    expect(outgoing.next(10_000, false)).toEqual([encodeClientFrame(message(2, 5)), encodeClientFrame(message(2, 6))])
    expect(outgoing.next(10_000, false)).toEqual([])
    expect(outgoing.bytesOf(1)).toBe(before)
    expect(drain(outgoing)).toHaveLength(Math.ceil(before / (LIMITS.piece - 32)))
  })

  it('Y6 lets two large messages share', () => {
    const outgoing = new Outgoing(LIMITS)
    outgoing.enqueue(1, encodeClientFrame(message(1, 1000)))
    outgoing.enqueue(2, encodeClientFrame(message(2, 1000)))
    for (let i = 0; i < 10; i++) outgoing.next(1)
    expect(Math.abs(outgoing.bytesOf(1) - outgoing.bytesOf(2))).toBeLessThanOrEqual(LIMITS.piece)
  })

  it('Y4 starts no more transfers than the other side takes, and none overtakes one that waits', () => {
    const outgoing = new Outgoing(LIMITS)
    outgoing.enqueue(1, encodeClientFrame(message(1, 3000)))
    outgoing.enqueue(2, encodeClientFrame(message(2, 2000)))
    outgoing.enqueue(3, encodeClientFrame(message(3, 500)))
    const order = drain(outgoing).flatMap((one) =>
      one.kind === 'frame' && 'channel' in one.frame ? [one.frame.channel] : [],
    )
    expect(order).toEqual([1, 3, 2])
    expect(drain(outgoing)).toEqual([])
  })

  it('Y4 does not take a message over the limit', () => {
    const outgoing = new Outgoing(LIMITS)
    expect(outgoing.enqueue(1, new Uint8Array(4097))).toBe(false)
    expect(outgoing.bytes).toBe(0)
  })

  it('Y4 gives up a transfer under way when its channel is dropped, and keeps what is wanted', () => {
    const outgoing = new Outgoing(LIMITS)
    const ack = encodeClientFrame({ kind: 'close', channel: 1 })
    outgoing.enqueue(1, encodeClientFrame(message(1, 3000)))
    outgoing.enqueue(1, ack)
    outgoing.enqueue(1, encodeClientFrame(message(1, 10)))
    outgoing.enqueue(2, encodeClientFrame(message(2, 2000)))
    const incoming = incomingFromClient(LIMITS)
    for (const bytes of outgoing.next(300)) incoming.take(bytes, 0)
    expect(incoming.bytes).toBeGreaterThan(0)
    outgoing.drop(1, (frame) => frame !== ack)
    const frames: string[] = []
    for (const bytes of outgoing.next(1e9)) {
      const received = incoming.take(bytes, 0)
      expect(received.kind).not.toBe('broken')
      if (received.kind === 'frame') frames.push(`${received.frame.kind}`)
    }
    expect(frames).toEqual(['close', 'message'])
    expect(outgoing.bytes).toBe(0)
  })

  it('Y5 keeps the order within each channel whatever the sizes (seeded)', () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = seededRandom(seed)
      const outgoing = new Outgoing(LIMITS)
      const incoming = incomingFromClient(LIMITS)
      const sent = new Map<number, string[]>()
      const came = new Map<number, string[]>()
      const take = (): void => {
        for (const bytes of outgoing.next(1 + random.int(400))) {
          const received = incoming.take(bytes, 0)
          if (received.kind === 'broken') throw new Error(`seed ${seed}: ${received.reason}`)
          if (received.kind !== 'frame' || received.frame.kind !== 'message') continue
          const { channel, bytes: body } = received.frame
          came.set(channel, [...(came.get(channel) ?? []), `${body.length}:${body[0]}`])
        }
      }
      for (let i = 0; i < 200; i++) {
        const channel = 1 + random.int(6)
        const length = 1 + random.int(random.chance(0.3) ? 3500 : 60)
        outgoing.enqueue(channel, encodeClientFrame(message(channel, length, i)))
        sent.set(channel, [...(sent.get(channel) ?? []), `${length}:${i}`])
        if (random.chance(0.4)) take()
      }
      while (outgoing.bytes > 0) take()
      expect(came, `seed ${seed}`).toEqual(sent)
    }
  })
})
