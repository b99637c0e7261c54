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

export function keepSummary(doc: Y.Doc, reader: ConversationReader): SummaryKeeper {
  let computed: Uint8Array | null = null
  let unwritten = false
  /** Two versions of this program may disagree about a summary: each puts it right once per row, not for ever. */
  let correctedAt = -1

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
      if ((summary && sameBytes(summary, now)) || correctedAt === last) return null
      correctedAt = last
      return now
    },
    forget: () => {
      unwritten = true
      correctedAt = -1
    },
  }
}
