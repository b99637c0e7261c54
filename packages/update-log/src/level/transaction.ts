import { type FeedCounter, feedNumber, type Head, type LiveHead } from '../head.ts'
import { refKey } from '../names.ts'
import type { Change, DocumentRef } from '../types.ts'
import type { Operation } from './database.ts'
import { feedKey, headKey, type Key, nameKey, recordKey, summaryKey } from './keys.ts'
import type { DocumentState } from './lookup.ts'
import {
  encodeFeedPlace,
  encodeHead,
  encodeNumber,
  encodeRecord,
  encodeSecondName,
  encodeSummary,
  type RecordContent,
  secondNameOf,
} from './values.ts'

/** What was last committed, as far as it was needed: the writer's cache. Null is a document that is known not to be. */
export interface Committed {
  readonly documents: Map<string, DocumentState | null>
  readonly feeds: Map<string, FeedCounter>
}

interface Staged {
  readonly ref: DocumentRef
  readonly number: number
  readonly before: Head | null
  head: Head
  /** Updates of this commit, one record for all of them. */
  updates: Uint8Array[]
  removed: readonly Key[]
  replaced: { readonly through: number; readonly content: RecordContent } | null
  /** Undefined: stays as it is. */
  summary: Uint8Array | null | undefined
  changed: boolean
}

/**
 * One commit while it is put together: later jobs see what earlier ones staged, and nothing shows outside before it is durable. A
 * document that is written many times in one commit costs one record, one head and at most one move in the feed.
 */
export class Transaction {
  readonly #committed: Committed
  readonly #staged = new Map<string, Staged>()
  readonly #feeds = new Map<string, FeedCounter>()
  readonly #touched: Key[] = []
  readonly #forgotten: string[] = []
  #nextDocument: number
  incarnation: string | undefined

  constructor(committed: Committed, nextDocument: number) {
    this.#committed = committed
    this.#nextDocument = nextDocument
  }

  get nextDocument(): number {
    return this.#nextDocument
  }

  get isEmpty(): boolean {
    return this.#staged.size === 0 && this.#touched.length === 0 && this.incarnation === undefined
  }

  head(ref: DocumentRef): Head | null {
    const key = refKey(ref)
    return this.#staged.get(key)?.head ?? this.#committed.documents.get(key)?.head ?? null
  }

  /** The summary that this commit gives the document, if it does. */
  summary(ref: DocumentRef): Uint8Array | null {
    return this.#staged.get(refKey(ref))?.summary ?? null
  }

  /** @returns the head with its place in the feed */
  append<T extends LiveHead>(ref: DocumentRef, head: T, update: Uint8Array, summary: Uint8Array | undefined): T {
    const staged = this.#stage(ref, head)
    staged.updates.push(update)
    if (summary !== undefined) staged.summary = summary
    return this.#move(staged, head)
  }

  setSummary<T extends Head>(ref: DocumentRef, head: T, summary: Uint8Array): T {
    const staged = this.#stage(ref, head)
    staged.summary = summary
    return this.#move(staged, head)
  }

  /** @param records the keys of every record that the document had before this commit */
  purge<T extends Head>(ref: DocumentRef, head: T, records: readonly Key[]): T {
    const staged = this.#stage(ref, head)
    staged.updates = []
    staged.replaced = null
    staged.removed = records
    staged.summary = null
    return this.#move(staged, head)
  }

  /** Puts a state in the place of the records up to `through`. Nothing that anyone is told of changes. */
  replace(ref: DocumentRef, head: LiveHead, through: number, content: RecordContent, records: readonly Key[]): void {
    const staged = this.#stage(ref, head)
    staged.removed = records
    staged.replaced = { through, content }
  }

  /** Whether this commit changes the document already. */
  has(ref: DocumentRef): boolean {
    return this.#staged.has(refKey(ref))
  }

  /**
   * Puts what is left of a damaged document in the place of what was there, names and all. Nothing of it may be staged before.
   * @param number its number; null for a new one
   * @param removed keys of what is no part of it any more
   */
  mend<T extends Head>(
    ref: DocumentRef,
    number: number | null,
    head: T,
    removed: readonly Key[],
    summary: null | undefined,
  ): T {
    const staged: Staged = {
      ref: { space: ref.space, document: ref.document },
      number: number ?? this.#nextDocument++,
      // As if it had never been, so that all of it is written.
      before: null,
      head,
      updates: [],
      removed,
      replaced: null,
      summary,
      changed: false,
    }
    this.#staged.set(refKey(ref), staged)
    return this.#move(staged, head)
  }

  /** Removes a document of which nothing is left: whoever comes next begins it anew. Nothing of it may be staged before. */
  forget(ref: DocumentRef, removed: readonly Key[]): void {
    this.#forgotten.push(refKey(ref))
    for (const key of removed) this.touch(key)
  }

  /** Writes that a key is not there which never was. */
  touch(key: Key): void {
    this.#touched.push(key)
  }

