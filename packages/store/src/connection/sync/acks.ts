/**
 * Which rows the acks of one opening cover (W1). An update is sent when it is in the document, its row is known only when
 * it is on the device; so each row is tied to what had been sent when it was known to be in the document.
 */
export interface Acks {
  reset(): void
  /** One more update was sent. */
  sent(): void
  /** Every row up to this is in the document, and so in what was sent. */
  covered(row: number): void
  /** Every update up to the `n`-th is decided. */
  acked(n: number): void
  /** The `n`-th was refused: it, and what comes after it, is not on the relay. */
  refused(n: number): void
  /** Something was sent that is not decided yet. */
  pending(): boolean
  /** Every row up to this is on the relay; 0 when that is not known of any. */
  upTo(): number
}

export function createAcks(): Acks {
  let sent = 0
  let acked = 0
  let limit = Number.POSITIVE_INFINITY
  let known = 0
  let marks: { readonly n: number; row: number }[] = []
  return {
    reset: () => {
      sent = 0
      acked = 0
      limit = Number.POSITIVE_INFINITY
      known = 0
      marks = []
    },
    sent: () => {
      sent++
    },
    covered: (row) => {
      const last = marks.at(-1)
      if (last?.n === sent) last.row = Math.max(last.row, row)
      else if (sent < limit) marks.push({ n: sent, row })
    },
    acked: (n) => {
      acked = Math.max(acked, n)
    },
    refused: (n) => {
      limit = Math.min(limit, n)
      marks = marks.filter((mark) => mark.n < limit)
    },
    pending: () => sent > acked,
    upTo: () => {
      while (marks[0] && marks[0].n <= acked) {
        known = Math.max(known, marks[0].row)
        marks.shift()
      }
      return known
    },
  }
}
