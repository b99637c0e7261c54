import { REFUSAL } from '@holdfast/protocol'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { HeldLog } from '../fakes.ts'
import { Copy } from './driver.ts'
import { deviceAt, relayFor, stopRelay } from './house.ts'

const chat = { space: 'default', document: 'chat' }

function docOf(text: string): Y.Doc {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  return doc
}

describe('W1 W2 what is not on the disk', () => {
  it('is neither acknowledged nor shown, in whatever room; when it cannot be written its channels end and can come again', async () => {
    const held = new HeldLog()
    const at = await relayFor({ log: held.log })
    const [a, b] = [new Copy(await deviceAt(at), 'chat'), new Copy(await deviceAt(at), 'chat')]
    await Promise.all([a.synced(), b.synced()])
    held.holdAppends = true
    a.text.insert(0, 'lost?')
    await held.held(held.appends)
    const ping = b.device.traffic.received
    expect([a.acked, b.text.toString(), b.device.traffic.received]).toEqual([a.sent - 1, '', ping])
    held.appends[0]!.fail(new Error('EIO'))
    const [ended] = await Promise.all([a.find('closed'), b.find('closed')])
    expect(ended.code).toBe(REFUSAL.STORAGE_FAILED)
    expect(a.acked).toBe(a.sent - 1)
    held.holdAppends = false
    const again = await Copy.again(a.device, 'chat', a).synced()
    expect((await held.log.load(chat))?.seq).toBe(1)
    expect(again.text.toString()).toBe('lost?')
  })

  it('ends a channel that is closing too, without an ack', async () => {
    const held = new HeldLog()
    const at = await relayFor({ log: held.log })
    const copy = await new Copy(await deviceAt(at), 'chat', { mode: 'exchange' }).synced()
    held.holdAppends = true
    copy.send(Y.encodeStateAsUpdate(docOf('x')))
    copy.tell({ kind: 'close' })
    await held.held(held.appends)
    held.appends[0]!.fail(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }))
    expect((await copy.find('closed')).code).toBe(REFUSAL.STORAGE_FAILED)
    expect(copy.acked).toBe(copy.sent - 1)
  })

  it('is finished and told before the relay goes', async () => {
    const held = new HeldLog()
    const at = await relayFor({ log: held.log })
    const copy = await new Copy(await deviceAt(at), 'chat').synced()
    held.holdAppends = true
    copy.text.insert(0, 'last words')
    await held.held(held.appends)
    const stopped = stopRelay(at)
    held.appends[0]!.open()
    expect((await copy.find('acked', ({ upTo }) => upTo === copy.sent)).upTo).toBe(copy.sent)
    expect(await copy.device.lost()).toMatchObject({ code: 1001 })
    await stopped
  })
})

describe('W3 while a document loads', () => {
  it('its channel may be closed, and a load that fails refuses it and leaves the others', async () => {
    const held = new HeldLog()
    await held.log.append(chat, Y.encodeStateAsUpdate(docOf('stored')))
    const at = await relayFor({ log: held.log })
    const device = await deviceAt(at)
    held.holdLoads = true
    const closed = new Copy(device, 'chat')
    const waiting = new Copy(device, 'chat')
    await held.held(held.loads)
    closed.tell({ kind: 'close' })
    expect((await closed.find('closed')).code).toBe(REFUSAL.ENDED)
    held.loads[0]!.fail(new Error('EIO'))
    expect(await waiting.find('refused')).toMatchObject({ code: REFUSAL.STORAGE_FAILED })
    held.holdLoads = false
    expect((await new Copy(device, 'chat').synced()).text.toString()).toBe('stored')
  })

  it('a purge that comes first refuses it for good', async () => {
    const held = new HeldLog()
    await held.log.append(chat, Y.encodeStateAsUpdate(docOf('stored')), { epoch: 'e1' })
    const at = await relayFor({ log: held.log })
    held.holdLoads = true
    const copy = new Copy(await deviceAt(at), 'chat', { epoch: 'e1' })
    await held.held(held.loads)
    await held.log.purge(chat)
    held.loads[0]!.open()
    expect(await copy.find('set-aside')).toMatchObject({ code: REFUSAL.EPOCH_PURGED, epoch: 'e1' })
  })
})

