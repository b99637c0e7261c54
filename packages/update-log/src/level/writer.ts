import { UpdateLogError } from '../errors.ts'
import type { FeedCounter } from '../head.ts'
import { refKey } from '../names.ts'
import type { CommitEvent, DocumentRef } from '../types.ts'
import type { View } from './database.ts'
import { named, storageError } from './faults.ts'
import type { Handle } from './handle.ts'
import { type DocumentState, findDocument } from './lookup.ts'
import { readFeedHead } from './read.ts'
import { type Committed, Transaction } from './transaction.ts'

/** One thing to be written: many of them become one commit, in the order they came. */
export interface Job {
  /** The document that it needs to know of, if any. */
  readonly ref: DocumentRef | null
  /** Roughly what it adds to a commit. */
  readonly bytes: number
  /** True for what is done to a document that may be damaged: it is not read before. */
  readonly isMending?: boolean
  /** Reads what the plan needs besides the document's head. No commit is under way meanwhile. */
  readonly prepare?: (view: View, state: DocumentState | null) => Promise<void>
  /** Stages its part, or throws what its caller is to be told. @returns what to do once it is durable */
  readonly plan: (transaction: Transaction) => () => void
  readonly reject: (error: unknown) => void
}

export interface Writer {
  submit(job: Job): void
  /**
   * Runs when no commit is under way, so that everything planned before is either committed or has failed, and everything after is
   * planned knowing what `run` did. At once when nothing is under way.
   */
  between(run: () => void): void
  /** Notes that a reader comes as far as the end of the space's feed now. Within `between`. @returns that end */
  observe(space: string): number
  /** Makes sure that the space's feed numbers are known. */
  loadFeed(view: View, space: string): Promise<void>
  /** What was cached may be wrong: the database was opened anew. */
  forget(): void
  /** Resolves when everything submitted is settled. */
  drained(): Promise<void>
}

/** A commit is not made larger than this by joining jobs; one job alone may be. */
const COMMIT_BYTES = 8 << 20
/** Documents whose heads are kept in memory, some 300 bytes each. */
const CACHED_DOCUMENTS = 4_096

/**
 * Group commit (U2): while one commit is on its way to the disk the next gathers, and one fsync serves all that gathered. A failed
 * commit rejects exactly those that were in it.
 */
