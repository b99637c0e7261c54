import {
  type BlobAddress,
  type BlobRefusal,
  tellReferences,
  uploadBlob,
  WANTED_PAGE,
  wantedBlobs,
} from './blobs-relay.ts'
import type { Clock, Environment } from './environment.ts'
import type { Journal } from './journal-port.ts'
import type { StoredBlob } from './persistence/port.ts'
import type { Reason } from './types.ts'

/** Uploads at a time. */
const CONCURRENCY = 2
const RETRY_MS = 5_000
/** A space or a disk that is full is not empty again at once. */
const FULL_MS = 10 * 60_000
const FULL = ['SPACE_FULL', 'STORAGE_FULL']
/** How often the relay is asked what it lacks that this device may have. */
const WANTED_MS = 60_000
/** References that are told in one go. */
const MANY = 1_000

export interface BlobOutboxOptions {
  readonly space: string
  readonly journal: Journal
  readonly clock: Clock
  readonly fetch: Environment['fetch']
  /** Where to send; null without a relay. */
  readonly address: () => BlobAddress | null
  /** The bytes of a blob that is here. */
  readonly stored: (sha256: string) => Promise<StoredBlob | null>
  /** It is on its way to the device. */
  readonly isFresh: (sha256: string) => boolean
  readonly onChange: () => void
  /** There may be something to do: whoever works for all calls `work`. */
  readonly wake: () => void
  /** Tells the other tabs that something else waits now: they `prune`. */
  readonly tellTabs: () => void
}

export interface BlobOutbox {
  /** Tells, asks and sends what there is, if that is not under way. For whoever works for all tabs. */
  work(): void
  add(sha256: string): void
  /** How many blobs wait to be sent, and why one of them was refused. */
  waiting(): number
  refusal(): Reason | null
  /** Conversations may name blobs that the relay is to be told of. */
  touched(): void
  /** The relay has another history: what is being told is told to the one before. */
  reset(): void
  /** There is another connection: what was refused may be tried again. */
  forget(): void
  /** Looks what waits: another tab may have kept or sent something, conversations may have been purged. */
  prune(): Promise<void>
  /** Reads what waits. */
  load(): Promise<void>
  close(): void
}

/**
 * Brings blobs to the relay: says which conversations refer to which (then it keeps them as long as those), sends what it lacks, and asks now and
 * then whether it has lost any that are here.
 */