it('W9 a purge while an edit is being written: the edit is refused with its epoch, and stays away', async () => {
  const held = new HeldLog()
  const at = await relayFor({ log: held.log })
  const copy = await new Copy(await deviceAt(at), 'chat').synced()
  copy.text.insert(0, 'one')
  await copy.synced()
  held.holdAppends = true
  copy.text.insert(0, 'two')
  await held.held(held.appends)
  await held.log.purge(chat)
  await copy.find('set-aside', ({ code }) => code === REFUSAL.EPOCH_PURGED)
  held.appends[0]!.open()
  expect(await held.log.load(chat)).toBeNull()
  expect(copy.acked).toBe(copy.sent - 1)
})

it('Y4 a connection that is cut in the middle of pieces has brought nothing, and the next one brings all', async () => {
  const at = await relayFor()
  const device = await deviceAt(at)
  const copy = await new Copy(device, 'chat').synced()
  const doc = docOf('x'.repeat(1_000_000))
  const update = Y.encodeStateAsUpdate(doc)
  const total = update.length + 10
  device.force({ kind: 'piece', channel: 1, offset: 0, total, bytes: update.subarray(0, 60_000) })
  device.cut()
  await device.lost()
  expect(await at.log.load(chat)).toBeNull()
  const again = await new Copy(await deviceAt(at), 'chat', { doc, epoch: copy.epoch }).synced()
  expect((await at.log.load(chat))?.seq).toBe(again.seq)
})

it('W7 a device that stops reading is told the difference when it reads again, and costs little meanwhile', async () => {
  const at = await relayFor({ limits: { waitingBytes: 64 * 1024 } })
  const [a, b] = [
    await new Copy(await deviceAt(at), 'chat').synced(),
    await new Copy(await deviceAt(at), 'chat').synced(),
  ]
  b.device.pause()
  for (let i = 0; i < 300; i += 1) {
    a.text.insert(0, `${i}`.padEnd(64_000, '.'))
    if (i % 20 === 0) await a.synced()
  }
  await a.synced()
  const before = b.device.traffic.receivedBytes
  b.device.resume()
  await b.device.until(() => b.seq === a.seq)
  expect(b.text.toString()).toBe(a.text.toString())
  expect(b.device.traffic.receivedBytes - before).toBeGreaterThan(1_000_000)
})

it('Y6 a small edit goes between the pieces of a large document', async () => {
  const log = createMemoryLog()
  await log.append({ space: 'default', document: 'large' }, Y.encodeStateAsUpdate(docOf('x'.repeat(8_000_000))))
  const at = await relayFor({ log })
  const device = await deviceAt(at)
  const small = await new Copy(device, 'chat').synced()
  const other = await new Copy(await deviceAt(at), 'chat').synced()
  const large = new Copy(device, 'large')
  await large.find('opened')
  other.text.insert(0, 'token')
  await small.device.until(() => small.text.toString() === 'token')
  expect(large.isLevel).toBe(false)
  await large.synced()
})

it('a record that several wrote vouches for nothing to an exchange that was not shown it', async () => {
  const held = new HeldLog()
  const at = await relayFor({ log: held.log })
  const [one, two] = [await deviceAt(at), await deviceAt(at)]
  const brief = await new Copy(one, 'chat', { mode: 'exchange' }).synced()
  const other = await new Copy(two, 'chat').synced()
  held.holdAppends = true
  other.text.insert(0, 'first')
  await held.held(held.appends)
  // Both wait behind the write that is under way, and become one record.
  other.text.insert(0, 'theirs')
  brief.send(Y.encodeStateAsUpdate(docOf('mine')))
  const fence = one.sync.nextRequest()
  one.force({ kind: 'summary', request: fence, document: 'none', epoch: 'e', summary: Uint8Array.of(1) })
  await one.answer(fence)
  const other_ = two.sync.nextRequest()
  two.force({ kind: 'summary', request: other_, document: 'none', epoch: 'e', summary: Uint8Array.of(1) })
  await two.answer(other_)
  held.holdAppends = false
  held.appends[0]!.open()
  await Promise.all([brief.synced(), other.synced()])
  const [, second] = (await held.log.load(chat))!.updates
  expect(second).toBeDefined()
  expect(brief.seq).toBe(0)
  expect(other.seq).toBe(2)
})
