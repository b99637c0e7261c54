import { cp, rm } from 'node:fs/promises'
import { seededRandom } from '@holdfast/testkit'
import { expect } from 'vitest'
import { BrowserProcess } from './browser-process.ts'
import { pointAtModel, test } from './scene.ts'
import { AppWindow } from './window.ts'

test('ten conversations written offline, the page closed: a new page brings them to another profile, which opens none', async ({
  scene,
}) => {
  const context = await scene.profile()
  const first = await scene.open(context)
  const watcher = await scene.open(await scene.profile())
  await first.page.evaluate(async () => {
    await navigator.serviceWorker.ready
  })
  await scene.relay.stop('SIGKILL')
  const titles = Array.from({ length: 10 }, (_, index) => `Offline thought ${index}`)
  for (const title of titles) {
    await first.create()
    await scene.chat(first, title, `An answer to ${title}`)
    await first.status('Saved on this device').waitFor()
  }
  await first.page.close()
  await scene.relay.start()
  await scene.open(context)
  for (const title of titles) await watcher.items.filter({ hasText: title }).waitFor()
  // None was opened there; what is read now came by itself.
  await scene.relay.stop('SIGKILL')
  await watcher.choose(titles[3]!)
  await watcher.shows(`An answer to ${titles[3]}`)
})

test('yesterday’s data folder restored under running clients: everything is whole again, nothing doubled', async ({
  scene,
}) => {
  const a = await scene.open(await scene.profile())
  const b = await scene.open(await scene.profile())
  await a.create()
  await scene.chat(a, 'Before the backup', 'Kept yesterday')
  await b.choose('Before the backup')
  await b.shows('Kept yesterday')
  await scene.relay.stop('SIGTERM')
  const backup = `${scene.relay.data}-yesterday`
  await cp(scene.relay.data, backup, { recursive: true })
  await scene.relay.start()
  await scene.chat(a, 'After the backup', 'Written today')
  await b.shows('Written today')
  await b.create()
  await scene.chat(b, 'A whole new one', 'Also today')
  await a.items.filter({ hasText: 'A whole new one' }).waitFor()

  await scene.relay.stop('SIGKILL')
  await rm(scene.relay.data, { recursive: true })
  await cp(backup, scene.relay.data, { recursive: true })
  await rm(backup, { recursive: true })
  await scene.relay.start()

  const c = await scene.open(await scene.profile())
  await c.choose('Before the backup')
  await c.shows('Written today')
  expect(await c.texts()).toHaveLength(4)
  await c.choose('A whole new one')
  await c.shows('Also today')
  expect(await c.items.count()).toBe(2)
})

test('a window of the version before /sync and one of today work on one conversation', async ({ scene }) => {
  const today = await scene.open(await scene.profile())
  const before = await scene.open(await scene.profile(), scene.relay.address.replace('/#', '/?wire=stock#'))
  await today.create()
  await today.type('Asked today')
  const answering = await scene.model.asked()
  answering.say('Answered in')
  await before.choose('Asked today')
  await before.shows('Answered in')
  answering.say(' both versions')
  answering.end()
  await before.shows('Answered in both versions')
  await scene.chat(before, 'Asked before', 'Seen by both')
  await today.shows('Seen by both')
  await today.status('Synced').waitFor()
  await before.status('Saved on this device').waitFor()

  await before.page.evaluate(async () => {
    await navigator.serviceWorker.ready
  })
  await scene.relay.stop('SIGKILL')
  await scene.chat(before, 'Offline before', 'Kept before')
  await scene.chat(today, 'Offline today', 'Kept today')
  await scene.relay.start()
  await before.shows('Kept today')
  await today.shows('Kept before')
  const order = async (window: AppWindow) =>
    (await window.texts()).map((text) =>
      ['Kept today', 'Kept before', 'Seen by both', 'Answered in'].find((known) => text.includes(known)),
    )
  expect(await order(today)).toEqual(await order(before))
})

test('relay, browser or both killed at random 50 times: whatever was called saved is there', {
  timeout: 600_000,
}, async ({ scene }) => {
  const random = seededRandom(Number(process.env.SEED ?? 947154))
  const told = `seed ${random.seed}`
  const { relay, model } = scene
  await using writer = await BrowserProcess.start()
  const calledSaved: string[] = []
  let window: AppWindow | undefined
  let conversations = 0
  const openAgain = async (): Promise<AppWindow> => {
    await pointAtModel(writer.context, model)
    window = await AppWindow.open(writer.context, relay.address)
    return window
  }
  for (let round = 0; round < 50; round++) {
    const here = window ?? (await openAgain())
    if (conversations === 0 || random.chance(0.3)) {
      await here.create()
      conversations += 1
    } else if (await here.items.count()) {
      await here.items.nth(random.int(await here.items.count())).click()
    }
    const text = `Thought ${round} of ${random.int(1_000_000)}`
    await here.type(text)
    const answering = await model.asked()
    answering.say(`Answer ${round}`)
    const ended = random.chance(0.7)
    if (ended) {
      answering.end()
      await here.shows(`Answer ${round}`)
      await here.status('Saved on this device').waitFor()
      calledSaved.push(text, `Answer ${round}`)
    }
    const victim = random.pick(['relay', 'browser', 'both', 'none'] as const)
    if (victim === 'relay' || victim === 'both') await relay.stop('SIGKILL')
    if (victim === 'browser' || victim === 'both') {
      await writer.kill()
      window = undefined
      await writer.start()
    }
    if (victim === 'relay' || victim === 'both') await relay.start()
    // Left in the middle of an answer that nobody cut short, the window could not ask the next question.
    if (!ended) answering.end()
  }
  if (window === undefined) await openAgain()

  const reader = await scene.open(await scene.profile())
  // The list holds only the rows in view: room for all of them.
  for (const { page } of [window!, reader]) await page.setViewportSize({ width: 1200, height: 4000 })
  await expect.poll(() => reader.items.count(), { message: told, timeout: 60_000 }).toBe(await window!.items.count())
  const missing = new Set(calledSaved)
  await expect
    .poll(
      async () => {
        for (const item of await reader.items.all()) {
          await item.click()
          await reader.articles.first().waitFor()
          const all = (await reader.texts()).join('\n')
          for (const text of [...missing]) if (all.includes(text)) missing.delete(text)
        }
        return [...missing]
      },
      { message: told, timeout: 60_000 },
    )
    .toEqual([])
})
