import type { Clock } from './environment.ts'

/** After the last edits that were fetched, in ms. Who makes them with this program tells a summary long before. */
const PATIENCE_MS = 10_000
/** So many are remembered; a summary beyond that stays as it is until somebody opens its conversation. */
const REMEMBERED = 200

export interface SummaryDoubtsOptions {
  readonly clock: Clock
  /** Still nobody has told another summary, the conversation is level and nobody has it open. */
  readonly isDoubtful: (id: string) => boolean
  /** Builds the conversation, which puts its stored summary right. */
  readonly look: (id: string) => Promise<void>
}

/**
 * A stock client edits conversations and knows no summaries: what lists show of them is then wrong. A device that fetched such edits looks
 * for itself, once they have ceased, and one conversation at a time: building one is what fetching spares it.
 */
export interface SummaryDoubts {
  /** Edits were fetched, and no other summary has been told. */
  fetched(id: string): void
  close(): void
}

export function createSummaryDoubts({ clock, isDoubtful, look }: SummaryDoubtsOptions): SummaryDoubts {
  const waiting = new Map<string, () => void>()
  let looking: Promise<void> = Promise.resolve()
  let closed = false

  const lookAt = async (id: string): Promise<void> => {
    if (!closed && isDoubtful(id)) await look(id)
  }

  return {
    fetched: (id) => {
      if (waiting.size >= REMEMBERED && !waiting.has(id)) return
      waiting.get(id)?.()
      const cancel = clock.after(PATIENCE_MS, () => {
        waiting.delete(id)
        looking = looking.then(() => lookAt(id))
      })
      waiting.set(id, cancel)
    },
    close: () => {
      closed = true
      for (const cancel of waiting.values()) cancel()
      waiting.clear()
    },
  }
}
