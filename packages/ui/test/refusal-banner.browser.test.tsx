import '../styles/index.css'
import type { StoreStatus } from '@holdfast/store'
import { expect, test } from 'vitest'
import { render } from 'vitest-browser-react'
import { FilesBanner, RefusalBanner, type Remedies } from '../src/index.ts'

function spies(): { readonly remedies: Remedies; readonly pressed: string[] } {
  const pressed: string[] = []
  const note = (name: string) => () => void pressed.push(name)
  return {
    pressed,
    remedies: {
      token: note('token'),
      reload: note('reload'),
      retry: note('retry'),
      new: note('new'),
      aside: note('aside'),
    },
  }
}

test('says what the relay refuses and offers the one thing that helps', async () => {
  const { remedies, pressed } = spies()
  const banner = (code: string) => <RefusalBanner reason={{ code, message: 'for a test' }} remedies={remedies} />
  const screen = await render(banner('TOKEN_REFUSED'))
  await expect
    .element(screen.getByRole('region', { name: 'The relay does not accept this page’s token' }))
    .toBeVisible()
  await screen.getByRole('button', { name: 'Use another token' }).click()
  for (const [code, name] of [
    ['CLIENT_TOO_OLD', 'Reload'],
    ['SPACE_FULL', 'Try again'],
    ['TOO_COSTLY', 'New conversation'],
    ['TOO_LARGE', 'Look at what is set aside'],
  ] as const) {
    await screen.rerender(banner(code))
    await screen.getByRole('button', { name }).click()
  }
  expect(pressed).toEqual(['token', 'reload', 'retry', 'new', 'aside'])
})

test('says why pictures are on this device only, until it is understood or something else is the matter', async () => {
  const { pressed, remedies } = spies()
  const space = (uploads: number, code: string | null): StoreStatus => ({
    relay: 'connected',
    waiting: 0,
    storage: 'granted',
    uploads,
    ...(code ? { uploadsRefused: { code, message: 'for a test' } } : {}),
  })
  const banner = (uploads: number, code: string | null) => (
    <FilesBanner space={space(uploads, code)} onRetry={remedies.retry} />
  )
  const screen = await render(banner(1, 'SPACE_FULL'))
  await expect.element(screen.getByText('A picture is on this device only', { exact: false })).toBeVisible()
  await screen.getByRole('button', { name: 'Try again' }).click()
  expect(pressed).toEqual(['retry'])
  await screen.getByRole('button', { name: 'Understood' }).click()
  expect(screen.container.textContent).toBe('')
  await screen.rerender(banner(2, 'BLOB_TOO_LARGE'))
  await expect.element(screen.getByText('larger than the relay takes', { exact: false })).toBeVisible()
  await screen.rerender(banner(0, null))
  expect(screen.container.textContent).toBe('')
})
