import { isUpdateLogError, UpdateLogError } from '../errors.ts'
import type { View } from '../level/database.ts'
import { isCorruption, reasonOf } from '../level/faults.ts'
import {
  COMMIT_KEY,
  FEED_RANGE,
  HEAD_RANGE,
  lastNumber,
  nameKindRange,
  namesOf,
  RUNS_KEY,
  spaceOfFeed,
} from '../level/keys.ts'
import { findDocument, readDocument } from '../level/lookup.ts'
import { decodeRuns } from '../level/runs.ts'
import { scan } from '../level/scan.ts'
import { DamagedValue, decodeCommit, decodeFeedPlace } from '../level/values.ts'
import { refKey } from '../names.ts'
import type { DocumentRef } from '../types.ts'
import type { Problem, UpkeepOptions } from './problems.ts'
import type { WholenessCheck } from './wholeness-check.ts'

export interface CheckedDocuments {
  readonly documents: number
  readonly purged: number
  readonly updates: number
  /** Of snapshots and updates, as stored. */
  readonly bytes: number
}

export interface CheckOptions extends UpkeepOptions {
  readonly check: WholenessCheck
  readonly onProblem: (problem: Problem) => void
  /** Asked between documents; false ends it with `STORAGE_FAILED`. */
  readonly isWanted?: () => boolean
}

/**
 * Reads everything that a view shows: each document by both of its names, its numbers, checksums and counts, and whether its updates make a Yjs
 * document with nothing missing; the feed; the counters.
 */
export async function checkDocuments(view: View, options: CheckOptions): Promise<CheckedDocuments> {
  const { onProblem, onProgress, signal, isWanted } = options
  await checkHistory(view, onProblem)
  const refs = await namesIn(view, onProblem)
  const total = refs.size
  const counts = { documents: 0, purged: 0, updates: 0, bytes: 0 }
  const numbers = new Set<number>()
  const feeds = new Map<string, string>()
  let done = 0
  for (const ref of refs.values()) {
    signal?.throwIfAborted()
    if (isWanted?.() === false)
      throw new UpdateLogError('STORAGE_FAILED', 'The storage failed or was closed meanwhile; try again.')
    await checkDocument(view, ref, options, counts, numbers, feeds)
    done += 1
    onProgress?.({ step: 'documents', done, total })
  }
  await checkHeads(view, numbers, onProblem)
  await checkFeed(view, feeds, onProblem)
  return counts
}

async function checkHistory(view: View, onProblem: (problem: Problem) => void): Promise<void> {
  for (const [key, what, decode] of [
    [COMMIT_KEY, 'the commit counter', (value: Uint8Array) => decodeCommit(COMMIT_KEY, value)],
    [RUNS_KEY, 'the list of openings', decodeRuns],
  ] as const) {
    try {
      const value = await view.get(key)
      if (value === undefined) onProblem({ part: 'history', what: `${what} is missing` })
      else decode(value)
    } catch (error) {
      if (!isDamage(error)) throw error
      onProblem({ part: 'history', what: `${what} is damaged: ${reasonOf(error)}` })
    }
  }
}

/** Every document that has one of its two names. */
async function namesIn(view: View, onProblem: (problem: Problem) => void): Promise<Map<string, DocumentRef>> {
  const refs = new Map<string, DocumentRef>()
  for (const kind of ['name', 'nameAgain'] as const) {
    try {
      for await (const { key } of scan(view, nameKindRange(kind))) {
        const ref = namesOf(key)
        refs.set(refKey(ref), ref)
      }
    } catch (error) {
      if (!isDamage(error)) throw error
      onProblem({ part: 'file', what: `names of documents cannot be read: ${reasonOf(error)}` })
    }
  }
  return refs
}

async function checkDocument(
  view: View,
  ref: DocumentRef,
  { check, onProblem }: CheckOptions,
  counts: { documents: number; purged: number; updates: number; bytes: number },
  numbers: Set<number>,
  feeds: Map<string, string>,
): Promise<void> {
  const say = (what: string): void => onProblem({ part: 'document', ...ref, what })
  try {
    const state = await findDocument(view, ref)
    if (state === null) {
      say('its first name is missing')
      return
    }
    numbers.add(state.number)
    feeds.set(`${ref.space}/${state.head.feed}`, ref.document)
    if (state.head.kind === 'purged') {
      counts.purged += 1
      return
    }
    const { loaded } = await readDocument(view, ref, state.number, state.head)
    counts.documents += 1
    counts.updates += loaded.seq
    counts.bytes += loaded.stats.snapshotBytes + loaded.stats.tailBytes
    const updates = loaded.snapshot === null ? loaded.updates : [loaded.snapshot, ...loaded.updates]
    const { waiting, unreadable } = await check.of(updates)
    if (unreadable > 0) say(`${unreadable} of its updates are no Yjs updates`)
    if (waiting !== null) say('it builds on updates that are not there')
  } catch (error) {
    if (isUpdateLogError(error, 'DAMAGED')) say(error.message.replace(/^.* is damaged: |\.$/g, ''))
    else if (isUpdateLogError(error, 'COMPACTION_REFUSED') || isUpdateLogError(error, 'COMPACTION_FAILED')) {
      say(`its updates cannot be checked: ${error.message}`)
    } else throw error
  }
}

async function checkHeads(view: View, numbers: ReadonlySet<number>, onProblem: (p: Problem) => void): Promise<void> {
  try {
    for await (const { key } of scan(view, HEAD_RANGE)) {
      const number = lastNumber(key)
      if (!numbers.has(number)) onProblem({ part: 'document', what: `document number ${number} has no name that fits` })
    }
  } catch (error) {
    if (!isDamage(error)) throw error
    onProblem({ part: 'file', what: `heads of documents cannot be read: ${reasonOf(error)}` })
  }
}

async function checkFeed(view: View, feeds: Map<string, string>, onProblem: (p: Problem) => void): Promise<void> {
  try {
    for await (const { key, value } of scan(view, FEED_RANGE)) {
      const [space, feed] = [spaceOfFeed(key), lastNumber(key)]
      const place = `${space}/${feed}`
      try {
        const { document } = decodeFeedPlace(key, value)
        if (feeds.get(place) === document) feeds.delete(place)
        else onProblem({ part: 'history', space, what: `the feed has ${document} at ${feed}, where it is not` })
      } catch (error) {
        if (!isDamage(error)) throw error
        onProblem({ part: 'history', space, what: `the feed is damaged at ${feed}` })
      }
    }
    for (const [place, document] of feeds) {
      const [space = '', feed = ''] = place.split('/')
      onProblem({ part: 'document', space, document, what: `it is missing in the feed, at ${feed}` })
    }
  } catch (error) {
    if (!isDamage(error)) throw error
    onProblem({ part: 'file', what: `the feed cannot be read: ${reasonOf(error)}` })
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof DamagedValue || isCorruption(error) || isUpdateLogError(error, 'DAMAGED')
}