export function createBlobOutbox(options: BlobOutboxOptions): BlobOutbox {
  const { space, journal, clock, fetch, address, onChange } = options
  const waiting = new Set<string>()
  const busy = new Set<string>()
  const refused = new Map<string, Reason>()
  /** Conversations of which the relay will not hear on this connection. */
  const untellable = new Set<string>()
  /** What the relay was told since it began its run: a copy made meanwhile goes on by the same name and lacks it (protocol Y15 counts documents only). */
  const told = new Map<string, Set<string>>()
  /** Told under a run that is over. */
  const doubtful = new Map<string, Set<string>>()
  let isUntold = true
  let isDue = true
  let isOld = false
  let history = 0
  let telling = false
  let isClosed = false
  /** There is more since. */
  let again = false
  let cancelRetry: (() => void) | null = null
  let cancelWanted: (() => void) | null = null

  const retryAfter = (ms: number): void => {
    if (isClosed) return
    cancelRetry ??= clock.after(ms, () => {
      cancelRetry = null
      for (const [sha256, { code }] of refused) if (FULL.includes(code)) refused.delete(sha256)
      options.wake()
    })
  }
  const isFull = (): boolean => [...refused.values()].some(({ code }) => FULL.includes(code))

  const tell = async (to: BlobAddress): Promise<void> => {
    while (isUntold) {
      isUntold = false
      const all = (await journal.read((handle) => handle.references.untold(MANY))).filter(
        ({ conversation }) => !untellable.has(conversation),
      )
      const byConversation = new Map(Array.from(doubtful, ([conversation, hashes]) => [conversation, new Set(hashes)]))
      for (const { conversation, sha256 } of all) put(byConversation, conversation, sha256)
      for (const [conversation, set] of byConversation) {
        const hashes = [...set]
        const mine = history
        const answer = await tellReferences(space, to, conversation, hashes, fetch)
        if (mine !== history) return
        if (answer.kind !== 'offline') doubtful.delete(conversation)
        switch (answer.kind) {
          case 'told':
            for (const sha256 of hashes) put(told, conversation, sha256)
            await note(conversation, hashes, answer.missing)
            break
          case 'gone':
            await note(conversation, hashes, null)
            break
          case 'unsupported':
            isOld = true
            return
          case 'offline':
            isUntold = true
            retryAfter(RETRY_MS)
            return
          case 'refused':
            untellable.add(conversation)
        }
      }
      if (all.length >= MANY) isUntold = true
    }
  }

  const note = async (conversation: string, hashes: string[], missing: readonly string[] | null): Promise<void> => {
    const here = await journal.read((handle) => handle.references.told(conversation, hashes, missing))
    if (missing !== null) for (const sha256 of hashes) if (!missing.includes(sha256)) waiting.delete(sha256)
    for (const sha256 of here) waiting.add(sha256)
    options.tellTabs()
    onChange()
  }

  const ask = async (to: BlobAddress): Promise<void> => {
    if (!isDue || isOld || (await journal.read((handle) => handle.references.count())) === 0) return
    isDue = false
    if (isClosed) return
    cancelWanted ??= clock.after(WANTED_MS, () => {
      cancelWanted = null
      isDue = true
      options.wake()
    })
    for (let after = ''; ; ) {
      const wanted = await wantedBlobs(space, to, after, fetch)
      if (wanted === 'unsupported') isOld = true
      if (wanted === 'unsupported' || wanted === 'offline' || wanted.length === 0) return
      for (const sha256 of await journal.read((handle) => handle.references.want(wanted))) waiting.add(sha256)
      onChange()
      const last = wanted.at(-1) ?? ''
      if (wanted.length < WANTED_PAGE || last <= after) return
      after = last
    }
  }

  const send = async (sha256: string, to: BlobAddress): Promise<void> => {
    // Another tab may have sent it, or nobody names it any more.
    if (!options.isFresh(sha256) && !(await journal.read((handle) => handle.uploads())).includes(sha256)) {
      waiting.delete(sha256)
      return
    }
    const mine = history
    const blob = await options.stored(sha256)
    const document = isOld ? null : await journal.read((handle) => handle.references.referrer(sha256))
    const answer: BlobRefusal | null = blob ? await uploadBlob(space, to, sha256, blob, document, fetch) : null
    // Of a conversation that was purged nothing is sent, what was set aside neither (W9): once it is restored, the relay wants it for another one.
    const isOver = answer?.kind === 'refused' && answer.code === 'DOCUMENT_PURGED'
    if (answer === null || isOver) {
      // It may be in a folder that is not the relay's any more.
      if (mine !== history) return
      if (document !== null && !isOver) put(told, document, sha256)
      await journal.read((handle) => handle.uploaded(sha256))
      waiting.delete(sha256)
      options.tellTabs()
      return
    }
    if (answer.kind === 'offline') {
      retryAfter(RETRY_MS)
      return
    }
    refused.set(
      sha256,
      answer.kind === 'refused'
        ? answer
        : { code: 'NOT_FOUND', message: 'the relay keeps no files; it may be too old' },
    )
    if (isFull()) retryAfter(FULL_MS)
  }

  const sendAll = (to: BlobAddress): void => {
    if (cancelRetry || isClosed) return
    for (const sha256 of waiting) {
      if (busy.size >= CONCURRENCY) return
      if (busy.has(sha256) || refused.has(sha256)) continue
      busy.add(sha256)
      void send(sha256, to)
        // A storage that cannot be read is the journal's matter; asked again at once it would say the same for ever.
        .catch(() => retryAfter(RETRY_MS))
        .finally(() => {
          busy.delete(sha256)
          onChange()
          const now = address()
          if (now) sendAll(now)
        })
    }
  }

  const prune = async (): Promise<void> => {
    const uploads = new Set(await journal.read((handle) => handle.uploads()))
    for (const sha256 of waiting) if (!uploads.has(sha256) && !options.isFresh(sha256)) waiting.delete(sha256)
    for (const sha256 of uploads) waiting.add(sha256)
    onChange()
  }

  const tellAndAsk = async (to: BlobAddress): Promise<void> => {
    // What was refused may have been purged to make room.
    if (refused.size > 0) await prune()
    if (!isOld) await tell(to)
    if (!isOld) await ask(to)
  }

  const work = (): void => {
    const to = address()
    if (!to || isClosed || (cancelRetry && !isFull())) return
    if (telling) {
      again = true
      return
    }
    telling = true
    void tellAndAsk(to)
      .then(() => sendAll(to))
      // A storage that cannot be read is the journal's matter; when it can, what is untold is read again.
      .catch(() => {
        isUntold = true
      })
      .finally(() => {
        telling = false
        if (!again) return
        again = false
        work()
      })
  }

  const forget = (): void => {
    refused.clear()
    untellable.clear()
    cancelRetry?.()
    cancelRetry = null
    isOld = false
    isUntold = true
    isDue = true
  }

  const close = (): void => {
    cancelRetry?.()
    cancelWanted?.()
    isClosed = true
  }

  return {
    work,
    prune,
    close,
    add: (sha256) => {
      waiting.add(sha256)
      refused.delete(sha256)
    },
    waiting: () => waiting.size,
    refusal: () => {
      for (const [sha256, { code, message }] of refused) if (waiting.has(sha256)) return { code, message }
      return null
    },
    touched: () => {
      isUntold = true
    },
    reset: () => {
      history++
      for (const [conversation, hashes] of told) for (const sha256 of hashes) put(doubtful, conversation, sha256)
      told.clear()
      isUntold = true
      isDue = true
      options.wake()
    },
    forget,
    load: async () => {
      await prune()
      forget()
      options.wake()
    },
  }
}

function put(into: Map<string, Set<string>>, conversation: string, sha256: string): void {
  into.set(conversation, (into.get(conversation) ?? new Set()).add(sha256))
}
