import { seededRandom } from '@holdfast/testkit'
import { createEncoder, toUint8Array, writeVarUint } from 'lib0/encoding'
import { describe, expect, it } from 'vitest'
import {
  type ClientFrame,
  decodeClientFrame,
  decodeRelayFrame,
  encodeClientFrame,
  encodeRelayFrame,
  type RelayFrame,
} from '../../src/index.ts'
import { FRAME_TYPE } from '../../src/sync/frames.ts'
import { CLIENT_FRAMES, CLIENT_FRAMES_2, RELAY_FRAMES, RELAY_FRAMES_2 } from './sample-frames.ts'

const encodeLength = (length: number): Uint8Array => {
  const encoder = createEncoder()
  writeVarUint(encoder, length)
  return toUint8Array(encoder)
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

const SIDES = [
  {
    side: 'client',
    frames: CLIENT_FRAMES as readonly (readonly [string, ClientFrame | RelayFrame, string])[],
    encode: (frame: ClientFrame | RelayFrame) => encodeClientFrame(frame as ClientFrame),
    decode: decodeClientFrame,
  },
  {
    side: 'relay',
    frames: RELAY_FRAMES as readonly (readonly [string, ClientFrame | RelayFrame, string])[],
    encode: (frame: ClientFrame | RelayFrame) => encodeRelayFrame(frame as RelayFrame),
    decode: decodeRelayFrame,
  },
]

describe.each(SIDES)('frames of the $side', ({ frames, encode, decode, side }) => {
  it.each(frames)('Y1 %s has these bytes', (_name, frame, golden) => {
    expect(hex(encode(frame))).toBe(golden)
    expect(decode(unhex(golden))).toEqual(frame)
  })

  it.each(frames)('Y1 %s cut anywhere is garbage with a reason', (_name, _frame, golden) => {
    const whole = unhex(golden)
    for (let end = 0; end < whole.length; end++) {
      expect(decode(whole.subarray(0, end))).toEqual({ kind: 'garbage', reason: expect.stringMatching(/.+/) })
    }
  })

  it.each(frames)('Y1 %s with a byte too many is garbage, unless it is the hello', (_name, frame, golden) => {
    const longer = unhex(`${golden}00`)
    if (frame.kind === 'hello') expect(decode(longer)).toEqual(frame)
    else expect(decode(longer)).toEqual({ kind: 'garbage', reason: 'bytes after the end of the frame' })
  })

  it('Y1 has a sample of every frame', () => {
    const kinds = new Set(frames.map(([, frame]) => frame.kind))
    const low = side === 'client' ? 0 : 32
    const expected = Object.entries(FRAME_TYPE).filter(
      ([, type]) => (type >= low && type < low + 16) || (type >= 16 && type < 18),
    )
    expect([...kinds].sort()).toEqual(expected.map(([kind]) => kind).sort())
  })

  it('Y1 writes a large frame as it writes a small one, whatever its length', () => {
    for (const length of [4_000, 4_050, 4_095, 4_096, 5_000, 16_383, 16_384, 70_000, 2_100_000]) {
      const update = new Uint8Array(length).fill(length & 0xff)
      const frame: RelayFrame = { kind: 'update', channel: 300, seq: 2 ** 40, update }
      const bytes = encodeRelayFrame(frame)
      const [small, size] = [encodeRelayFrame({ ...frame, update: new Uint8Array(0) }), encodeLength(length)]
      expect(hex(bytes.subarray(0, small.length - 1 + size.length))).toBe(hex(small.subarray(0, -1)) + hex(size))
      expect(decodeRelayFrame(bytes)).toEqual(frame)
    }
  })

  it('Y1 refuses every frame type that it does not know, and those of the other side', () => {
    const known = new Set(frames.map(([, , golden]) => Number.parseInt(golden.slice(0, 2), 16)))
    for (let type = 0; type < 256; type++) {
      if (known.has(type)) continue
      expect(decode(Uint8Array.of(type, 1, 0, 0))).toEqual({ kind: 'garbage', reason: `unknown frame type ${type}` })
    }
  })

  it('Y1 reads any bytes without throwing, and what it reads it would have written', () => {
    const random = seededRandom(0x5eed)
    for (let round = 0; round < 40_000; round++) {
      const bytes = mutate(unhex(random.pick(frames)[2]), random)
      const frame = decode(bytes)
      if (frame.kind === 'garbage') {
        expect(frame.reason).not.toBe('')
        continue
      }
      const again = decode(encode(frame))
      expect(again, `seed ${random.seed} round ${round} ${hex(bytes)}`).toEqual(frame)
    }
  })
})

function mutate(bytes: Uint8Array, random: ReturnType<typeof seededRandom>): Uint8Array {
  if (random.chance(0.1)) return random.bytes(random.int(40))
  const result = bytes.slice()
  const changes = 1 + random.int(3)
  for (let i = 0; i < changes; i++) result[random.int(result.length)] = random.int(256)
  if (random.chance(0.2)) return result.subarray(0, random.int(result.length))
  return random.chance(0.2) ? Uint8Array.of(...result, ...random.bytes(random.int(9))) : result
}

const SECOND: readonly (readonly [string, ClientFrame | RelayFrame, string])[] = [...CLIENT_FRAMES_2, ...RELAY_FRAMES_2]
const isOfClient = (frame: ClientFrame | RelayFrame): frame is ClientFrame => frame.kind === 'hello'
const encode2 = (frame: ClientFrame | RelayFrame): Uint8Array =>
  isOfClient(frame) ? encodeClientFrame(frame) : encodeRelayFrame(frame as RelayFrame, 2)
const decode2 = (frame: ClientFrame | RelayFrame, bytes: Uint8Array) =>
  isOfClient(frame) ? decodeClientFrame(bytes) : decodeRelayFrame(bytes, 2)

describe('Y15 frames of version 2', () => {
  it.each(SECOND)('Y15 %s has these bytes', (_name, frame, golden) => {
    expect(hex(encode2(frame))).toBe(golden)
    expect(decode2(frame, unhex(golden))).toEqual(frame)
  })

  it.each(RELAY_FRAMES)('Y15 %s of version 1 is the same but for its reach', (_name, frame, golden) => {
    const told = SECOND.find(([, { kind }]) => kind === frame.kind)
    if (told === undefined) {
      expect(hex(encodeRelayFrame(frame, 2))).toBe(golden)
      expect(decodeRelayFrame(unhex(golden), 2)).toEqual(frame)
    } else if (frame.kind !== 'welcome') {
      expect(hex(encodeRelayFrame(frame, 2))).toBe(`${golden}00`)
      // What one version sends the other does not read by mistake.
      expect(decodeRelayFrame(unhex(golden), 2).kind).toBe('garbage')
      expect(decodeRelayFrame(unhex(`${golden}00`), 1).kind).toBe('garbage')
    }
  })

  it('Y2 a relay of version 1 reads the hello of version 2, and the other way round', () => {
    const [, hello, golden] = CLIENT_FRAMES_2[0]!
    const { reach: _, ...before } = hello as Extract<ClientFrame, { kind: 'hello' }>
    expect(decodeClientFrame(unhex(golden.slice(0, -4)))).toEqual(before)
    // To one that speaks only version 1 the last field is what a later version added.
    expect(decodeClientFrame(encodeClientFrame({ ...before, maxVersion: 1, reach: 9 } as typeof hello))).toEqual({
      ...before,
      maxVersion: 1,
    })
  })

  it('Y15 reads any bytes without throwing, and what it reads it would have written', () => {
    const random = seededRandom(0x5eed2)
    for (let round = 0; round < 20_000; round++) {
      const [, sample, golden] = random.pick(SECOND)
      const bytes = mutate(unhex(golden), random)
      const frame = decode2(sample, bytes)
      if (frame.kind === 'garbage') expect(frame.reason).not.toBe('')
      else expect(decode2(sample, encode2(frame)), `seed ${random.seed} round ${round} ${hex(bytes)}`).toEqual(frame)
    }
  })
})

describe('Y1 what a frame may not hold', () => {
  it.each([
    ['channel 0', '0400', 'channel 0'],
    ['request 0', '060003646f63026531', 'request 0'],
    ['an unknown mode', '030103646f630000020100', 'unknown mode 2'],
    ['an unknown lease operation', '070106047475726e030000', 'unknown lease operation 3'],
    ['a number over 2^53 - 1', '09ffffffffffffffff7f', 'a number over 2^53 - 1'],
    ['a name of 129 bytes', `06018101${'61'.repeat(129)}00`, 'a text over 128 bytes'],
    ['a text that is not UTF-8', '0202c328', 'a text that is not UTF-8'],
    ['a length beyond the end', '100105', 'a length beyond the end'],
  ])('from a client: %s', (_name, bytes, reason) => {
    expect(decodeClientFrame(unhex(bytes))).toEqual({ kind: 'garbage', reason })
  })

  it.each([
    ['an unknown role', '210300', 'unknown role 3'],
    ['unknown flags of a feed entry', '2901020200010161020265310304', 'unknown flags 4 of a feed entry'],
    ['more entries than bytes', '2901020200ff7f', 'a count beyond the end'],
    ['more refusals than bytes', '27010308ff7f', 'a count beyond the end'],
  ])('from a relay: %s', (_name, bytes, reason) => {
    expect(decodeRelayFrame(unhex(bytes))).toEqual({ kind: 'garbage', reason })
  })
})
