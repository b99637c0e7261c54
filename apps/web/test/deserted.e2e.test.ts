import { expect } from 'vitest'
import { BrowserProcess } from './browser-process.ts'
import { pointAtModel, test } from './scene.ts'
import { AppWindow } from './window.ts'

test('W12 the list of a profile that never opened it says that an answer was interrupted when its window is killed', async ({
  scene,
}) => {
  await using dying = await BrowserProcess.start()
  await pointAtModel(dying.context, scene.model)
  const a = await AppWindow.open(dying.context, scene.relay.address)
  const b = await scene.open(await scene.profile())
  await a.create()
  await a.type('Will you live?')
  const answering = await scene.model.asked()
  answering.say('Up to here')
  await a.shows('Up to here')

  const row = (state: string) => b.list.getByRole('listitem', { name: `Will you live?, ${state}`, exact: true })
  await row('answering').waitFor()
  await row('answering').locator('.hf-spin').waitFor()
  await dying.kill()
  await row('an answer was interrupted').waitFor({ timeout: 60_000 })
  expect(await b.list.locator('.hf-spin').count()).toBe(0)

  // Its own browser writes the end when it is there again, and the list says the same, with nobody having opened it.
  await dying.start()
  await pointAtModel(dying.context, scene.model)
  const again = await AppWindow.open(dying.context, scene.relay.address)
  await again.list.getByRole('listitem', { name: 'Will you live?, an answer was interrupted', exact: true }).waitFor()
  await row('an answer was interrupted').waitFor()
})