export function createWriter(handle: () => Handle, onCommit: (event: CommitEvent) => void, now: () => number): Writer {
  const committed: Committed = { documents: new Map(), feeds: new Map() }
  /** After a failed commit nobody knows whether it is there; readers are not led past what it may have changed. */
  const ceilings = new Map<string, number>()
  let queue: Job[] = []
  let waiting: (() => void)[] = []
  let underWay = false
  let running: Promise<void> | null = null

  function take(): Job[] {
    let bytes = 0
    let count = 0
    for (const job of queue) {
      bytes += job.bytes
      if (count > 0 && bytes > COMMIT_BYTES) break
      count += 1
    }
    const taken = queue.slice(0, count)
    queue = queue.slice(count)
    return taken
  }

  async function run(): Promise<void> {
    while (queue.length > 0) {
      const jobs = take()
      try {
        await handle().makeWritable()
      } catch (error) {
        for (const job of jobs) job.reject(error)
        continue
      }
      const ready = await prepared(jobs)
      underWay = true
      try {
        await commit(ready)
      } finally {
        underWay = false
        const runs = waiting
        waiting = []
        for (const then of runs) then()
      }
      forgetSome()
    }
    running = null
  }

  async function commit(jobs: readonly Job[]): Promise<void> {
    const transaction = new Transaction(committed, handle().record.nextDocument)
    const planned: { job: Job; done: () => void }[] = []
    for (const job of jobs) {
      try {
        planned.push({ job, done: job.plan(transaction) })
      } catch (error) {
        job.reject(error)
      }
    }
    if (transaction.isEmpty) {
      for (const { done } of planned) done()
      return
    }
    try {
      const { nextDocument, incarnation } = transaction
      const change = incarnation === undefined ? { nextDocument } : { nextDocument, incarnation }
      const begun = now()
      const number = await handle().commit(transaction.operations(), change)
      const took = now() - begun
      transaction.apply()
      for (const { done } of planned) done()
      const changes = transaction.changes()
      if (changes.length > 0) onCommit({ commit: number, changes, took })
    } catch (error) {
      for (const [space, place] of transaction.places()) {
        ceilings.set(space, Math.min(ceilings.get(space) ?? Number.POSITIVE_INFINITY, place - 1))
      }
      const why = storageError(error)
      for (const { job } of planned) job.reject(why)
    }
  }

  /** @returns the jobs whose document could be read; the others are rejected */
  async function prepared(jobs: readonly Job[]): Promise<Job[]> {
    if (jobs.every((job) => isKnown(job) && job.prepare === undefined)) return [...jobs]
    const results = new Map<Job, unknown>()
    try {
      await handle().read(async (view) => {
        const lookups = new Map<string, Promise<void>>()
        await Promise.all(
          jobs.map(async (job) => {
            try {
              await prepare(view, job, lookups)
            } catch (error) {
              results.set(job, error)
            }
          }),
        )
      })
    } catch (error) {
      for (const job of jobs) results.set(job, error)
    }
    for (const [job, error] of results) job.reject(named(error))
    return jobs.filter((job) => !results.has(job))
  }

  async function prepare(view: View, job: Job, lookups: Map<string, Promise<void>>): Promise<void> {
    const { ref } = job
    if (ref === null) return
    if (job.isMending === true) {
      await loadFeed(view, ref.space)
      await job.prepare?.(view, null)
      return
    }
    const key = refKey(ref)
    let lookup = lookups.get(key)
    if (lookup === undefined) {
      lookup = lookUp(view, ref)
      lookups.set(key, lookup)
    }
    await lookup
    await job.prepare?.(view, committed.documents.get(key) ?? null)
  }

  async function lookUp(view: View, ref: DocumentRef): Promise<void> {
    const key = refKey(ref)
    if (!committed.documents.has(key)) committed.documents.set(key, await findDocument(view, ref))
    await loadFeed(view, ref.space)
  }

  async function loadFeed(view: View, space: string): Promise<void> {
    if (committed.feeds.has(space)) return
    const head = await readFeedHead(view, space)
    if (committed.feeds.has(space)) return
    // Who read it before this process began is not known: everybody may have.
    const counter: FeedCounter = { head, observed: head }
    committed.feeds.set(space, counter)
  }

  function isKnown({ ref }: Job): boolean {
    return ref === null || (committed.documents.has(refKey(ref)) && committed.feeds.has(ref.space))
  }

  function forgetSome(): void {
    let excess = committed.documents.size - CACHED_DOCUMENTS
    for (const key of committed.documents.keys()) {
      if (excess <= 0) return
      committed.documents.delete(key)
      excess -= 1
    }
  }

  return {
    submit(job) {
      queue.push(job)
      // Begun in a microtask, so that what is submitted in one go is committed in one go.
      running ??= Promise.resolve().then(run)
    },
    between(then) {
      if (underWay) waiting.push(then)
      else then()
    },
    observe(space) {
      const counter = committed.feeds.get(space)
      if (counter === undefined) throw new UpdateLogError('STORAGE_FAILED', 'The storage was opened anew meanwhile.')
      committed.feeds.set(space, { head: counter.head, observed: counter.head })
      return Math.min(counter.head, ceilings.get(space) ?? Number.POSITIVE_INFINITY)
    },
    loadFeed,
    forget() {
      committed.documents.clear()
      committed.feeds.clear()
      ceilings.clear()
    },
    drained: () => running ?? Promise.resolve(),
  }
}
