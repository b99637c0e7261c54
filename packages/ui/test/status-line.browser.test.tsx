import type { ConversationStatus, StoreStatus } from '@holdfast/store'
import { expect, test } from 'vitest'
import { render } from 'vitest-browser-react'
import { StatusLine } from '../src/index.ts'

const space: StoreStatus = { relay: 'connected', waiting: 0, storage: 'granted' }
const saved: ConversationStatus = { kind: 'saved', relay: 'synced' }
const full: ConversationStatus = {
  kind: 'not-saved',
  since: 1,
  reason: { code: 'QUOTA', message: 'the device is full' },
}

test('says at once that something is not saved, and that it is saved only when it stays so', async () => {
  const screen = await render(<StatusLine status={saved} space={space} />)
  const line = screen.getByRole('status')
  await expect.poll(() => line.element().textContent).toMatch(/^Saved on this device/)
  await screen.rerender(<StatusLine status={{ kind: 'saving' }} space={space} />)
  expect(line.element().textContent).toBe('Saving')
  await screen.rerender(<StatusLine status={saved} space={space} />)
  expect(line.element().textContent).toBe('Saving')
  await expect.poll(() => line.element().textContent).toMatch(/^Saved on this device/)
  await screen.rerender(<StatusLine status={full} space={space} />)
  expect(line.element().textContent).toBe('Not saved: the device is full')
})

test('tells more when asked, and closes when pressed again', async () => {
  const screen = await render(<StatusLine status={saved} space={space} />)
  await screen.getByRole('button', { name: 'Where this is kept' }).click()
  await expect.element(screen.getByText('It has everything of this on its disk.')).toBeVisible()
  await screen.getByRole('button', { name: 'Where this is kept' }).click()
  await expect.poll(() => screen.getByText('It has everything of this on its disk.').query()).toBeNull()
})

test('says that the relay is away also while something is being saved', async () => {
  const screen = await render(<StatusLine status={{ kind: 'saving' }} space={{ ...space, relay: 'offline' }} />)
  expect(screen.getByRole('status').element().textContent).toBe('Saving · Offline')
})

test('while an answer streams, claims only what was seen committed, and never that the relay has it', async () => {
  const streaming = (status: ConversationStatus, structure: string, relay: StoreStatus['relay'] = 'connected') => (
    <StatusLine status={status} space={{ ...space, relay }} streaming structure={structure} />
  )
  const saving: ConversationStatus = { kind: 'saving' }
  const screen = await render(streaming(saving, 'question'))
  const line = screen.getByRole('status')
  expect(line.element().textContent).toBe('Saving')
  await screen.rerender(streaming({ kind: 'saved', relay: 'synced' }, 'question'))
  await screen.rerender(streaming(saving, 'question'))
  await expect.poll(() => line.element().textContent).toBe('Saved on this device as it arrives')
  await screen.rerender(streaming(saving, 'question', 'offline'))
  expect(line.element().textContent).toBe('Saved on this device as it arrives · Offline')
  // Another edit is not the stream's: it has to be seen committed first.
  await screen.rerender(streaming(saving, 'another question'))
  expect(line.element().textContent).toBe('Saving')
})

test('a stream of which nothing is committed for a while is only being saved', async () => {
  const screen = await render(<StatusLine status={saved} space={space} streaming structure="a" />)
  await screen.rerender(<StatusLine status={{ kind: 'saving' }} space={space} streaming structure="a" />)
  const line = screen.getByRole('status')
  expect(line.element().textContent).toBe('Saved on this device as it arrives')
  await expect.poll(() => line.element().textContent, { timeout: 3_000 }).toBe('Saving')
})

test('counts what waits for a relay that is away, and says it in words when asked', async () => {
  const away: StoreStatus = { ...space, relay: 'offline', waiting: 2, uploads: 1 }
  const screen = await render(<StatusLine status={{ kind: 'saved', relay: 'offline' }} space={away} />)
  await expect
    .element(screen.getByRole('status'))
    .toHaveTextContent('Saved on this device · Offline · 3 waiting', { normalizeWhitespace: true })
  await screen.getByRole('button', { name: 'Where this is kept' }).click()
  await expect.element(screen.getByText('2 conversations and 1 file wait', { exact: false })).toBeVisible()
})
