import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { test } from './scene.ts'

const picture = join(fileURLToPath(import.meta.url), '../../../../docs/images/holdfast.png')

interface Created {
  readonly token: string
  readonly record: { readonly id: string }
}

test('a token revoked under two open windows: both ask for another, nothing is lost, and one window’s is enough for both', async ({
  scene,
}) => {
  const { url, token: owner } = scene.relay.listening
  const admin = { authorization: `Bearer ${owner}`, 'content-type': 'application/json' }
  const create = async (name: string): Promise<Created> => {
    const expires = Date.now() + 3_600_000
    const body = JSON.stringify({ name, spaces: ['default'], role: 'write', expires })
    const response = await fetch(`${url}/admin/tokens`, { method: 'POST', headers: admin, body })
    expect(response.status).toBe(201)
    return (await response.json()) as Created
  }
  const [first, second] = [await create('first'), await create('second')]
  const context = await scene.profile()
  const [a, b] = [await scene.open(context, `${url}/#token=${first.token}`), await scene.open(context, url)]
  await a.create()
  await scene.chat(a, 'Before it was revoked', 'All is well')
  await a.status('Synced').waitFor()
  await b.choose('Before it was revoked')

  await fetch(`${url}/admin/tokens/${first.record.id}`, { method: 'DELETE', headers: admin })
  for (const window of [a, b]) await window.status('Saved on this device · Relay asks for another token').waitFor()
  await scene.chat(a, 'Written without a token', 'Kept all the same')
  await b.shows('Kept all the same')
  await a.status('1 waiting').waitFor()

  await b.page.getByRole('button', { name: 'Use another token' }).click()
  await b.page.getByRole('textbox', { name: 'Address or token' }).fill(second.token)
  await b.page.keyboard.press('Enter')
  for (const window of [a, b]) await window.status('Saved on this device · Synced').waitFor()
  for (const window of [a, b])
    expect(await window.page.getByRole('button', { name: 'Use another token' }).count()).toBe(0)
  const c = await scene.open(await scene.profile())
  await c.choose('Before it was revoked')
  await c.shows('Kept all the same')
})

test('a full space: the picture stays on this device, the page says why and what helps, and it goes when there is room', async ({
  scene,
}) => {
  await scene.relay.stop('SIGTERM')
  scene.relay.flags = ['--limit', 'space-quota=50KiB']
  await scene.relay.start()
  const a = await scene.open(await scene.profile())
  await a.create()
  await a.page.locator('input[type=file]').setInputFiles(picture)
  await scene.chat(a, 'Look at this', 'A fine picture')
  await a.status('Saved on this device · Synced · 1 picture not sent').waitFor()
  const banner = a.page.getByRole('region', { name: 'A picture is on this device only: the space has no room' })
  await banner.getByText('Empty the trash, or ask whoever runs the relay').waitFor()
  await a.page.getByRole('img', { name: 'holdfast.png' }).waitFor()
  const b = await scene.open(await scene.profile())
  await b.choose('Look at this')
  await b.page.getByText('Not here yet').waitFor()

  await scene.relay.stop('SIGTERM')
  scene.relay.flags = []
  await scene.relay.start()
  await b.page.getByRole('button', { name: 'Open holdfast.png' }).waitFor()
  await banner.waitFor({ state: 'detached' })
})
