import { type ConversationReader, encodeSummary, summarize } from '@holdfast/conversation'
import * as Y from 'yjs'
import type { DocumentRecord } from './persistence/port.ts'
import { sameBytes } from './persistence/record-bytes.ts'

/** Keeps the stored summary of one document what the document says. */
export interface SummaryKeeper {
  /** The summary to store beside the next row, or null when it has not changed; `asked`: also when it has not. */
  take(asked: boolean): Uint8Array | null
  /**
   * Looks whether what is stored is right, and gives what to store instead. Two tabs that write at once each store a summary that
   * lacks the other's edit, and a tab may die before it hears of that: so whoever holds every row looks.
   */
  correct(stored: Pick<DocumentRecord, 'summary' | 'last'>): Uint8Array | null
  /** What was stored is gone. */
  forget(): void
}

const CORRECTIONS = 5

export function keepSummary(doc: Y.Doc, reader: ConversationReader): SummaryKeeper {
  let computed: Uint8Array | null = null
  let unwritten = false
  /**
   * Two versions of this program may disagree about a summary: each puts it right a few times per row, not for ever. Once would not do:
   * the feed can bring an older one behind it.
   */
  let corrected = { at: -1, times: 0 }

  doc.on('afterTransaction', (transaction: Y.Transaction) => {
    // Text that grows changes no summary, and is what there is most of.
    if ([...transaction.changed.keys()].every((type) => type instanceof Y.Text)) return
    computed = null
    unwritten = true
  })

  const current = (): Uint8Array => {
    computed ??= encodeSummary(summarize(reader.read()))
    return computed
  }

  return {
    take: (asked) => {
      if (!unwritten && !asked) return null
      unwritten = false
      return current()
    },
    correct: ({ summary, last }) => {
      const now = current()
      unwritten = false
      if (summary && sameBytes(summary, now)) return null
      if (corrected.at !== last) corrected = { at: last, times: 0 }
      if (corrected.times === CORRECTIONS) return null
      corrected.times++
      return now
    },
    forget: () => {
      unwritten = true
      corrected = { at: -1, times: 0 }
    },
  }
}
