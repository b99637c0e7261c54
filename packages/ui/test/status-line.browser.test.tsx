import type { ConversationStatus, StoreStatus } from '@holdfast/store'
import { expect, test } from 'vitest'
import { render } from 'vitest-browser-react'
import { StatusLine } from '../src/index.ts'

const space: StoreStatus = { relay: 'connected', waiting: 0, storage: 'granted' }
const saved: ConversationStatus = { kind: 'saved', relay: 'sent' }
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
  await expect.element(screen.getByText('It has everything of this conversation.')).toBeVisible()
  await screen.getByRole('button', { name: 'Where this is kept' }).click()
  await expect.poll(() => screen.getByText('It has everything of this conversation.').query()).toBeNull()
})

test('says that the relay is away also while something is being saved', async () => {
  const screen = await render(<StatusLine status={{ kind: 'saving' }} space={{ ...space, relay: 'offline' }} />)
  expect(screen.getByRole('status').element().textContent).toBe('Saving · Offline')
})
