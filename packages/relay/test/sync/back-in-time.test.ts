import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inlineCompactor, type UpdateLog } from '@holdfast/update-log'
import { openLevelLog } from '@holdfast/update-log/level'
import { expect, it, onTestFinished } from 'vitest'
import type { RunningRelay } from '../helpers.ts'
import { Copy, type Device } from './driver.ts'
import { deviceAt, relayFor, stopRelay } from './house.ts'

const chat = { space: 'default', document: 'chat' }

async function folder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-back-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

interface Served {
  readonly at: RunningRelay
  readonly log: UpdateLog
  stop(): Promise<void>
}

async function serve(directory: string): Promise<Served> {
  const log = await openLevelLog({ directory, compactor: inlineCompactor })
  const at = await relayFor({ log })
  const stop = async (): Promise<void> => {
    await stopRelay(at)
    await log.close()
  }
  return { at, log, stop }
}

/** Writes, and waits until it is stored and in the feed. */
async function write(copy: Copy, text: string): Promise<void> {
  copy.text.insert(copy.text.length, text)
  await copy.synced()
  await copy.device.entry('chat', ({ seq }) => seq >= copy.seq)
}

async function again(at: RunningRelay, before: Device): Promise<Device> {
  return deviceAt(at, { incarnation: before.incarnation, cursor: before.cursor })
}

function sawReset(device: Device): boolean {
  return device.said.some(({ kind }) => kind === 'history')
}

it('W11 an ordinary restart is no break: nothing is told again, and positions count', async () => {
  const directory = await folder()
  const first = await serve(directory)
  const device = await deviceAt(first.at)
  const copy = await new Copy(device, 'chat').synced()
  await write(copy, 'hello')
  await first.stop()
  const second = await serve(directory)
  const back = await again(second.at, device)
  expect(sawReset(back)).toBe(false)
  expect(back.traffic.received).toBe(1)
  expect(back.incarnation).not.toBe(device.incarnation)
  const reopened = Copy.again(back, 'chat', copy)
  expect(await reopened.find('opened')).toMatchObject({ trusted: true })
  await reopened.synced()
  await write(reopened, ' again')
  await second.stop()
  const third = await serve(directory)
  expect(sawReset(await again(third.at, back))).toBe(false)
  expect(sawReset(await again(third.at, device))).toBe(false)
  await third.stop()
})

it('W11 a wiped relay is whole again from what a client has', async () => {
  const first = await serve(await folder())
  const device = await deviceAt(first.at)
  const copy = await new Copy(device, 'chat').synced()
  await write(copy, 'hello')
  await first.stop()
  const wiped = await serve(await folder())
  const back = await again(wiped.at, device)
  expect(back.said).toContainEqual(expect.objectContaining({ kind: 'history', cause: 'incarnation' }))
  expect(back.cursor).toBe(0)
  const reopened = Copy.again(back, 'chat', copy)
  expect(await reopened.find('opened')).toMatchObject({ trusted: false })
  await reopened.synced()
  expect(await wiped.log.stat(chat)).toMatchObject({ epoch: copy.epoch })
  const other = await new Copy(await deviceAt(wiped.at), 'chat').synced()
  expect(other.text.toString()).toBe('hello')
  await wiped.stop()
})

