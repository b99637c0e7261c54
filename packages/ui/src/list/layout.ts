import type { ListRow } from './sections.ts'

const itemHeight = 38
const sectionHeight = 36
const firstSectionHeight = 28

/** Where each row begins, in px from the top, and after the last one where it ends: one more than there are rows. */
export function topsOf(rows: readonly ListRow[]): Float64Array {
  const tops = new Float64Array(rows.length + 1)
  let top = 0
  for (let index = 0; index < rows.length; index++) {
    tops[index] = top
    top += rows[index]?.kind === 'item' ? itemHeight : index === 0 ? firstSectionHeight : sectionHeight
  }
  tops[rows.length] = top
  return tops
}

/** The row that lies at `y`; the nearest one outside. */
export function rowAt(tops: Float64Array, y: number): number {
  let low = 0
  let high = Math.max(0, tops.length - 2)
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((tops[middle] ?? 0) <= y) low = middle
    else high = middle - 1
  }
  return low
}
