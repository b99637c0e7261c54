import type { ListItem } from '@holdfast/store'

export type ListView = 'current' | 'archive' | 'trash'

export type ListRow =
  | { readonly kind: 'section'; readonly key: string; readonly title: string }
  | { readonly kind: 'item'; readonly key: string; readonly item: ListItem }

const day = 86_400_000

/** Local midnight of the day that `now` (ms since the epoch) lies in. */
function midnight(now: number): number {
  const date = new Date(now)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}

function belongs(item: ListItem, view: ListView): boolean {
  const { deletedAt, archived } = item.summary
  if (view === 'trash') return deletedAt !== null
  return deletedAt === null && archived === (view === 'archive')
}

const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase()

/** Titles that hold every word of `query`, whatever their case and accents. */
export function filterByTitle(items: readonly ListItem[], query: string): readonly ListItem[] {
  const words = fold(query).split(/\s+/).filter(Boolean)
  if (words.length === 0) return items
  return items.filter(({ summary }) => {
    const title = fold(summary.title)
    return words.every((word) => title.includes(word))
  })
}

/** The rows of one view, under headings by day in the current one; the order inside a section is the order given. */
export function listRows(items: readonly ListItem[], view: ListView, now: number): readonly ListRow[] {
  const today = midnight(now)
  const sections: [title: string, items: ListItem[]][] =
    view === 'current'
      ? [
          ['Pinned', []],
          ['Today', []],
          ['Yesterday', []],
          ['Previous 7 days', []],
          ['Older', []],
        ]
      : [['', []]]
  for (const item of items) {
    if (!belongs(item, view)) continue
    const { pinned, updatedAt } = item.summary
    let index = 0
    if (view === 'current' && !pinned) {
      index = updatedAt >= today ? 1 : updatedAt >= today - day ? 2 : updatedAt >= today - 7 * day ? 3 : 4
    }
    sections[index]?.[1].push(item)
  }
  const rows: ListRow[] = []
  for (const [title, found] of sections) {
    if (found.length === 0) continue
    if (title) rows.push({ kind: 'section', key: `section:${title}`, title })
    for (const item of found) rows.push({ kind: 'item', key: item.id, item })
  }
  return rows
}

export const titleOf = (item: ListItem): string => item.summary.title || 'Untitled'

/** What is read out for a row: its title first (contract), then what its marks mean. */
export function nameOf(item: ListItem, waiting: boolean): string {
  const { pinned, streaming, failed } = item.summary
  const notes = [
    pinned && 'pinned',
    item.interrupted ? 'an answer was interrupted' : streaming && 'answering',
    failed && 'an answer failed',
    waiting && 'not sent to the relay yet',
  ]
  return [titleOf(item), ...notes.filter(Boolean)].join(', ')
}
