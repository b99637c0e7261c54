import { type Compactor, inlineCompactor } from './compaction.ts'
import { UpdateLogError } from './errors.ts'
import {
  afterAppend,
  afterPurge,
  type FeedCounter,
  feedNumber,
  type Head,
  requireLive,
  requireSummary,
  statOf,
} from './head.ts'
import { DEFAULT_SUMMARY_LIMIT, MAX_FEED_LIMIT } from './limits.ts'
import { refKey, requireName, requireRef } from './names.ts'
import { randomId } from './random.ts'
import { beginRun, follows, historyName, type Runs, renewRuns, sharedUntil } from './runs.ts'
import type { Appended, Change, CommitEvent, CompactResult, DocumentRef, FeedEntry, UpdateLog } from './types.ts'

export interface MemoryLogOptions {
  /** Draws incarnations and epochs; names of 1 to 128 of `A-Z a-z 0-9 . _ ~ -`. */
  readonly randomId?: () => string
  readonly summaryLimit?: number
  readonly compactor?: Compactor
  /** What an earlier log left; without it everything goes with this one. */
  readonly folder?: MemoryFolder
}

interface Stored {
  readonly ref: DocumentRef
  head: Head
  snapshot: Uint8Array | null
  updates: Uint8Array[]
  summary: Uint8Array | null
}

/** What is left of a memory log when it ends, as a data folder is of a real one. One log has it at a time. */
export interface MemoryFolder {
  /** The folder as it is now, in another place. */
  copy(): MemoryFolder
}

interface Kept extends MemoryFolder {
  readonly stored: Map<string, Stored>
  readonly feeds: Map<string, FeedCounter>
  runs: Runs | null
  commits: number
}

export function createMemoryFolder(): MemoryFolder {
  return keep(new Map(), new Map(), null, 0)
}

function keep(stored: Kept['stored'], feeds: Kept['feeds'], runs: Runs | null, commits: number): Kept {
  const kept: Kept = {
    stored,
    feeds,
    runs,
    commits,
    copy: () => {
      const documents = Array.from(kept.stored, ([key, entry]) => {
        return [key, { ...entry, updates: entry.updates.slice() }] as const
      })
      return keep(new Map(documents), new Map(kept.feeds), kept.runs, kept.commits)
    },
  }
  return kept
}

/**
 * An update log that forgets everything with the process: for tests, and for a relay that only passes on. Passes the same contract
 * suite as the one over LevelDB.
 */
