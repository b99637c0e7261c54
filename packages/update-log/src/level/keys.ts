/**
 * The keys of the database. One byte names the kind; names are ended by a NUL, which no name holds; numbers are six bytes,
 * big-endian, so that they sort (2^48 updates are out of reach).
 *
 * ```
 * c                      the commit counter
 * R                      the runs: each opening of the storage
 * N space 0 document     name -> number of the document
 * n space 0 document     the same again, far away on the disk: one of the two without the other is damage, not absence
 * h number               head: epoch, last update, feed number, counts, refused epochs
 * s number               summary
 * r number last          record: the updates up to `last` since the record before
 * f space 0 feed         the document that stands at this number of the feed
 * b, q                   reserved: blobs, what was set aside
 * ```
 */
const NUMBER_BYTES = 6

export const KIND = {
  commit: 0x63,
  runs: 0x52,
  name: 0x4e,
  nameAgain: 0x6e,
  head: 0x68,
  summary: 0x73,
  record: 0x72,
  feed: 0x66,
} as const

export type Key = Uint8Array

export interface KeyRange {
  readonly gte: Key
  readonly lt: Key
}

export const COMMIT_KEY: Key = Uint8Array.of(KIND.commit)
export const RUNS_KEY: Key = Uint8Array.of(KIND.runs)

export function nameKey(kind: 'name' | 'nameAgain', space: string, document: string): Key {
  return text(KIND[kind], `${space}\0${document}`)
}

export function headKey(number: number): Key {
  return numbers(KIND.head, number)
}

export function summaryKey(number: number): Key {
  return numbers(KIND.summary, number)
}

export function recordKey(number: number, last: number): Key {
  return numbers(KIND.record, number, last)
}

export function feedKey(space: string, feed: number): Key {
  const prefix = text(KIND.feed, `${space}\0`)
  const key = new Uint8Array(prefix.length + NUMBER_BYTES)
  key.set(prefix)
  putNumber(key, prefix.length, feed)
  return key
}

/** The first key of this range is no record's: updates are numbered from 1. */
export function recordRange(number: number): KeyRange {
  return { gte: recordKey(number, 0), lt: recordKey(number + 1, 0) }
}

/** All but the records: small, and much of it rewritten with every commit. No key of ours is the first of any of these ranges. */
export const BOOKKEEPING_RANGES: readonly KeyRange[] = [
  { gte: Uint8Array.of(0), lt: Uint8Array.of(KIND.record) },
  { gte: Uint8Array.of(KIND.summary), lt: Uint8Array.of(0xff) },
]

/** The first or the second names of all spaces. */
export function nameKindRange(kind: 'name' | 'nameAgain'): KeyRange {
  return { gte: Uint8Array.of(KIND[kind]), lt: Uint8Array.of(KIND[kind] + 1) }
}

/** Every name of a space. */
export function nameRange(kind: 'name' | 'nameAgain', space: string): KeyRange {
  return { gte: text(KIND[kind], `${space}\0`), lt: text(KIND[kind], `${space}\x01`) }
}

export const ALL_NAMES: KeyRange = { gte: Uint8Array.of(KIND.name), lt: Uint8Array.of(KIND.name + 1) }

/** The feed of a space above `after`, up to and with `to`. */
export function feedRange(space: string, after: number, to: number): KeyRange {
  return { gte: feedKey(space, after + 1), lt: feedKey(space, to + 1) }
}

export function feedRangeOfSpace(space: string): KeyRange {
  return { gte: text(KIND.feed, `${space}\0`), lt: text(KIND.feed, `${space}\x01`) }
}

export const HEAD_RANGE: KeyRange = { gte: Uint8Array.of(KIND.head), lt: Uint8Array.of(KIND.head + 1) }

export const FEED_RANGE: KeyRange = { gte: Uint8Array.of(KIND.feed), lt: Uint8Array.of(KIND.feed + 1) }

export function spaceOfFeed(key: Key): string {
  return new TextDecoder().decode(key.subarray(1, key.length - NUMBER_BYTES - 1))
}

/** Space and document of a name key. */
export function namesOf(key: Key): { space: string; document: string } {
  const [space = '', document = ''] = new TextDecoder().decode(key.subarray(1)).split('\0')
  return { space, document }
}

/** The last number in a key: of a head its document, of a record its last update, of a feed entry its place. */
export function lastNumber(key: Key): number {
  let value = 0
  for (let i = key.length - NUMBER_BYTES; i < key.length; i += 1) value = value * 256 + key[i]!
  return value
}

const utf8 = new TextEncoder()

function text(kind: number, rest: string): Key {
  const bytes = utf8.encode(rest)
  const key = new Uint8Array(1 + bytes.length)
  key[0] = kind
  key.set(bytes, 1)
  return key
}

function numbers(kind: number, first: number, second?: number): Key {
  const key = new Uint8Array(1 + (second === undefined ? 1 : 2) * NUMBER_BYTES)
  key[0] = kind
  putNumber(key, 1, first)
  if (second !== undefined) putNumber(key, 1 + NUMBER_BYTES, second)
  return key
}

function putNumber(key: Uint8Array, at: number, value: number): void {
  let rest = value
  for (let i = at + NUMBER_BYTES - 1; i >= at; i -= 1) {
    key[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
}