it('W11 an older copy put back is noticed though it has gone on since; deletions come back too', async () => {
  const [directory, copied] = [await folder(), await folder()]
  const first = await serve(directory)
  const early = await deviceAt(first.at)
  const copy = await new Copy(early, 'chat').synced()
  await write(copy, 'hello')
  await first.stop()
  await cp(directory, copied, { recursive: true })
  const second = await serve(directory)
  const late = await again(second.at, early)
  const going = await Copy.again(late, 'chat', copy).synced()
  await write(going, ' world')
  going.text.delete(0, 6)
  await going.synced()
  await late.entry('chat', ({ seq }) => seq >= going.seq)
  await second.stop()

  const restored = await serve(copied)
  // More has happened there than the client ever saw: its cursor looks like one of the past.
  const stranger = await new Copy(await deviceAt(restored.at), 'other').synced()
  for (let i = 0; i < 20; i += 1) {
    stranger.text.insert(0, 'x')
    await stranger.synced()
    await stranger.device.entry('other', ({ seq }) => seq >= stranger.seq)
  }
  const back = await again(restored.at, late)
  expect(sawReset(back)).toBe(true)
  const whole = await Copy.again(back, 'chat', going).synced()
  expect(whole.text.toString()).toBe('world')
  const check = await new Copy(await deviceAt(restored.at), 'chat').synced()
  expect(check.text.toString()).toBe('world')
  // Who was away all the time has lost nothing and is told what changed.
  const away = await again(restored.at, early)
  expect(sawReset(away)).toBe(false)
  await away.entry('other')
  await restored.stop()
})

it('W11 a lost tail is noticed: the incarnation is another one', async () => {
  const directory = await folder()
  const copied = await folder()
  const first = await serve(directory)
  const device = await deviceAt(first.at)
  const copy = await new Copy(device, 'chat').synced()
  await write(copy, 'hello')
  await cp(join(directory, 'log'), join(copied, 'log'), { recursive: true })
  await write(copy, ' world')
  await first.stop()
  await rm(join(directory, 'log'), { recursive: true })
  await cp(join(copied, 'log'), join(directory, 'log'), { recursive: true })
  const second = await serve(directory)
  expect(second.log.opened.renewed).not.toBeNull()
  const back = await again(second.at, device)
  expect(sawReset(back)).toBe(true)
  const whole = await Copy.again(back, 'chat', copy).synced()
  const check = await new Copy(await deviceAt(second.at), 'chat').synced()
  expect([whole.text.toString(), check.text.toString()]).toEqual(['hello world', 'hello world'])
  await second.stop()
})

it('W11 a folder copied and run twice: whoever changes between them is asked for everything each time', async () => {
  const [directory, copied] = [await folder(), await folder()]
  const first = await serve(directory)
  const device = await deviceAt(first.at)
  const copy = await new Copy(device, 'chat').synced()
  await write(copy, 'one')
  await first.stop()
  await cp(directory, copied, { recursive: true })
  const [left, right] = [await serve(directory), await serve(copied)]
  const atLeft = await again(left.at, device)
  expect(sawReset(atLeft)).toBe(false)
  const onLeft = await Copy.again(atLeft, 'chat', copy).synced()
  await write(onLeft, ' two')
  atLeft.close()
  const atRight = await again(right.at, atLeft)
  expect(sawReset(atRight)).toBe(true)
  const onRight = Copy.again(atRight, 'chat', onLeft)
  expect(await onRight.find('opened')).toMatchObject({ trusted: false })
  await onRight.synced()
  const check = await new Copy(await deviceAt(right.at), 'chat').synced()
  expect(check.text.toString()).toBe('one two')
  await Promise.all([left.stop(), right.stop()])
})

it('W11 a cursor from the future of this very run is reset, and reported', async () => {
  const at = await relayFor()
  const device = await deviceAt(at)
  const copy = await new Copy(device, 'chat').synced()
  await write(copy, 'x')
  const back = await deviceAt(at, { incarnation: device.incarnation, cursor: device.cursor + 1000 })
  expect(back.said).toContainEqual(expect.objectContaining({ kind: 'history', cause: 'cursor' }))
  await back.entry('chat')
  expect(at.events).toContainEqual(expect.objectContaining({ event: 'cursor-ahead', cursor: device.cursor + 1000 }))
})

it('W11 when the history is renewed under open connections they are told to come again', async () => {
  const at = await relayFor()
  const device = await deviceAt(at)
  const copy = await new Copy(device, 'chat').synced()
  await at.log.renewIncarnation()
  copy.text.insert(0, 'x')
  expect(await device.lost()).toMatchObject({ code: 4506 })
  const back = await again(at, device)
  expect(sawReset(back)).toBe(true)
})
