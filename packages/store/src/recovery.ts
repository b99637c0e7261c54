import { finishMessage, type Message } from '@holdfast/conversation'
import type { Clock, Locks } from './environment.ts'
import { judgeStreaming } from './interrupted.ts'
import type { Journal } from './journal-port.ts'
import type { Live } from './live-port.ts'
import type { WritingNote } from './persistence/port.ts'

export interface RecoveryOptions {
  readonly space: string
  readonly live: Live
  readonly journal: Journal
  readonly locks: Locks | null
  readonly clock: Clock
  /** Messages that this store is writing. */
  readonly mine: ReadonlySet<string>
}

/** The name of the lease of one message within this browser. */
export function leaseName(space: string, conversation: string, message: string): string {
  return `holdfast:${space}:${conversation}:${message}`
}

export interface Recovery {
  /** Looks for messages that stream. Resolves when each of them was judged, which is not before whoever writes it has ended. */
  check(): Promise<void>
  close(): void
}

/**
 * Watches a conversation for messages that stream: asks for the lease of each, gets it when the window that wrote it has
 * ended or died, and then writes `interrupted` if that window was of this browser and left no end.
 */
export function watchStreaming(options: RecoveryOptions): Recovery {
  const { space, live, journal, locks, clock, mine } = options
  /** Each is asked for once: what another device writes would otherwise be asked for with every token. */
  const watched = new Map<string, Promise<void>>()
  const abort = new AbortController()

  const streaming = (): Message[] => {
    const { messages, hidden } = live.reader.read()
    return [...messages, ...hidden].filter((message) => message.status === 'streaming')
  }

  /** Runs while nobody else in this browser holds the lease. */
  const judge = async (id: string): Promise<void> => {
    const notes = await journal.read((handle) => handle.writing()).catch((): WritingNote[] => [])
    if (abort.signal.aborted) return
    const note = notes.find((each) => each.conversation === live.id && each.message === id)
    const message = live.reader.message(id)
    if (!message || mine.has(id)) return
    const present = live.presence.presence.get().some((peer) => !peer.self && peer.writing.includes(id))
    const verdict = judgeStreaming({
      status: message.status,
      mine: mine.has(id),
      held: false,
      noted: note !== undefined,
      // Between the tabs of a browser the lease decides: a peer that died is present for half a minute more.
      present: locks === null && present,
    })
    if (verdict === 'interrupted' && live.reader.read().writable) {
      live.edit((doc) => finishMessage(doc, id, { status: 'interrupted', completedAt: clock.now() }))
    }
    if (note && (verdict === 'interrupted' || verdict === 'ended')) journal.note({ remove: note })
  }

  const watch = async (id: string): Promise<void> => {
    try {
      if (!locks) await judge(id)
      else await locks.request(leaseName(space, live.id, id), { signal: abort.signal }, () => judge(id))
    } catch (error) {
      // Closed while waiting. Anything else is a bug and must be seen.
      if (!abort.signal.aborted) throw error
    }
  }

  return {
    check: async () => {
      if (!live.isLoaded() || abort.signal.aborted) return
      for (const { id } of streaming()) if (!mine.has(id) && !watched.has(id)) watched.set(id, watch(id))
      await Promise.all(watched.values())
    },
    close: () => abort.abort(),
  }
}
