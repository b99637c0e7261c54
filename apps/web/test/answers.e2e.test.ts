import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { BrowserProcess } from './browser-process.ts'
import { pointAtModel, test } from './scene.ts'
import { AppWindow } from './window.ts'

test('an answer is stopped from another window, of another profile', async ({ scene }) => {
  const a = await scene.open(await scene.profile())
  const b = await scene.open(await scene.profile())
  await a.create()
  await a.type('Something long')
  const answering = await scene.model.asked()
  answering.say('It begins')
  await b.choose('Something long')
  await b.shows('It begins')
  await b.stop()
  await answering.hungUp()
  for (const window of [a, b]) {
    await window.shows('It begins')
    await window.page.getByRole('button', { name: 'Retry' }).last().waitFor()
  }
  await b.page.getByRole('button', { name: 'Retry' }).last().click()
  const again = await scene.model.asked()
  again.say('Asked from the other window')
  again.end()
  await a.shows('Asked from the other window')
})

test('a window that dies in mid-answer leaves it interrupted, and another goes on', async ({ scene }) => {
  await using dying = await BrowserProcess.start()
  await pointAtModel(dying.context, scene.model)
  const a = await AppWindow.open(dying.context, scene.relay.address)
  const b = await scene.open(await scene.profile())
  await a.create()
  await a.type('Will you live?')
  const answering = await scene.model.asked()
  answering.say('Up to here')
  await b.choose('Will you live?')
  await b.shows('Up to here')
  await dying.kill()
  await b
    .article('Up to here')
    .getByText(/interrupted/i)
    .waitFor({ timeout: 90_000 })
  await b.page.getByRole('button', { name: 'Retry' }).last().click()
  const again = await scene.model.asked()
  again.say('A whole answer')
  again.end()
  await b.shows('A whole answer')
})

async function pasteTeal(window: AppWindow): Promise<void> {
  await window.box.evaluate(async (box) => {
    const canvas = new OffscreenCanvas(40, 30)
    const pen = canvas.getContext('2d')
    if (pen === null) throw new Error('no canvas')
    pen.fillStyle = 'teal'
    pen.fillRect(0, 0, 40, 30)
    const clipboardData = new DataTransfer()
    clipboardData.items.add(
      new File([await canvas.convertToBlob({ type: 'image/png' })], 'teal.png', { type: 'image/png' }),
    )
    box.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  })
  await window.page
    .getByRole('img', { name: /teal\.png/ })
    .first()
    .waitFor()
}

/** Of the picture as it is shown; 0 while it is not. */
const width = (window: AppWindow): Promise<number> =>
  window
    .article('What colour is it?')
    .getByRole('img', { name: /teal\.png/ })
    .evaluate((image) => (image instanceof HTMLImageElement ? image.naturalWidth : 0))

test('an image pasted offline is shown from the device, and is on another profile once the relay is back', async ({
  scene,
}) => {
  const a = await scene.open(await scene.profile())
  const b = await scene.open(await scene.profile())
  await a.create()
  await scene.chat(a, 'Pictures', 'Send one')
  await b.choose('Pictures')
  await b.shows('Send one')
  await scene.relay.stop('SIGKILL')
  await a.status('Offline').waitFor()
  await pasteTeal(a)
  await scene.chat(a, 'What colour is it?', 'Teal')
  await expect.poll(() => width(a)).toBe(40)
  await scene.relay.start()
  await b.shows('Teal')
  await expect.poll(() => width(b), { timeout: 30_000 }).toBe(40)
})

test('a picture that rots on the relay is not shown to who asks for it, until the device that has it brings it again', async ({
  scene,
}) => {
  const a = await scene.open(await scene.profile())
  await a.create()
  await scene.chat(a, 'Pictures', 'Send one')
  await pasteTeal(a)
  await scene.chat(a, 'What colour is it?', 'Teal')
  const blobs = join(scene.relay.data, 'blobs')
  const files = async (): Promise<string[]> => {
    const all = await readdir(blobs, { recursive: true }).catch(() => [])
    return all.filter((path) => /^[0-9a-f]{32}.[0-9a-f]{2}.[0-9a-f]{64}$/.test(path))
  }
  await expect.poll(async () => (await files()).length, { timeout: 20_000 }).toBe(1)
  const [name = ''] = await files()
  const bytes = await readFile(join(blobs, name))
  bytes.writeUInt8(bytes.readUInt8(520) ^ 1, 520)
  await writeFile(join(blobs, name), bytes)
  const b = await scene.open(await scene.profile())
  await b.choose('Pictures')
  await b.shows('Teal')
  // Set aside when it was asked for.
  await expect.poll(async () => (await files()).length, { timeout: 20_000 }).toBe(0)
  await b.article('What colour is it?').getByText('Not here yet').waitFor()
  expect(await b.page.getByRole('img', { name: /teal\.png/ }).count()).toBe(0)
  await a.page.reload()
  await expect.poll(async () => (await files()).length, { timeout: 20_000 }).toBe(1)
  await expect.poll(() => width(b), { timeout: 40_000 }).toBe(40)
})

test('what is typed while an answer streams stays, Enter says why it is not sent, and words for an earlier question stay too', async ({
  scene,
}) => {
  const a = await scene.open(await scene.profile())
  await a.create()
  await a.type('What holds fast?')
  const answering = await scene.model.asked()
  answering.say('An anchor')
  await a.shows('An anchor')
  await a.box.fill('And in sand?')
  await a.box.press('Enter')
  await a.page.getByText('Not sent yet:').waitFor()
  expect(await a.box.inputValue()).toBe('And in sand?')

  await a.article('What holds fast?').first().hover()
  await a.page.getByRole('button', { name: 'Edit', exact: true }).first().click()
  const form = a.page.getByRole('textbox', { name: 'Edited question' })
  await form.fill('What holds a boat?')
  await form.press('Enter')
  await a.page.getByText('Wait for it, or stop it first', { exact: false }).waitFor()
  expect(await form.inputValue()).toBe('What holds a boat?')
  await form.press('Escape')
  answering.say(' in the sea bed')
  await a.shows('An anchor in the sea bed')
  answering.end()

  await a.page.getByRole('button', { name: 'Send', exact: true }).waitFor()
  await a.page.getByText('Not sent yet:').waitFor({ state: 'detached' })
  await a.box.press('Enter')
  const next = await scene.model.asked()
  next.say('A heavier anchor')
  next.end()
  await a.shows('A heavier anchor')
  expect(await a.box.inputValue()).toBe('')
})
