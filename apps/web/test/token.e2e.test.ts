import { expect } from 'vitest'
import { test } from './scene.ts'

test('the token is in no address that the page requests, shows or remembers, and in nothing that the relay writes', async ({
  scene,
}) => {
  const context = await scene.profile()
  const { token } = scene.relay.listening
  const addresses: string[] = []
  const shown: string[] = []
  context.on('request', (request) => addresses.push(request.url(), request.headers().referer ?? ''))
  context.on('page', (page) => {
    page.on('websocket', (socket) => addresses.push(socket.url()))
    page.on('console', (message) => shown.push(message.text()))
    page.on('framenavigated', (frame) => shown.push(`${frame.url().replace(/#token=.*/, '#first')}`))
  })
  const window = await scene.open(context)
  await window.create()
  await scene.chat(window, 'Where is the token?', 'Nowhere to be seen')
  await window.status('Synced').waitFor()
  await window.page.reload()
  await window.list.waitFor()
  await window.choose('Where is the token?')
  await window.shows('Nowhere to be seen')

  expect(addresses.some((address) => address.includes('/sync/'))).toBe(true)
  // Each part of it alone would do harm enough.
  for (const part of token.split('.')) {
    for (const address of addresses) expect(address).not.toContain(part)
    for (const text of shown) expect(text).not.toContain(part)
    expect(window.page.url()).not.toContain(part)
    expect(scene.relay.stderr).not.toContain(part)
  }
})