  /** Deletions first: a key may be deleted and written anew in one commit. */
  operations(): Operation[] {
    const operations: Operation[] = this.#touched.map((key) => ({ type: 'del', key }))
    for (const staged of this.#staged.values()) {
      for (const key of staged.removed) operations.push({ type: 'del', key })
      putContent(operations, staged)
      putPlace(operations, staged)
    }
    return operations
  }

  /** Makes what was staged the committed state. Only after the write has succeeded. */
  apply(): void {
    for (const key of this.#forgotten) this.#committed.documents.set(key, null)
    for (const [key, { number, head }] of this.#staged) this.#committed.documents.set(key, { number, head })
    for (const [space, counter] of this.#feeds) this.#committed.feeds.set(space, counter)
  }

  changes(): Change[] {
    return [...this.#staged.values()].filter((staged) => staged.changed).map(changeOf)
  }

  /** For each space, below the lowest place that a reader has not seen and that this commit may change unseen. */
  places(): Map<string, number> {
    const lowest = new Map<string, number>()
    for (const { ref, head, changed } of this.#staged.values()) {
      if (changed) lowest.set(ref.space, Math.min(lowest.get(ref.space) ?? Number.POSITIVE_INFINITY, head.feed))
    }
    return lowest
  }

  #stage(ref: DocumentRef, head: Head): Staged {
    const key = refKey(ref)
    const staged = this.#staged.get(key)
    if (staged !== undefined) {
      staged.head = head
      return staged
    }
    const known = this.#committed.documents.get(key) ?? null
    const number = known?.number ?? this.#nextDocument++
    const fresh: Staged = {
      ref: { space: ref.space, document: ref.document },
      number,
      before: known?.head ?? null,
      head,
      updates: [],
      removed: [],
      replaced: null,
      summary: undefined,
      changed: false,
    }
    this.#staged.set(key, fresh)
    return fresh
  }

  #move<T extends Head>(staged: Staged, head: T): T {
    const { space } = staged.ref
    const counter = this.#feeds.get(space) ?? this.#committed.feeds.get(space) ?? { head: 0, observed: 0 }
    const feed = feedNumber(head.feed, counter)
    if (feed > counter.head) this.#feeds.set(space, { ...counter, head: feed })
    const moved = { ...head, feed }
    staged.head = moved
    staged.changed = true
    return moved
  }
}

function putContent(operations: Operation[], { head, number, updates, replaced, summary }: Staged): void {
  if (replaced !== null) {
    const key = recordKey(number, replaced.through)
    operations.push({ type: 'put', key, value: encodeRecord(key, { first: 1, content: replaced.content }) })
  }
  if (updates.length > 0 && head.kind === 'live') putUpdates(operations, number, head.seq, updates)
  if (summary === undefined) return
  const key = summaryKey(number)
  if (summary === null) operations.push({ type: 'del', key })
  else operations.push({ type: 'put', key, value: encodeSummary(key, summary) })
}

/**
 * Two records: the first of them by itself, so that it can be asked for by its key. Whether it is there tells a head that is older than its document
 * from the last one, without looking through a range.
 */
function putUpdates(operations: Operation[], number: number, seq: number, updates: readonly Uint8Array[]): void {
  const runs = updates.length > 1 ? [updates.slice(0, 1), updates.slice(1)] : [updates]
  let first = seq - updates.length + 1
  for (const run of runs) {
    const key = recordKey(number, first + run.length - 1)
    const record = { first, content: { kind: 'updates', updates: run } } as const
    operations.push({ type: 'put', key, value: encodeRecord(key, record) })
    first += run.length
  }
}

function putPlace(operations: Operation[], { ref, head, before, number }: Staged): void {
  const key = headKey(number)
  operations.push({ type: 'put', key, value: encodeHead(key, head) })
  if (before === null) {
    const name = nameKey('name', ref.space, ref.document)
    operations.push({ type: 'put', key: name, value: encodeNumber(name, number) })
  }
  if (before === null || epochOf(before) !== epochOf(head) || before.refused.length !== head.refused.length) {
    const name = nameKey('nameAgain', ref.space, ref.document)
    operations.push({ type: 'put', key: name, value: encodeSecondName(name, secondNameOf(number, head)) })
  }
  if (head.feed === before?.feed) return
  if (before !== null) operations.push({ type: 'del', key: feedKey(ref.space, before.feed) })
  const place = feedKey(ref.space, head.feed)
  operations.push({ type: 'put', key: place, value: encodeFeedPlace(place, { number, document: ref.document }) })
}

function epochOf(head: Head): string | null {
  return head.kind === 'live' ? head.epoch : null
}

function changeOf({ ref, head }: Staged): Change {
  const live = head.kind === 'live'
  return {
    ...ref,
    epoch: live ? head.epoch : (head.refused.at(-1) ?? ''),
    seq: live ? head.seq : 0,
    purged: !live,
    feed: head.feed,
  }
}
