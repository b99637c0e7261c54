import { createBlobTelling } from './blob-telling.ts'
import { type BlobAddress, type BlobRefusal, uploadBlob } from './blobs-relay.ts'
import type { Clock, Environment } from './environment.ts'
import type { Journal } from './journal-port.ts'
import { isConversation } from './persistence/blob-references.ts'
import type { StoredBlob } from './persistence/port.ts'
import type { Reason } from './types.ts'

/** Uploads at a time. */
const CONCURRENCY = 2
const RETRY_MS = 5_000
/** A space or a disk that is full is not empty again at once: tried again after so long, then twice as long, up to the last. */
const FULL_MS = 60_000
const FULL_LAST_MS = 240_000
const FULL = ['SPACE_FULL', 'STORAGE_FULL']
/** How often the relay is asked what it lacks that this device may have. */
const WANTED_MS = 60_000
/** How often it is looked what waits on the device, while something does. */
const WATCH_MS = 60_000

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
  /** Tells the other tabs why one is refused, or that none is any more: they `hear`. */
  readonly tellRefusal: (reason: Reason | null) => void
}

export interface BlobOutbox {
  /** Tells, asks and sends what there is, if that is not under way. For whoever works for all tabs. */
  work(): void
  add(sha256: string): void
  /** How many blobs wait to be sent, and why one of them was refused: to this tab, or to the one that works for all. */
  waiting(): number
  refusal(): Reason | null
  /** Another tab says why the relay does not take one. */
  hear(reason: Reason | null): void
  /** Another tab is new: if this one knows why one is refused, it says so. */
  greet(): void
  /** Conversations may name blobs that the relay is to be told of. */
  touched(): void
  /** The relay has another history. */
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
 * then whether it has lost any that are here. What is to be done is on the device and at the relay; what is remembered here only says that it may be
 * another by now.
 */
export function createBlobOutbox(options: BlobOutboxOptions): BlobOutbox {
  const { space, journal, clock, fetch, address } = options
  const waiting = new Set<string>()
  const busy = new Set<string>()
  const refused = new Map<string, Reason>()
  /** Why one is refused, as the other tabs were told last, and as another tab told. */
  let said: Reason | null = null
  let heard: Reason | null = null
  let isTelling = false
  /** There is more since. */
  let again = false
  let isClosed = false
  let fullMs = FULL_MS
  /** Nothing is asked of the relay before. */
  let cancelRetry: (() => void) | null = null
  /** Nothing is sent before. */
  let cancelFull: (() => void) | null = null
  let cancelAsk: (() => void) | null = null
  let cancelWatch: (() => void) | null = null

  const ownRefusal = (): Reason | null => {
    for (const [sha256, { code, message }] of refused) if (waiting.has(sha256)) return { code, message }
    return null
  }

  const onChange = (): void => {
    const now = ownRefusal()
    if (now?.code !== said?.code) {
      said = now
      options.tellRefusal(now)
    }
    options.onChange()
  }

  const retryLater = (): void => {
    if (isClosed) return
    cancelRetry ??= clock.after(RETRY_MS, () => {
      cancelRetry = null
      options.wake()
    })
  }

  const sendLater = (): void => {
    if (isClosed || cancelFull) return
    cancelFull = clock.after(fullMs, () => {
      cancelFull = null
      for (const [sha256, { code }] of refused) if (FULL.includes(code)) refused.delete(sha256)
      options.wake()
    })
    fullMs = Math.min(fullMs * 2, FULL_LAST_MS)
  }

  const telling = createBlobTelling({
    space,
    journal,
    fetch,
    asked: () => {
      if (isClosed) return
      cancelAsk ??= clock.after(WANTED_MS, () => {
        cancelAsk = null
        telling.due()
        options.wake()
      })
    },
    learned: (there, toSend) => {
      for (const sha256 of there) waiting.delete(sha256)
      for (const sha256 of toSend) waiting.add(sha256)
      watch()
      if (there.length + toSend.length > 0) options.tellTabs()
      onChange()
    },
  })

  /** What waits is on the device: if nobody said that it goes another way there, it is seen all the same. */
  const watch = (): void => {
    if (isClosed || waiting.size === 0) return
    cancelWatch ??= clock.after(WATCH_MS, () => {
      cancelWatch = null
      // A storage that cannot be read is the journal's matter.
      prune().catch(watch)
    })
  }

  const isQueued = async (sha256: string): Promise<boolean> =>
    options.isFresh(sha256) || (await journal.read((handle) => handle.uploads())).includes(sha256)

  const upload = async (sha256: string, to: BlobAddress): Promise<BlobRefusal | null> => {
    const blob = await options.stored(sha256)
    const owners = await journal.read((handle) => handle.references.owners(sha256))
    const conversations = owners.filter(isConversation)
    // What only was set aside is not sent (W9): once it is restored, the relay wants it for another conversation.
    if (!blob || (owners.length > 0 && conversations.length === 0)) return null
    let answer: BlobRefusal | null = null
    for (const document of telling.isOld() || conversations.length === 0 ? [null] : conversations) {
      answer = await uploadBlob(space, to, sha256, blob, document, fetch)
      if (answer?.kind !== 'refused' || answer.code !== 'DOCUMENT_PURGED') return answer
    }
    // Of conversations that were purged nothing is sent.
    return null
  }

  const send = async (sha256: string, to: BlobAddress): Promise<void> => {
    // Another tab may have sent it, or nobody names it any more.
    if (!(await isQueued(sha256))) {
      waiting.delete(sha256)
      return
    }
    const answer = await upload(sha256, to)
    if (answer === null) {
      fullMs = FULL_MS
      await journal.read((handle) => handle.uploaded(sha256))
      waiting.delete(sha256)
      options.tellTabs()
      return
    }
    if (answer.kind === 'offline') {
      retryLater()
      return
    }
    const { code, message } =
      answer.kind === 'refused' ? answer : { code: 'NOT_FOUND', message: 'the relay keeps no files; it may be too old' }
    refused.set(sha256, { code, message })
    if (FULL.includes(code)) sendLater()
  }

  const sendAll = (to: BlobAddress): void => {
    if (cancelRetry || cancelFull || isClosed) return
    for (const sha256 of waiting) {
      if (busy.size >= CONCURRENCY) return
      if (busy.has(sha256) || refused.has(sha256)) continue
      busy.add(sha256)
      void send(sha256, to)
        // A storage that cannot be read is the journal's matter; asked again at once it would say the same for ever.
        .catch(retryLater)
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
    watch()
    onChange()
  }

  const tell = async (to: BlobAddress): Promise<void> => {
    // What was refused may have been purged to make room.
    if (refused.size > 0) await prune()
    if (!(await telling.run(to))) retryLater()
  }

  const work = (): void => {
    const to = address()
    if (!to || isClosed || cancelRetry) return
    // It is this tab's to find out now.
    if (heard) {
      heard = null
      onChange()
    }
    if (isTelling) {
      again = true
      return
    }
    isTelling = true
    void tell(to)
      .then(() => sendAll(to))
      .catch(retryLater)
      .finally(() => {
        isTelling = false
        if (!again) return
        again = false
        work()
      })
  }

  const patience = (): void => {
    cancelRetry?.()
    cancelFull?.()
    cancelRetry = null
    cancelFull = null
    fullMs = FULL_MS
  }

  const forget = (): void => {
    refused.clear()
    patience()
    telling.forget()
    onChange()
  }

  return {
    work,
    prune,
    close: () => {
      patience()
      cancelAsk?.()
      cancelWatch?.()
      isClosed = true
    },
    add: (sha256) => {
      waiting.add(sha256)
      refused.delete(sha256)
      watch()
    },
    waiting: () => waiting.size,
    // Away from the relay it is not known any more; that it is away is said elsewhere.
    refusal: () => (address() ? (ownRefusal() ?? (waiting.size > 0 ? heard : null)) : null),
    hear: (reason) => {
      heard = reason
      options.onChange()
    },
    greet: () => {
      if (said) options.tellRefusal(said)
    },
    touched: telling.touched,
    reset: () => {
      telling.due()
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
