import { type Head, statOf } from '../head.ts'
import { requireName } from '../names.ts'
import type { DocumentStat, FeedEntry } from '../types.ts'
import type { Entry, View } from './database.ts'
import { getEach, otherwise } from './each.ts'
import { ALL_NAMES, feedRange, feedRangeOfSpace, headKey, lastNumber, nameRange, namesOf, summaryKey } from './keys.ts'
import { DamagedValue, decodeFeedPlace, decodeHead, decodeNumber, decodeSummary } from './values.ts'

/**
 * Reading many documents at once. What is damaged is left out, so that the others go on (U4): `load` says what is wrong with it. What has
 * a second place (names; the feed, which is written in the heads too) is read from there.
 */
function unlessDamaged<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof DamagedValue) return null
    throw error
  }
}

function isBytes(value: Uint8Array | undefined | 'unreadable'): value is Uint8Array {
  return value !== undefined && value !== 'unreadable'
}

interface Named {
  readonly document: string
  readonly number: number
}

/** Every document of a space whose name and head can be read. */
async function readHeads(view: View, space: string): Promise<(Named & { head: Head })[]> {
  const entries = await otherwise(
    () => view.range(nameRange('name', space)),
    () => view.range(nameRange('nameAgain', space)),
  )
  return withHeads(view, entries.flatMap(namedBy))
}

function namedBy({ key, value }: Entry): Named[] {
  const number = unlessDamaged(() => decodeNumber(key, value))
  return number === null ? [] : [{ number, document: namesOf(key).document }]
}

async function withHeads<T extends Named>(view: View, named: readonly T[]): Promise<(T & { head: Head })[]> {
  const heads = await getEach(
    view,
    named.map(({ number }) => headKey(number)),
  )
  return named.flatMap((entry, i) => {
    const value = heads[i]
    const head = isBytes(value) ? unlessDamaged(() => decodeHead(headKey(entry.number), value)) : null
    return head === null ? [] : [{ ...entry, head }]
  })
}

/** When some heads cannot be read, what they may have been given lies below this much above the others. */
const LEAP = 2 ** 20

/** The highest number of a space's feed. */
export function readFeedHead(view: View, space: string): Promise<number> {
  return otherwise(
    async () => {
      const [last] = await view.range(feedRangeOfSpace(space), { limit: 1, reverse: true })
      return last === undefined ? 0 : lastNumber(last.key)
    },
    async () => (await readHeads(view, space)).reduce((most, { head }) => Math.max(most, head.feed), 0) + LEAP,
  )
}

/**
 * The places above `after` that a document stands at: as many as asked for as long as there are any, because fewer mean the end. What a document
 * that was set aside has left behind at an earlier place is passed over, and so is what is damaged.
 */
async function readPlaces(
  view: View,
  space: string,
  after: number,
  to: number,
  limit: number,
): Promise<(Named & { head: Head })[]> {
  const good: (Named & { head: Head })[] = []
  for (let from = after; good.length < limit; ) {
    const entries = await view.range(feedRange(space, from, to), { limit: limit - good.length })
    const last = entries.at(-1)
    if (last === undefined) break
    from = lastNumber(last.key)
    const places = entries.flatMap(({ key, value }) => {
      const place = unlessDamaged(() => decodeFeedPlace(key, value))
      return place === null ? [] : [{ ...place, feed: lastNumber(key) }]
    })
    for (const place of await withHeads(view, places)) if (place.head.feed === place.feed) good.push(place)
  }
  return good
}

/** The entries above `after`, up to and with `to`. */
export async function readFeed(
  view: View,
  space: string,
  after: number,
  to: number,
  limit: number,
): Promise<FeedEntry[]> {
  const places = await otherwise(
    () => readPlaces(view, space, after, to, limit),
    async () =>
      (await readHeads(view, space))
        .filter(({ head }) => head.feed > after && head.feed <= to)
        .sort((a, b) => a.head.feed - b.head.feed)
        .slice(0, limit),
  )
  const summaries = await getEach(
    view,
    places.map(({ number }) => summaryKey(number)),
  )
  return places.map(({ document, number, head }, i) => {
    const live = head.kind === 'live'
    const bytes = summaries[i]
    return {
      document,
      feed: head.feed,
      epoch: live ? head.epoch : (head.refused.at(-1) ?? ''),
      seq: live ? head.seq : 0,
      // Without its summary a document is still worth listing: a client derives another.
      summary: isBytes(bytes) ? unlessDamaged(() => decodeSummary(summaryKey(number), bytes)) : null,
      purged: !live,
    }
  })
}

export async function readDocuments(view: View, space: string): Promise<DocumentStat[]> {
  requireName('space', space)
  return (await readHeads(view, space)).map(({ document, head }) => statOf(document, head))
}

/** Jumps from space to space, however many documents are in each. */
export async function readSpaces(view: View): Promise<string[]> {
  const spaces: string[] = []
  let range = ALL_NAMES
  for (;;) {
    const [entry] = await view.range(range, { limit: 1 })
    if (entry === undefined) return spaces
    const { space } = namesOf(entry.key)
    spaces.push(space)
    range = { gte: nameRange('name', space).lt, lt: range.lt }
  }
}
