import { createBackoff } from './backoff.ts'
import type { Chance, Clock } from './environment.ts'
import type { JournalFailure } from './journal-port.ts'
import { asPersistenceError } from './persistence/errors.ts'
import { type Persistence, PersistenceError, type PersistenceHandle } from './persistence/port.ts'

const RETRY = { base: 100, cap: 10_000 }

export interface OpenStorageOptions {
  readonly persistence: Persistence
  readonly clock: Clock
  readonly random: Chance
  /** It is open, for the first time or again. `fresh`: it is another one than before, and knows nothing. */
  readonly onOpened: (handle: PersistenceHandle, fresh: boolean) => void
  /** It works no more, as `failure` says; it is neither closed yet nor to be opened again. */
  readonly onFailing: (error: PersistenceError) => void
  /** It is to be opened again. */
  readonly onFailed: () => void
  /** `failure` is over. */
  readonly onRecovered: () => void
}

/** The storage of this device, kept open: when it fails it is opened again, with backoff, until it works. */
export interface OpenStorage {
  open(): Promise<void>
  isOpening(): boolean
  /** Resolves when the opening that is under way, if any, has come to its end. */
  opened(): Promise<void>
  handle(): PersistenceHandle | null
  /** Which one is open, or was last; null before the first. */
  identity(): string | null
  failure(): JournalFailure | null
  /** What is known behind this handle is gone: what an answer says that comes late from it holds no more. */
  isGone(from: PersistenceHandle): boolean
  /** Runs a read; rejects with a `PersistenceError` while it is not open. */
  read<T>(reading: (handle: PersistenceHandle) => Promise<T>): Promise<T>
  /** It does not work. */
  fail(error: unknown): void
  /** It works. */
  recovered(): void
  /** Opens it now, if it is being waited for. */
  retry(): void
  isClosed(): boolean
  close(): Promise<void>
}

export function createOpenStorage(options: OpenStorageOptions): OpenStorage {
  const { persistence, clock, random, onOpened, onFailing, onFailed, onRecovered } = options
  let handle: PersistenceHandle | null = null
  let identity: string | null = null
  let opening: Promise<void> | null = null
  let failure: JournalFailure | null = null
  let closed = false
  const backoff = createBackoff(clock, random, RETRY)

  const open = (): Promise<void> => {
    opening ??= (async () => {
      try {
        const opened = await persistence.open()
        if (closed) {
          await opened.close()
          return
        }
        const fresh = identity !== null && identity !== opened.identity
        identity = opened.identity
        handle = opened
        void opened.lost.then((error) => {
          if (handle === opened) fail(error)
        })
        onOpened(opened, fresh)
      } catch (error) {
        fail(error)
      } finally {
        opening = null
      }
    })()
    return opening
  }

  const fail = (thrown: unknown): void => {
    if (closed) return
    const error = asPersistenceError(thrown)
    const broken = handle
    handle = null
    failure = { error, since: failure?.since ?? clock.now() }
    onFailing(error)
    // It is broken, and why was said: how its closing fails is no news.
    void broken?.close().catch(() => null)
    backoff.schedule(() => void open())
    onFailed()
  }

  return {
    open,
    isOpening: () => opening !== null,
    opened: () => opening ?? Promise.resolve(),
    handle: () => handle,
    identity: () => identity,
    failure: () => failure,
    isGone: (from) =>
      handle !== from && (identity !== from.identity || (handle === null && failure?.error.code === 'DELETED')),
    read: async (reading) => {
      for (;;) {
        if (!handle && !failure && !closed) await open()
        const from = handle
        if (!from) throw failure?.error ?? new PersistenceError('CLOSED', 'the store is closed')
        try {
          const result = await reading(from)
          // What was read before the storage was deleted is worth having until there is another: it is written again then.
          if (from.identity === identity) return result
        } catch (error) {
          // A storage that cannot be read will not do for writing either.
          if (handle === from) fail(error)
          // Of one that was closed it says nothing, if another is open by now.
          if (!handle || handle === from || closed) throw error
        }
      }
    },
    fail,
    recovered: () => {
      backoff.reset()
      if (!failure) return
      failure = null
      onRecovered()
    },
    retry: () => {
      if (!failure || opening) return
      backoff.cancel()
      void open()
    },
    isClosed: () => closed,
    close: async () => {
      closed = true
      backoff.cancel()
      await opening
      await handle?.close()
      handle = null
    },
  }
}
