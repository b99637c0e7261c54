import { statOf } from '../head.ts'
import { requireName } from '../names.ts'
import type { DocumentStat, FeedEntry } from '../types.ts'
import type { View } from './database.ts'
import { feedRange, headKey, lastNumber, nameRange, namesOf, summaryKey } from './keys.ts'
import { DamagedValue, decodeFeedPlace, decodeHead, decodeNumber, decodeSummary } from './values.ts'

/** Reading many documents at once. One that is damaged is left out, so that the others go on; `load` says what is wrong with it. */
function unlessDamaged<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof DamagedValue) return null
    throw error
  }
}

/** The entries above `after`, up to and with `head`. */
export async function readFeed(
  view: View,
  space: string,
  after: number,
  head: number,
  limit: number,
): Promise<FeedEntry[]> {
  const places = (await view.range(feedRange(space, after, head), { limit })).flatMap(({ key, value }) => {
    const place = unlessDamaged(() => decodeFeedPlace(key, value))
    return place === null ? [] : [{ feed: lastNumber(key), ...place }]
  })
  const heads = await view.getMany(places.map(({ number }) => headKey(number)))
  const summaries = await view.getMany(places.map(({ number }) => summaryKey(number)))
  return places.flatMap(({ feed, number, document }, i) => {
    const value = heads[i]
    const found = value === undefined ? null : unlessDamaged(() => decodeHead(headKey(number), value))
    if (found === null) return []
    const live = found.kind === 'live'
    const bytes = summaries[i]
    return {
      document,
      feed,
      epoch: live ? found.epoch : (found.refused.at(-1) ?? ''),
      seq: live ? found.seq : 0,
      // Without its summary a document is still worth listing: a client derives another.
      summary: bytes === undefined ? null : unlessDamaged(() => decodeSummary(summaryKey(number), bytes)),
      purged: !live,
    }
  })
}

export async function readDocuments(view: View, space: string): Promise<DocumentStat[]> {
  requireName('space', space)
  const names = (await view.range(nameRange(space))).flatMap(({ key, value }) => {
    const number = unlessDamaged(() => decodeNumber(key, value))
    return number === null ? [] : [{ number, document: namesOf(key).document }]
  })
  const heads = await view.getMany(names.map(({ number }) => headKey(number)))
  return names.flatMap(({ number, document }, i) => {
    const value = heads[i]
    const head = value === undefined ? null : unlessDamaged(() => decodeHead(headKey(number), value))
    return head === null ? [] : [statOf(document, head)]
  })
}

/** Jumps from space to space, however many documents are in each. */
export async function readSpaces(view: View): Promise<string[]> {
  const spaces: string[] = []
  let range = nameRange()
  for (;;) {
    const [entry] = await view.range(range, { limit: 1 })
    if (entry === undefined) return spaces
    const { space } = namesOf(entry.key)
    spaces.push(space)
    range = { gte: nameRange(space).lt, lt: range.lt }
  }
}
