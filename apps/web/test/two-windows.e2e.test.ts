import { randomUUID } from 'node:crypto'
import { addMessage, lastShownId, readConversation } from '@holdfast/conversation'
import { expect } from 'vitest'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { test } from './scene.ts'
import type { AppWindow } from './window.ts'

test('two windows of one browser see each other’s messages and an answer while it streams', async ({ scene }) => {
  const context = await scene.profile()
  const a = await scene.open(context)
  const b = await scene.open(context)
  await a.create()
  await a.type('What holds fast?')
  const answering = await scene.model.asked()
  answering.say('An anchor')
  await a.shows('An anchor')
  await b.choose('What holds fast?')
  await b.shows('An anchor')
  answering.say(' in the sea bed')
  await b.shows('An anchor in the sea bed')
  answering.end()
  await a.status('Saved on this device').waitFor()
  await scene.chat(b, 'And a second question', 'A second answer')
  await a.shows('A second answer')
  expect(await a.texts()).toHaveLength(4)
})

test('two profiles see each other’s messages and a streaming answer through the relay, and a third gets everything', async ({
  scene,
}) => {
  const a = await scene.open(await scene.profile())
  const b = await scene.open(await scene.profile())
  await a.create()
  await a.type('First from A')
  const answering = await scene.model.asked()
  answering.say('Streaming to')
  await a.shows('Streaming to')
  await b.choose('First from A')
  await b.shows('Streaming to')
  answering.say(' both windows')
  await b.shows('Streaming to both windows')
  answering.end()
  await scene.chat(b, 'Then from B', 'An answer in B')
  await a.shows('An answer in B')

  await b.create()
  await scene.chat(b, 'A conversation of its own', 'Another answer')
  await a.items.filter({ hasText: 'A conversation of its own' }).waitFor()

  const c = await scene.open(await scene.profile())
  await c.choose('A conversation of its own')
  await c.shows('Another answer')
  await c.choose('First from A')
  await c.shows('An answer in B')
  await c.shows('Streaming to both windows')
})

test('the relay killed in mid-stream and started again loses nothing that either window showed', async ({ scene }) => {
  const a = await scene.open(await scene.profile())
  const b = await scene.open(await scene.profile())
  await a.create()
  await a.type('Survive this')
  const answering = await scene.model.asked()
  answering.say('Shown before the kill')
  await b.choose('Survive this')
  await b.shows('Shown before the kill')
  await scene.relay.stop('SIGKILL')
  answering.say(', said while it was down')
  await a.shows('said while it was down')
  await a.status('Offline').waitFor()
  const shownByB = await b.texts()
  await scene.relay.start()
  answering.say(', and after')
  answering.end()
  await b.shows('Shown before the kill, said while it was down, and after')
  for (const text of shownByB) expect((await b.texts()).join('\n')).toContain(text.split('\n').at(-1))

  const c = await scene.open(await scene.profile())
  await c.choose('Survive this')
  await c.shows('Shown before the kill, said while it was down, and after')
})

test('both go offline, both write, both come back: both have both, in the same order', async ({ scene }) => {
  const a = await scene.open(await scene.profile())
  const b = await scene.open(await scene.profile())
  await a.create()
  await scene.chat(a, 'Together', 'Online')
  await b.choose('Together')
  await b.shows('Online')
  await scene.relay.stop('SIGTERM')
  await a.status('Offline').waitFor()
  await b.status('Offline').waitFor()
  await scene.chat(a, 'Question of A', 'Answer for A')
  await scene.chat(b, 'Question of B', 'Answer for B')
  await scene.relay.start()
  await a.shows('Answer for B')
  await b.shows('Answer for A')
  const order = async (window: AppWindow) =>
    (await window.texts()).map((text) =>
      ['Together', 'Online', 'Question of A', 'Answer for A', 'Question of B', 'Answer for B'].find((known) =>
        text.includes(known),
      ),
    )
  expect(await order(a)).toEqual(await order(b))
  expect((await order(a)).toSorted()).toEqual([
    'Answer for A',
    'Answer for B',
    'Online',
    'Question of A',
    'Question of B',
    'Together',
  ])
})

test('reloaded with the relay down, the page opens and its text is there', async ({ scene }) => {
  const a = await scene.open(await scene.profile())
  await a.create()
  await scene.chat(a, 'Is it still here?', 'It is.')
  await a.status('Saved on this device').waitFor()
  // The worker that answers for the page when the relay cannot: reloads are its own from then on.
  await a.page.evaluate(async () => {
    await navigator.serviceWorker.ready
  })
  await scene.relay.stop('SIGKILL')
  await a.page.reload()
  await a.shows('It is.')
  await scene.chat(a, 'And writing?', 'Works too.')
  await a.status('Saved on this device').waitFor()
  await a.page.reload()
  await a.shows('Works too.')
  await a.status('Offline').waitFor()
})

