import type { ListItem } from '@holdfast/store'
import { describe, expect, test } from 'vitest'
import { filterByTitle, listRows, nameOf } from '../src/list/sections.ts'

const now = new Date(2026, 4, 20, 15, 0).getTime()
const hour = 3_600_000

function item(id: string, summary: Partial<ListItem['summary']>): ListItem {
  return {
    id,
    status: 'sent',
    summary: {
      id,
      title: id,
      titleBy: 'user',
      createdAt: 0,
      updatedAt: now,
      messages: 1,
      hidden: 0,
      pinned: false,
      starred: false,
      archived: false,
      deletedAt: null,
      streaming: false,
      failed: false,
      interrupted: false,
      openTodos: 0,
      tags: [],
      project: null,
      model: null,
      cost: 0,
      preview: null,
      ...summary,
    },
  }
}

const shape = (rows: ReturnType<typeof listRows>) =>
  rows.map((row) => (row.kind === 'section' ? `[${row.title}]` : row.key))

describe('listRows', () => {
  const items = [
    item('now', {}),
    item('pinned', { pinned: true, updatedAt: 0 }),
    item('midnight', { updatedAt: new Date(2026, 4, 20).getTime() }),
    item('late yesterday', { updatedAt: new Date(2026, 4, 20).getTime() - 1 }),
    item('this week', { updatedAt: now - 100 * hour }),
    item('old', { updatedAt: now - 1000 * hour }),
    item('archived', { archived: true }),
    item('trashed', { deletedAt: now, archived: true }),
  ]

  test('puts each conversation under its day, pinned ones first', () => {
    expect(shape(listRows(items, 'current', now))).toEqual([
      '[Pinned]',
      'pinned',
      '[Today]',
      'now',
      'midnight',
      '[Yesterday]',
      'late yesterday',
      '[Previous 7 days]',
      'this week',
      '[Older]',
      'old',
    ])
  })

  test('shows the trash and the archive apart, without headings', () => {
    expect(shape(listRows(items, 'trash', now))).toEqual(['trashed'])
    expect(shape(listRows(items, 'archive', now))).toEqual(['archived'])
  })
})

describe('filterByTitle', () => {
  const items = [item('Über das Meer', {}), item('The sea', {})]
  test('ignores case, accents and the order of words', () => {
    expect(filterByTitle(items, 'MEER uber').map(({ id }) => id)).toEqual(['Über das Meer'])
    expect(filterByTitle(items, '  ')).toBe(items)
  })
})

describe('nameOf', () => {
  test('begins with the title', () => {
    expect(nameOf(item('Tides', { pinned: true }), true)).toBe('Tides, pinned, not sent to the relay yet')
    expect(nameOf(item('', {}), false)).toBe('Untitled')
    expect(nameOf(item('Tides', { streaming: true }), false)).toBe('Tides, answering')
  })

  test('W12 what streams and nobody writes is interrupted, and not answering', () => {
    const deserted = { ...item('Tides', { streaming: true }), interrupted: true as const }
    expect(nameOf(deserted, false)).toBe('Tides, an answer was interrupted')
  })
})
