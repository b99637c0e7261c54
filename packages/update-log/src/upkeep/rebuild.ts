import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'
import { isUpdateLogError } from '../errors.ts'
import type { Head, LiveHead } from '../head.ts'
import type { Operation, View } from '../level/database.ts'
import { headKey, type Key, lastNumber, nameKey, recordKey, recordRange, summaryKey } from '../level/keys.ts'
import { readDocument } from '../level/lookup.ts'
import {
  DamagedValue,
  decodeHead,
  decodeRecord,
  decodeSecondName,
  encodeHead,
  encodeNumber,
  encodeRecord,
  encodeSecondName,
  type RecordContent,
  type SecondName,
  secondNameOf,
} from '../level/values.ts'
import type { DocumentRef } from '../types.ts'
import type { WholenessCheck } from './wholeness-check.ts'

const decompress = promisify(brotliDecompress)

/** What became of one document. */
export interface Rebuilt {
  /**
   * - `sound` nothing was wrong
   * - `whole` everything of it is there; what said so was damaged and is new
   * - `shortened` the updates up to `through` are there, later ones are lost
   * - `merged` updates are lost in the middle; everything that does not build on them is there
   * - `absent` nothing of it could be read: whoever has it brings it again
   */
  readonly outcome: 'sound' | 'whole' | 'shortened' | 'merged' | 'absent'
  /** The number of its last update now. */
  readonly through: number
  /** Updates that are known to be lost. */
  readonly lost: number
  /** False when how many updates there were is lost too, so that some at the end may be missing. */
  readonly isCertain: boolean
  /** What builds on lost updates, as one Yjs update: set aside. */
  readonly waiting: Uint8Array | null
  /** Null when it is not there any more. */
  readonly head: Head | null
  /** What to write; nothing for one that is sound. */
  readonly operations: readonly Operation[]
}

interface Place {
  readonly key: Key
  readonly first: number
  readonly last: number
  readonly content: RecordContent
}

/**
 * Makes a document whole from what can be read of it: its head or, when that is lost, its epoch from its second name; its records as
 * far as their numbers join. Where they do not, everything is merged that does not build on what is lost.
 */
export async function rebuildDocument(
  view: View,
  ref: DocumentRef,
  number: number,
  check: WholenessCheck,
  freshEpoch: () => string,
): Promise<Rebuilt> {
  const head = await read(view, headKey(number), decodeHead)
  const second = await read(view, nameKey('nameAgain', ref.space, ref.document), decodeSecondName)
  if (head !== null && (await isSound(view, ref, number, head))) {
    const through = head.kind === 'live' ? head.seq : 0
    return {
      outcome: 'sound',
      through,
      lost: 0,
      isCertain: true,
      waiting: null,
      head,
      operations: namesIfMissing(ref, number, head, second),
    }
  }
  const { places, keys } = await readPlaces(view, number)
  if (head?.kind === 'purged' || (head === null && second?.epoch === null)) {
    const purged: Head = { kind: 'purged', feed: head?.feed ?? 0, refused: head?.refused ?? second?.refused ?? [] }
    return told('whole', ref, number, purged, keys.map(deletion))
  }
  const known = { epoch: head?.epoch ?? second?.epoch ?? freshEpoch(), refused: head?.refused ?? second?.refused ?? [] }
  const ended = head?.kind === 'live' ? head.seq : 0
  const last = Math.max(ended, ...places.map((place) => place.last))
  const useful = withoutCovered(places)
  const joined = joinedPlaces(useful)
  const through = joined.at(-1)?.last ?? 0
  const stats = statsOf(joined)
  const live = (seq: number, own: LiveHead['stats']): LiveHead => ({
    kind: 'live',
    feed: head?.feed ?? 0,
    seq,
    stats: own,
    ...known,
  })
  if (joined.length > 0 && joined.length === useful.length && (await isReadable(joined[0]))) {
    const spare = keys.filter((key) => !joined.some((place) => place.key === key))
    const lost = Math.max(0, ended - through)
    const outcome = lost === 0 ? 'whole' : 'shortened'
    return { ...told(outcome, ref, number, live(through, stats), spare.map(deletion), lost), isCertain: head !== null }
  }
  return { ...(await merge(ref, number, places, keys, last, live, check)), isCertain: head !== null }
}