test('an unmodified y-websocket provider reads and writes the same conversation', async ({ scene }) => {
  const a = await scene.open(await scene.profile())
  await a.create()
  await scene.chat(a, 'Seen by a stock client', 'Certainly')
  const { url, token } = scene.relay.listening
  const feed = await fetch(`${url}/feed/default?after=0`, { headers: { authorization: `Bearer ${token}` } })
  const { entries } = (await feed.json()) as { entries: { document: string }[] }
  expect(entries).toHaveLength(1)

  const doc = new Y.Doc()
  const provider = new WebsocketProvider(`${url.replace('http', 'ws')}/yjs`, `default/${entries[0]!.document}`, doc, {
    params: { token },
  })
  await new Promise<void>((resolve) => provider.once('sync', () => resolve()))
  const read = readConversation(doc)
  expect(JSON.stringify(read.messages)).toContain('Certainly')
  const parent = lastShownId(read)
  addMessage(doc, {
    id: randomUUID(),
    role: 'user',
    ...(parent === null ? {} : { parent }),
    createdAt: Date.now(),
    parts: [{ type: 'text', text: 'Written by a stock client' }],
  })
  await a.shows('Written by a stock client')
  provider.destroy()
})

test('Stop ends the answer, keeps what there is, and Retry makes an alternative', async ({ scene }) => {
  const a = await scene.open(await scene.profile())
  await a.create()
  await a.type('Say something long')
  const answering = await scene.model.asked()
  answering.say('Only this much')
  await a.shows('Only this much')
  await a.stop()
  await answering.hungUp()
  await a.shows('Only this much')
  await a.page.getByRole('button', { name: 'Retry' }).last().click()
  const again = await scene.model.asked()
  again.say('A better one')
  again.end()
  await a.shows('A better one')
  await a.shows(/2\s*\/\s*2/)
})

test('a wrong token: the page says so and asks for another', async ({ scene }) => {
  const context = await scene.profile()
  const a = await scene.open(context, `${scene.relay.listening.url}/#token=wrong`)
  await a.page.getByRole('button', { name: 'Use another token' }).click()
  await a.page.getByRole('textbox', { name: 'Address or token' }).fill(scene.relay.address)
  await a.page.keyboard.press('Enter')
  await a.create()
  await scene.chat(a, 'Let in', 'Welcome')
  const b = await scene.open(await scene.profile())
  await b.choose('Let in')
  await b.shows('Welcome')
})

test('the device’s database deleted under the page: it says what is not saved, keeps the text, offers it, and mends itself', async ({
  scene,
}) => {
  const context = await scene.profile()
  // A browser that has lost its storage: opening fails for as long as the test says so.
  await context.addInitScript(() => {
    const open = IDBFactory.prototype.open
    IDBFactory.prototype.open = function (...args) {
      if (sessionStorage.getItem('test:storage-gone')) throw new DOMException('storage is gone', 'UnknownError')
      return open.apply(this, args)
    }
  })
  const a = await scene.open(context)
  await a.create()
  await scene.chat(a, 'Before the fault', 'All well')
  await a.status('Saved on this device').waitFor()
  await a.page.evaluate(async () => {
    sessionStorage.setItem('test:storage-gone', 'yes')
    const names = (await indexedDB.databases()).flatMap(({ name }) => (name === undefined ? [] : [name]))
    await Promise.all(
      names.map(
        (name) =>
          new Promise<void>((resolve, reject) => {
            const request = indexedDB.deleteDatabase(name)
            request.onsuccess = () => resolve()
            request.onerror = () => reject(request.error)
          }),
      ),
    )
  })
  await scene.chat(a, 'During the fault', 'Still on the screen')
  await a.status('Not saved').first().waitFor()
  await a.shows('Before the fault')
  const download = a.page.waitForEvent('download')
  await a.page.getByRole('button', { name: 'Download' }).first().click()
  expect((await download).suggestedFilename()).toMatch(/before-the-fault/i)

  // Asked to try while it cannot work, it still says so; it works again by itself once it can.
  await a.page.getByRole('button', { name: 'Try again' }).click()
  await a.status('Not saved').first().waitFor()
  await a.page.evaluate(() => sessionStorage.removeItem('test:storage-gone'))
  await a.status('Saved on this device').waitFor()
  await a.page.evaluate(async () => {
    await navigator.serviceWorker.ready
  })
  await scene.relay.stop('SIGKILL')
  await a.page.reload()
  await a.shows('Before the fault')
  await a.shows('Still on the screen')
})