export function createMemoryLog(options: MemoryLogOptions = {}): UpdateLog {
  const draw = options.randomId ?? randomId
  const summaryLimit = options.summaryLimit ?? DEFAULT_SUMMARY_LIMIT
  const compactor = options.compactor ?? inlineCompactor
  const folder = (options.folder ?? createMemoryFolder()) as Kept
  const { stored, feeds } = folder
  const created = folder.runs === null
  const listeners = new Set<(event: CommitEvent) => void>()
  // What a reader of the log before may have seen is not known.
  for (const [space, { head }] of feeds) feeds.set(space, { head, observed: head })
  const heads = new Map([...feeds].map(([space, { head }]) => [space, head]))
  let runs = beginRun(folder.runs, folder.runs?.incarnation ?? draw(), draw(), heads, folder.commits)
  folder.runs = runs
  let closed = false

  function requireOpen(): void {
    if (closed) throw new UpdateLogError('CLOSED', 'The update log is closed.')
  }

  /** Puts a changed document in its place, and says so. */
  function commit(ref: DocumentRef, head: Head, content: Omit<Stored, 'ref' | 'head'>): Head {
    const counter = feeds.get(ref.space) ?? { head: 0, observed: 0 }
    const feed = feedNumber(head.feed, counter)
    if (feed > counter.head) feeds.set(ref.space, { ...counter, head: feed })
    const moved = { ...head, feed }
    stored.set(refKey(ref), { ref: { ...ref }, head: moved, ...content })
    folder.commits += 1
    const event: CommitEvent = { commit: folder.commits, changes: [changeOf(ref, moved)] }
    // Like a real commit, it is told after the call, not within it.
    queueMicrotask(() => {
      for (const listener of listeners) listener(event)
    })
    return moved
  }

  return {
    get incarnation() {
      return runs.incarnation
    },
    get history() {
      return historyName(runs)
    },
    get openings() {
      return runs.openings
    },
    get commits() {
      return folder.commits
    },
    opened: { created, renewed: null },

    follows: (space, history, cursor, reach = 0) => follows(runs, space, history, cursor, reach),

    sharedUntil: (history) => sharedUntil(runs, history, folder.commits),

    async append(ref, update, appendOptions = {}): Promise<Appended> {
      requireOpen()
      requireRef(ref)
      if (appendOptions.summary !== undefined) requireSummary(appendOptions.summary, summaryLimit)
      const old = stored.get(refKey(ref))
      const next = afterAppend(ref, old?.head ?? null, appendOptions.epoch, update.byteLength, draw)
      const updates = old?.updates ?? []
      updates.push(update.slice())
      const head = commit(ref, next, {
        snapshot: old?.snapshot ?? null,
        updates,
        summary: appendOptions.summary?.slice() ?? old?.summary ?? null,
      })
      return { epoch: next.epoch, seq: next.seq, feed: head.feed }
    },

    async load(ref) {
      requireOpen()
      requireRef(ref)
      const found = stored.get(refKey(ref))
      if (found === undefined || found.head.kind === 'purged') return null
      const { epoch, seq, stats, refused } = found.head
      return {
        epoch,
        seq,
        stats,
        refused,
        snapshot: found.snapshot,
        updates: found.updates.slice(),
        summary: found.summary,
      }
    },

    async stat(ref) {
      requireOpen()
      requireRef(ref)
      const found = stored.get(refKey(ref))
      return found === undefined ? null : statOf(ref.document, found.head)
    },

    async documents(space) {
      requireOpen()
      requireName('space', space)
      return [...stored.values()]
        .filter((entry) => entry.ref.space === space)
        .map((entry) => statOf(entry.ref.document, entry.head))
    },

    async spaces() {
      requireOpen()
      return [...new Set([...stored.values()].map((entry) => entry.ref.space))]
    },

    async compact(ref): Promise<CompactResult> {
      requireOpen()
      requireRef(ref)
      const key = refKey(ref)
      const old = stored.get(key)
      const head = requireLive(ref, old?.head ?? null)
      const bytesBefore = head.stats.snapshotBytes + head.stats.tailBytes
      if (old === undefined || old.updates.length === 0) {
        return { outcome: 'nothing-to-do', through: head.seq, bytesBefore, bytesAfter: bytesBefore }
      }
      // Appends go on into the same list meanwhile.
      const count = old.updates.length
      const snapshot = await compactor.compact([...(old.snapshot === null ? [] : [old.snapshot]), ...old.updates])
      const now = stored.get(key)
      if (now?.head.kind !== 'live' || now.head.epoch !== head.epoch || now.snapshot !== old.snapshot) {
        return { outcome: 'superseded', through: head.seq, bytesBefore, bytesAfter: bytesBefore }
      }
      const updates = now.updates.slice(count)
      const stats = {
        snapshotBytes: snapshot.byteLength,
        tailUpdates: updates.length,
        tailBytes: now.head.stats.tailBytes - head.stats.tailBytes,
      }
      stored.set(key, { ...now, head: { ...now.head, stats }, snapshot, updates })
      return { outcome: 'compacted', through: head.seq, bytesBefore, bytesAfter: snapshot.byteLength }
    },

    async feed(space, { after, limit }) {
      requireOpen()
      requireName('space', space)
      const counter = feeds.get(space) ?? { head: 0, observed: 0 }
      feeds.set(space, { head: counter.head, observed: counter.head })
      const entries = [...stored.values()]
        .filter((entry) => entry.ref.space === space && entry.head.feed > after)
        .sort((a, b) => a.head.feed - b.head.feed)
        .slice(0, Math.min(Math.max(limit, 1), MAX_FEED_LIMIT))
        .map(feedEntry)
      return { entries, head: counter.head }
    },

    onCommit(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },

    async setSummary(ref, summary, { epoch } = {}) {
      requireOpen()
      requireRef(ref)
      requireSummary(summary, summaryLimit)
      const old = stored.get(refKey(ref))
      const head = requireLive(ref, old?.head ?? null, epoch)
      if (old === undefined || (old.summary !== null && sameBytes(old.summary, summary))) return { feed: head.feed }
      const { snapshot, updates } = old
      return { feed: commit(ref, head, { snapshot, updates, summary: summary.slice() }).feed }
    },

    async purge(ref, { epoch } = {}) {
      requireOpen()
      requireRef(ref)
      const old = stored.get(refKey(ref))
      const next = afterPurge(ref, old?.head ?? null, epoch)
      if (next === null) return { epoch: null, feed: old?.head.feed ?? 0 }
      const head = commit(ref, next.head, { snapshot: null, updates: [], summary: null })
      return { epoch: next.epoch, feed: head.feed }
    },

    async setAside(ref) {
      requireOpen()
      requireRef(ref)
      return { kind: 'sound' }
    },

    async quarantine() {
      requireOpen()
      return []
    },

    async renewIncarnation() {
      requireOpen()
      runs = renewRuns(runs, draw())
      folder.runs = runs
      return runs.incarnation
    },

    async close() {
      if (closed) return
      closed = true
      listeners.clear()
      await compactor.close()
    },
  }
}

function changeOf(ref: DocumentRef, head: Head): Change {
  const live = head.kind === 'live'
  return {
    space: ref.space,
    document: ref.document,
    epoch: live ? head.epoch : (head.refused.at(-1) ?? ''),
    seq: live ? head.seq : 0,
    purged: !live,
    feed: head.feed,
  }
}

function feedEntry(entry: Stored): FeedEntry {
  const change = changeOf(entry.ref, entry.head)
  const { document, epoch, seq, purged } = change
  return { document, feed: entry.head.feed, epoch, seq, summary: entry.summary, purged }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i])
}
