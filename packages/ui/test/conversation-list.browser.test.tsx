import '../styles/index.css'
import type { ListItem } from '@holdfast/store'
import { beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-react'
import { ConversationList } from '../src/index.ts'

const now = new Date(2026, 4, 20, 15, 0).getTime()

function items(count: number): ListItem[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `c${index}`,
    status: 'sent' as const,
    summary: {
      id: `c${index}`,
      title: `Conversation ${index}`,
      titleBy: 'user' as const,
      createdAt: 0,
      updatedAt: now - index * 600_000,
      messages: 1,
      hidden: 0,
      pinned: index === 3,
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
    },
  }))
}

const all = items(10_000)
const deleted: string[] = []
const opened: string[] = []

interface Shown {
  readonly selected?: string | null
  readonly query?: string
  readonly of?: readonly ListItem[]
}

function List({ selected = null, query = '', of = all }: Shown) {
  return (
    <div className="hf-root" style={{ display: 'flex', width: 280, height: 600 }}>
      <ConversationList
        items={of}
        view="current"
        query={query}
        selected={selected}
        now={now}
        showWaiting={false}
        hrefOf={(id) => `#/c/${id}`}
        onOpen={(id) => opened.push(id)}
        onDelete={(item) => deleted.push(item.id)}
        menuOf={() => [{ label: 'Pin', icon: null, onSelect: () => opened.push('pinned') }]}
      />
    </div>
  )
}

beforeEach(async () => {
  deleted.length = 0
  opened.length = 0
  await page.viewport(600, 700)
})

test('10,000 conversations put only those in sight into the page, each named by its title', async () => {
  const screen = await render(<List selected="c1" />)
  const list = screen.getByRole('list', { name: 'Conversations' })
  await expect.element(list).toBeVisible()
  expect(list.element().querySelectorAll('a').length).toBeLessThan(60)
  await expect.element(screen.getByRole('listitem', { name: 'Conversation 3, pinned' })).toBeVisible()
  await expect
    .element(screen.getByRole('link', { name: 'Conversation 1', exact: true }))
    .toHaveAttribute('aria-current', 'page')
  const first = screen.getByRole('listitem', { name: 'Conversation 0', exact: true }).element()
  expect([first.getAttribute('aria-posinset'), first.getAttribute('aria-setsize')]).toEqual(['2', '10000'])
})

test('arrow keys move through the list, beyond what is in the page; Delete asks for the trash', async () => {
  const screen = await render(<List selected="c0" />)
  const link = screen.getByRole('link', { name: 'Conversation 0', exact: true })
  ;(link.element() as HTMLElement).focus()
  await userEvent.keyboard('{ArrowDown}')
  await expect.poll(() => document.activeElement?.getAttribute('aria-label')).toBe('Conversation 1')
  await userEvent.keyboard('{End}')
  await expect.poll(() => document.activeElement?.getAttribute('aria-label')).toBe('Conversation 9999')
  await userEvent.keyboard('{Delete}')
  expect(deleted).toEqual(['c9999'])
  await userEvent.keyboard('{Home}')
  await expect.poll(() => document.activeElement?.getAttribute('aria-label')).toBe('Conversation 3, pinned')
})

test('a click opens; the menu opens on its button, takes the focus, and gives it back on Escape', async () => {
  const screen = await render(<List />)
  await screen.getByRole('link', { name: 'Conversation 2', exact: true }).click()
  expect(opened).toEqual(['c2'])
  const row = screen.getByRole('listitem', { name: 'Conversation 2', exact: true })
  const button = row.getByRole('button', { name: 'Actions' })
  await button.click()
  await expect.poll(() => document.activeElement?.textContent).toBe('Pin')
  await userEvent.keyboard('{Escape}')
  await expect.poll(() => document.activeElement).toBe(button.element())
  await button.click()
  await screen.getByRole('menuitem', { name: 'Pin' }).click()
  expect(opened).toEqual(['c2', 'pinned'])
})

test('a search that finds nothing says so', async () => {
  const screen = await render(<List query="no such title" />)
  await expect.element(screen.getByText('No title has “no such title”.')).toBeVisible()
})

test('W12 an answer that somebody writes turns, and one that nobody writes any more stands still and says so', async () => {
  const [one, two, three] = items(3) as [ListItem, ListItem, ListItem]
  const answering = { ...one, summary: { ...one.summary, streaming: true } }
  const deserted = { ...two, summary: { ...two.summary, streaming: true }, interrupted: true as const }
  const screen = await render(<List of={[answering, deserted, three]} />)
  const live = screen.getByRole('listitem', { name: 'Conversation 0, answering', exact: true })
  await expect.element(live).toBeVisible()
  expect(live.element().querySelector('.hf-spin')).not.toBeNull()
  const dead = screen.getByRole('listitem', { name: 'Conversation 1, an answer was interrupted', exact: true })
  await expect.element(dead).toBeVisible()
  expect(dead.element().querySelector('.hf-item-mark svg')).not.toBeNull()
  expect(dead.element().querySelector('.hf-item-mark')?.getAnimations({ subtree: true })).toEqual([])
  // Somebody goes on with it.
  await screen.rerender(<List of={[answering, { ...two, summary: deserted.summary }, three]} />)
  await expect.element(screen.getByRole('listitem', { name: 'Conversation 1, answering', exact: true })).toBeVisible()
})