async function merge(
  ref: DocumentRef,
  number: number,
  places: readonly Place[],
  keys: readonly Key[],
  last: number,
  live: (seq: number, stats: LiveHead['stats']) => LiveHead,
  check: WholenessCheck,
): Promise<Rebuilt> {
  const covered = places.reduce((sum, place) => sum + place.last - place.first + 1, 0)
  const updates = (await Promise.all(places.map(({ content }) => updatesOf(content)))).flat()
  const { state, waiting, unreadable } = await check.of(updates)
  const lost = Math.max(1, last - covered, unreadable)
  const deletions = keys.map(deletion)
  if (state === null) {
    const gone: Operation[] = [
      ...deletions,
      ...[headKey(number), summaryKey(number)].map(deletion),
      ...(['name', 'nameAgain'] as const).map((kind) => deletion(nameKey(kind, ref.space, ref.document))),
    ]
    return {
      outcome: 'absent',
      isCertain: true,
      through: 0,
      lost: Math.max(lost, last),
      waiting,
      head: null,
      operations: gone,
    }
  }
  const key = recordKey(number, last)
  const content: RecordContent = { kind: 'state', coding: 'plain', bytes: state }
  const put: Operation = { type: 'put', key, value: encodeRecord(key, { first: 1, content }) }
  const head = live(last, { snapshotBytes: state.byteLength, tailUpdates: 0, tailBytes: 0 })
  return { ...told('merged', ref, number, head, [...deletions, put], lost), waiting }
}

function told(
  outcome: Rebuilt['outcome'],
  ref: DocumentRef,
  number: number,
  head: Head,
  operations: readonly Operation[],
  lost = 0,
): Rebuilt {
  const key = headKey(number)
  const through = head.kind === 'live' ? head.seq : 0
  const put: Operation = { type: 'put', key, value: encodeHead(key, head) }
  return {
    outcome,
    through,
    lost,
    isCertain: true,
    waiting: null,
    head,
    operations: [...operations, put, ...namesIfMissing(ref, number, head, null)],
  }
}

/** Both names, as they should be; the second only if it does not say so already. */
function namesIfMissing(ref: DocumentRef, number: number, head: Head, second: SecondName | null): Operation[] {
  const first = nameKey('name', ref.space, ref.document)
  const operations: Operation[] = [{ type: 'put', key: first, value: encodeNumber(first, number) }]
  const epoch = head.kind === 'live' ? head.epoch : null
  if (second?.number === number && second.epoch === epoch) return operations
  const again = nameKey('nameAgain', ref.space, ref.document)
  return [...operations, { type: 'put', key: again, value: encodeSecondName(again, secondNameOf(number, head)) }]
}

async function isSound(view: View, ref: DocumentRef, number: number, head: Head): Promise<boolean> {
  if (head.kind === 'purged') return (await view.range(recordRange(number), { limit: 1 })).length === 0
  try {
    await readDocument(view, ref, number, head)
    return true
  } catch (error) {
    if (isUpdateLogError(error, 'DAMAGED')) return false
    throw error
  }
}

async function read<T>(view: View, key: Key, decode: (key: Key, value: Uint8Array) => T): Promise<T | null> {
  const value = await view.get(key)
  return value === undefined ? null : unlessDamaged(() => decode(key, value))
}

async function readPlaces(view: View, number: number): Promise<{ places: Place[]; keys: Key[] }> {
  const entries = await view.range(recordRange(number))
  const places = entries.flatMap(({ key, value }): Place[] => {
    const record = unlessDamaged(() => decodeRecord(key, value))
    return record === null ? [] : [{ key, first: record.first, last: lastNumber(key), content: record.content }]
  })
  return { places, keys: entries.map(({ key }) => key) }
}

/** Without records that a snapshot says again: their deletion may be among what was lost. */
function withoutCovered(places: readonly Place[]): readonly Place[] {
  const snapshot = places.findLast(({ content }) => content.kind === 'state')
  if (snapshot === undefined) return places
  return places.filter((place) => place === snapshot || place.first > snapshot.last)
}

/** As many as join without a gap, from the first on. */
function joinedPlaces(places: readonly Place[]): Place[] {
  const joined: Place[] = []
  let last = 0
  for (const place of places) {
    if (place.first !== last + 1 || (place.content.kind === 'state' && place.first !== 1)) break
    if (place.content.kind === 'updates' && place.content.updates.length !== place.last - last) break
    joined.push(place)
    last = place.last
  }
  return joined
}

function statsOf(joined: readonly Place[]): LiveHead['stats'] {
  const stats = { snapshotBytes: 0, tailUpdates: 0, tailBytes: 0 }
  for (const { content } of joined) {
    if (content.kind === 'state') stats.snapshotBytes = content.bytes.byteLength
    else {
      stats.tailUpdates += content.updates.length
      for (const update of content.updates) stats.tailBytes += update.byteLength
    }
  }
  return stats
}

async function isReadable(place: Place | undefined): Promise<boolean> {
  return place !== undefined && (await updatesOf(place.content)).length > 0
}

/** Nothing of a snapshot that cannot be unpacked. */
async function updatesOf(content: RecordContent): Promise<readonly Uint8Array[]> {
  if (content.kind === 'updates') return content.updates
  if (content.coding === 'plain') return [content.bytes]
  try {
    const bytes = await decompress(content.bytes)
    return [new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)]
  } catch (error) {
    if (error instanceof Error && 'code' in error) return []
    throw error
  }
}

function deletion(key: Key): Operation {
  return { type: 'del', key }
}

function unlessDamaged<T>(run: () => T): T | null {
  try {
    return run()
  } catch (error) {
    if (error instanceof DamagedValue) return null
    throw error
  }
}
