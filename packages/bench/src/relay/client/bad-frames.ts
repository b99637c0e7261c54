import { type Random, seededRandom } from '@holdfast/testkit'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { clientFrame } from './socket.ts'
import { STEP1, STEP2, SYNC, type Target, UPDATE } from './stock.ts'

const AWARENESS = 1

/** Everything that a client should not send, from a seed: garbage, half updates, what never can be integrated, and what costs. */
export function* badFrames(target: Target, document: string, seed: number, count: number): Generator<Buffer> {
  const random = seededRandom(seed)
  for (let i = 0; i < count; i += 1) {
    const bad = random.pick(KINDS)(random)
    if (typeof bad === 'string') yield clientFrame(new TextEncoder().encode(bad), 'text')
    else yield clientFrame(addressed(target, document, bad))
  }
}

function addressed({ dialect }: Target, document: string, message: Uint8Array): Uint8Array {
  if (dialect === 'stock') return message
  return made((encoder) => {
    encoding.writeVarString(encoder, document)
    encoding.writeUint8Array(encoder, message)
  })
}

function made(write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = encoding.createEncoder()
  write(encoder)
  return encoding.toUint8Array(encoder)
}

function sync(kind: number, bytes: Uint8Array): Uint8Array {
  return made((encoder) => {
    encoding.writeVarUint(encoder, SYNC)
    encoding.writeVarUint(encoder, kind)
    encoding.writeVarUint8Array(encoder, bytes)
  })
}

function noise(random: Random, most: number): Uint8Array {
  return Uint8Array.from({ length: 1 + random.int(most) }, () => random.int(256))
}

function honest(): Uint8Array {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'what an honest client would have written '.repeat(20))
  return Y.encodeStateAsUpdate(doc)
}

/** Structs that build on what nobody has. */
function gaps(random: Random): Uint8Array {
  return made((encoder) => {
    const blocks = 200
    encoding.writeVarUint(encoder, blocks)
    for (let i = 0; i < blocks; i += 1) {
      encoding.writeVarUint(encoder, 1)
      encoding.writeVarUint(encoder, 1 + random.int(2 ** 31))
      encoding.writeVarUint(encoder, 1 + random.int(1_000))
      encoding.writeUint8(encoder, 0x84)
      encoding.writeVarUint(encoder, 1 + random.int(2 ** 31))
      encoding.writeVarUint(encoder, random.int(1_000))
      encoding.writeVarString(encoder, 'gap')
    }
    encoding.writeVarUint(encoder, 0)
  })
}

function deletions(random: Random): Uint8Array {
  return made((encoder) => {
    encoding.writeVarUint(encoder, 0)
    encoding.writeVarUint(encoder, 1)
    encoding.writeVarUint(encoder, 1 + random.int(2 ** 31))
    encoding.writeVarUint(encoder, 10_000)
    for (let i = 0; i < 10_000; i += 1) {
      encoding.writeVarUint(encoder, i * 3)
      encoding.writeVarUint(encoder, 1 + random.int(2))
    }
  })
}

const NESTED = 4_000

/** A map in a map in a map. */
function nested(random: Random): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = 1 + random.int(2 ** 31)
  doc.transact(() => {
    let map = doc.getMap(`deep-${random.int(1_000_000)}`)
    for (let i = 0; i < NESTED; i += 1) {
      const inner = new Y.Map<unknown>()
      map.set('in', inner)
      map = inner
    }
  })
  return Y.encodeStateAsUpdate(doc)
}

const KINDS: readonly ((random: Random) => Uint8Array | string)[] = [
  (random) => noise(random, 64 * 1024),
  (random) => noise(random, 64),
  (random) => sync(UPDATE, noise(random, 64 * 1024)),
  (random) => sync(STEP2, noise(random, 1024)),
  (random) => sync(STEP1, noise(random, 1024)),
  (random) => sync(UPDATE, honest().subarray(0, 1 + random.int(200))),
  // 2^31 blocks, and 2^31 structs in one block.
  () => sync(UPDATE, Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x08, 1, 1, 0)),
  () => sync(UPDATE, Uint8Array.of(1, 0x80, 0x80, 0x80, 0x80, 0x08, 1, 0, 4, 1, 1, 0x61, 1, 0x62)),
  // A length that says more than there is, and one that says more than a number can.
  () => Uint8Array.of(SYNC, UPDATE, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3),
  () => Uint8Array.of(SYNC, UPDATE, ...Array.from({ length: 12 }, () => 0xff)),
  (random) => Uint8Array.of(AWARENESS, 200, 1, ...noise(random, 200)),
  () => Uint8Array.of(77, 1, 2, 3),
  () => 'text, where bytes are meant',
  (random) => sync(UPDATE, gaps(random)),
  (random) => sync(UPDATE, deletions(random)),
  (random) => sync(UPDATE, nested(random)),
]
