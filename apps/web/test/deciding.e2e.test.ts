import { expect } from 'vitest'
import { test } from './scene.ts'
import type { AppWindow } from './window.ts'

const press = (window: AppWindow, name: string) => window.page.getByRole('button', { name, exact: true }).click()
const choose = (window: AppWindow, name: string) => window.page.getByRole('menuitem', { name, exact: true }).click()

test('W9 deleted for ever: gone everywhere, and what another device had not sent is set aside there and restored', async ({
  scene,
}) => {
  const a = await scene.open(await scene.profile())
  const context = await scene.profile()
  const before = await scene.open(context)
  await a.create()
  await scene.chat(a, 'Soon gone', 'Indeed')
  await before.choose('Soon gone')
  await before.shows('Indeed')
  await before.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
  await scene.relay.stop('SIGTERM')
  await before.status('Offline').waitFor()
  await scene.chat(before, 'Not sent in time', 'Kept here')
  await before.status('Saved on this device').waitFor()
  await before.page.close()
  await scene.relay.start()
  // The purge must be the relay's before the other device comes back: what that had sent first would not be set aside.
  await a.status('Synced').waitFor()

  await press(a, 'Conversation actions')
  await choose(a, 'Move to trash')
  await press(a, 'Trash')
  await press(a, 'Empty trash')
  await press(a, 'Delete for ever')
  await a.page.getByText('The trash is empty.').waitFor()

  const b = await scene.open(context)
  await press(b, 'Look at what is set aside')
  await press(b, 'Restore as new')
  await b.shows('Indeed')
  await b.shows('Not sent in time')
  await press(a, 'Back to conversations')
  await a.choose('Soon gone')
  await a.shows('Not sent in time')
  const c = await scene.open(await scene.profile())
  await c.items.filter({ hasText: 'Soon gone' }).waitFor()
  expect(await c.items.count()).toBe(1)
})

test('a message is deleted and brought back, and a fork goes on from where it was made', async ({ scene }) => {
  const a = await scene.open(await scene.profile())
  await a.create()
  await scene.chat(a, 'First question', 'First answer')
  await scene.chat(a, 'Second question', 'Second answer')
  const more = (text: string) => a.article(text).getByRole('button', { name: 'More' }).click()
  await more('First answer')
  await choose(a, 'Delete message')
  await a.shows('This message was deleted.')
  await press(a, 'Undo')
  await a.shows('First answer')

  await more('First answer')
  await choose(a, 'Fork from here')
  await a.page.getByRole('heading', { name: 'First question (fork)' }).waitFor()
  await a.shows('First answer')
  expect(await a.articles.count()).toBe(2)
  await scene.chat(a, 'Another way', 'Taken')
  await a.items.filter({ hasText: /^First question$/ }).click()
  await a.shows('Second answer')
  expect(await a.articles.count()).toBe(4)
})

test('a picture is sent to the model as data, and one that cannot be sent is refused in words', async ({ scene }) => {
  const a = await scene.open(await scene.profile())
  await a.create()
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  )
  const files = a.page.locator('input[type=file]')
  await files.setInputFiles({ name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('words') })
  await a.page.getByRole('alert').filter({ hasText: 'notes.png' }).waitFor()
  await files.setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: png })
  await a.page.getByRole('img', { name: 'dot.png' }).waitFor()
  await a.type('What is this?')
  const { request } = await scene.model.asked().then((answering) => {
    answering.say('A dot')
    answering.end()
    return answering
  })
  await a.shows('A dot')
  expect(request.messages.at(-1)?.content).toEqual([
    { type: 'image_url', image_url: { url: `data:image/png;base64,${png.toString('base64')}` } },
    { type: 'text', text: 'What is this?' },
  ])
  await a.page.getByRole('button', { name: 'Open dot.png' }).click()
  await a.page.getByRole('dialog', { name: 'dot.png' }).waitFor()
  await a.page.keyboard.press('Escape')
  await a.page.getByRole('dialog', { name: 'dot.png' }).waitFor({ state: 'detached' })
})
