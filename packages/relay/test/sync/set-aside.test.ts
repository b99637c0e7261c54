import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inlineCompactor, type UpdateLog } from '@holdfast/update-log'
import { type Database, openClassicLevel, openLevelLog } from '@holdfast/update-log/level'
import { expect, it, onTestFinished } from 'vitest'
import { get, stockClient, until } from '../helpers.ts'
import { Copy } from './driver.ts'
import { deviceAt, relayFor } from './house.ts'

const RECORD = 'r'.charCodeAt(0)

/** A real log, and a hand on what is under it. */
async function rottingLog(): Promise<{ log: UpdateLog; rot: (record: number) => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-rot-'))
  let database: Database | null = null
  const log = await openLevelLog({
    directory,
    compactor: inlineCompactor,
    openDatabase: async (path) => {
      database = await openClassicLevel(path)
      return database
    },
  })
  onTestFinished(async () => {
    await log.close()
    await rm(directory, { recursive: true, force: true })
  })
  return {
    log,
    async rot(record) {
      const view = database!.view()
      const entries = await view.range({ gte: Uint8Array.of(RECORD), lt: Uint8Array.of(RECORD + 1) })
      await view.close()
      const { key, value } = entries[record]!
      const flipped = value.slice()
      flipped[flipped.length - 1]! ^= 1
      await database!.write([{ type: 'put', key, value: flipped }], { sync: true })
    },
  }
}

const words = (count: number): string => Array.from({ length: count }, (_, i) => `word${i} `).join('')

async function write(copy: Copy, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    copy.text.insert(copy.text.length, `word${i} `)
    await copy.synced()
  }
}

it('U20 W11 a document found damaged when it is opened is served as far as it is whole, and its clients make it whole', async () => {
  const { log, rot } = await rottingLog()
  const at = await relayFor({ log, limits: { idleAfter: 1 } })
  const device = await deviceAt(at)
  const copy = await new Copy(device, 'chat').synced()
  await write(copy, 8)
  device.cut()
  await device.lost()
  await rot(4)
  const { incarnation } = log
  // A stranger who has nothing gets the whole beginning, never a wrong document and never a blank one.
  const stranger = stockClient(at.port, 'chat', await at.token())
  await until(stranger.doc, () => stranger.text.length > 0)
  expect(words(8).startsWith(stranger.text.toString())).toBe(true)
  expect(stranger.text.toString()).not.toBe(words(8))
  expect(log.incarnation).not.toBe(incarnation)
  const [event] = at.events.filter(({ event }) => event === 'document-set-aside')
  expect(event).toMatchObject({ space: 'default', document: 'chat' })
  const { body } = await get(at.port, '/readyz')
  expect(body).toMatchObject({ status: 'ready', incarnation: log.incarnation })
  expect((body as { quarantine: string[] }).quarantine).toEqual([expect.stringMatching(/^document-1-/)])
  // The one who wrote it comes back, is told that the history is another, and offers what it has.
  const back = await deviceAt(at, { incarnation: device.incarnation, cursor: device.cursor })
  expect(back.said.some(({ kind }) => kind === 'history')).toBe(true)
  await Copy.again(back, 'chat', copy).synced()
  await until(stranger.doc, () => stranger.text.toString() === words(8))
  const metrics = at.relay.metrics()
  expect(metrics).toContain('holdfast_set_aside_total 1')
  stranger.provider.destroy()
})

it('U20 W3 damage that is found while a document is open ends its room before anything is written on top of it', async () => {
  const { log, rot } = await rottingLog()
  const at = await relayFor({ log, limits: { stateKeptFor: 0 } })
  const device = await deviceAt(at)
  const copy = await new Copy(device, 'chat').synced()
  await write(copy, 6)
  await rot(2)
  // Somebody comes for the whole of it, which is read from the disk.
  const stranger = stockClient(at.port, 'chat', await at.token())
  const { code } = await copy.find('closed').catch(() => ({ code: 0 }))
  expect(code).toBe(500)
  // Opening it again sets it aside, and whoever is connected then is told that the history is another: the next time it is whole.
  const { incarnation } = log
  const between = await deviceAt(at, { incarnation: device.incarnation, cursor: device.cursor })
  const opened = between.incarnation.startsWith(incarnation) ? Copy.again(between, 'chat', copy) : null
  if (opened !== null) expect(await between.lost()).toMatchObject({ code: 4506 })
  const again = await deviceAt(at, { incarnation: device.incarnation, cursor: device.cursor })
  expect(again.said.some(({ kind }) => kind === 'history')).toBe(true)
  await Copy.again(again, 'chat', copy).synced()
  await until(stranger.doc, () => stranger.text.toString() === words(6))
  const stored = await log.load({ space: 'default', document: 'chat' })
  expect(stored).toMatchObject({ epoch: copy.epoch })
  stranger.provider.destroy()
})
