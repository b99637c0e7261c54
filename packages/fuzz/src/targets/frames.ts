import {
  type ClientFrame,
  decodeAwareness,
  decodeClientFrame,
  decodeRelayFrame,
  decodeStateVector,
  decodeStockFrame,
  encodeClientFrame,
  encodeRelayFrame,
  type GarbageFrame,
  type RelayFrame,
} from '@holdfast/protocol'
import { mustBe, type Sight, type Target } from '../target.ts'

/** W6: a stock message is one of the known ones or garbage, and so is what is in it. */
export const stockFrames: Target = {
  name: 'stock frames',
  kind: 'stock-frames',
  run(bytes) {
    const frame = decodeStockFrame(bytes)
    if (frame.kind === 'garbage') {
      mustBe(frame.reason !== '', 'W6 garbage says why')
      return { verdict: 'garbage', seen: frame.reason }
    }
    if (frame.kind === 'step1') return inner(frame.kind, decodeStateVector(frame.stateVector) !== null)
    if (frame.kind === 'awareness') return inner(frame.kind, decodeAwareness(frame.awareness).kind !== 'garbage')
    return { verdict: 'good', seen: frame.kind }
  },
}

function inner(kind: string, isGood: boolean): Sight {
  return { verdict: isGood ? 'good' : 'garbage', seen: `${kind} ${isGood}` }
}

/** Y1: a frame of /sync is exactly one of the known ones, and nothing of what it says is lost. */
function syncFrames<F extends ClientFrame | RelayFrame>(
  name: string,
  kind: 'client-frames' | 'relay-frames',
  decode: (bytes: Uint8Array) => F | GarbageFrame,
  encode: (frame: F) => Uint8Array,
): Target {
  return {
    name,
    kind,
    run(bytes) {
      const frame = decode(bytes)
      if (frame.kind === 'garbage') {
        const { reason } = frame as GarbageFrame
        mustBe(reason !== '', 'Y1 garbage says why')
        return { verdict: 'garbage', seen: reason }
      }
      const again = encode(frame as F)
      mustBe(same(decode(again), frame), 'Y1 what a frame says is what its bytes say when it is written again')
      return { verdict: 'good', seen: `${frame.kind} ${bytes.length > 64}` }
    },
  }
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, bytesAsHex) === JSON.stringify(b, bytesAsHex)
}

function bytesAsHex(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}

export const clientFrames = syncFrames('client frames', 'client-frames', decodeClientFrame, encodeClientFrame)
export const relayFrames = syncFrames('relay frames', 'relay-frames', decodeRelayFrame, encodeRelayFrame)
