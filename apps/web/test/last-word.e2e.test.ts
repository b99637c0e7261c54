import { expect } from 'vitest'
import { test } from './scene.ts'
import { AppWindow } from './window.ts'

test('S26 a page that dies when its words are on the device and nobody was told: another page of the profile lists and sends them', async ({
  scene,
}) => {
  const context = await scene.profile()
  const survivor = await scene.open(context)
  const elsewhere = await scene.open(await scene.profile())
  // Its own browser delivers what it commits nowhere, and it has no way to the relay: as if it died before either.
  await context.addInitScript(() => {
    const post = BroadcastChannel.prototype.postMessage
    BroadcastChannel.prototype.postMessage = function (message: { type?: string }) {
      if (message?.type !== 'committed') post.call(this, message)
    }
    class Unconnected extends EventTarget {
      readonly readyState = 0
      readonly send = (): void => undefined
      readonly close = (): void => undefined
    }
    Object.assign(globalThis, { WebSocket: Unconnected })
  })
  const dying = await AppWindow.open(context, scene.relay.address)
  await dying.create()
  await scene.chat(dying, 'My last question', 'Its last answer')
  await dying.status('Saved on this device').waitFor()
  expect(await survivor.items.filter({ hasText: 'My last question' }).count()).toBe(0)

  const crashed = dying.page.waitForEvent('crash')
  await dying.page.goto('chrome://crash').catch(() => null)
  await crashed

  await survivor.items.filter({ hasText: 'My last question' }).waitFor()
  await elsewhere.items.filter({ hasText: 'My last question' }).waitFor()
  await elsewhere.choose('My last question')
  await elsewhere.shows('Its last answer')
})
