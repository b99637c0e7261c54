import type { DocumentRecord } from './persistence/port.ts'

/**
 * One life of a document. It ends when the device lets go of its rows: it was purged (W9). The same name may begin anew under another epoch; what is in
 * memory of the life before is no part of that, and nothing that is added to it may be written there: it builds on what is gone.
 */
export interface Life {
  /** Once true it stays so. */
  isOver(): boolean
}

export interface LifeOptions {
  readonly record: () => Pick<DocumentRecord, 'purged' | 'rows' | 'last'>
  /** Every row up to this is in the document in memory. */
  readonly covered: () => number
  readonly isEmpty: () => boolean
}

export function createLife({ record, covered, isEmpty }: LifeOptions): Life {
  let isOver = false
  return {
    isOver: () => {
      if (isOver || isEmpty()) return isOver
      const { purged, rows, last } = record()
      // Begun anew in the moment in which it ended, it shows only by the rows. A record that is older than what was read says nothing.
      const areGone = rows === 0 && covered() > 0 && last >= covered()
      isOver = purged !== 'no' || areGone
      return isOver
    },
  }
}
