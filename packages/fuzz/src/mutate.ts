import type { Random } from '@holdfast/testkit'

/** Numbers at which readers change their minds: sizes of varints, of integers, of what a number holds exactly. */
const NUMBERS = [0, 1, 2, 63, 64, 127, 128, 255, 16_383, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53]

/** A number as lib0 writes it, 7 bits per byte, lowest first. */
export function varUint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push(128 | (rest % 128))
  bytes.push(rest)
  return bytes
}

type Mutation = (bytes: number[], random: Random, others: readonly Uint8Array[]) => void

const MUTATIONS: readonly Mutation[] = [
  // A byte, a bit, a small step.
  (bytes, random) => {
    bytes[random.int(bytes.length)] = random.int(256)
  },
  (bytes, random) => {
    const at = random.int(bytes.length)
    bytes[at] = bytes[at]! ^ (1 << random.int(8))
  },
  (bytes, random) => {
    const at = random.int(bytes.length)
    bytes[at] = (bytes[at]! + random.pick([1, 255])) % 256
  },
  // A number that is telling, in the place of a byte.
  (bytes, random) => {
    bytes.splice(random.int(bytes.length), 1, ...varUint(random.pick(NUMBERS)))
  },
  // Cut off, cut out, said twice, put in.
  (bytes, random) => {
    bytes.length = random.int(bytes.length) + 1
  },
  (bytes, random) => {
    bytes.splice(random.int(bytes.length), random.int(8) + 1)
  },
  (bytes, random) => {
    const at = random.int(bytes.length)
    bytes.splice(at, 0, ...bytes.slice(at, at + random.int(16) + 1))
  },
  (bytes, random) => {
    bytes.splice(random.int(bytes.length + 1), 0, ...random.bytes(random.int(4) + 1))
  },
  // A part of another.
  (bytes, random, others) => {
    const other = random.pick(others)
    const from = random.int(other.length)
    bytes.splice(random.int(bytes.length + 1), random.int(8), ...other.subarray(from, from + random.int(32) + 1))
  },
]

/** The most bytes that an input grows to. */
const LONGEST = 4096

/** One to four changes of `bytes`, some of them borrowing from `others`. */
export function mutate(bytes: Uint8Array, random: Random, others: readonly Uint8Array[]): Uint8Array {
  const result = bytes.length === 0 ? [random.int(256)] : Array.from(bytes)
  for (let i = random.int(4); i >= 0; i--) {
    random.pick(MUTATIONS)(result, random, others)
    if (result.length === 0) result.push(random.int(256))
  }
  return Uint8Array.from(result.slice(0, LONGEST))
}
