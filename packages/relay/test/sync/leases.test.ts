import { REFUSAL } from '@holdfast/protocol'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { expect, it } from 'vitest'
import { ManualClock } from '../fakes.ts'
import { ADMIN } from '../helpers.ts'
import { Copy } from './driver.ts'
import { deviceAt, relayFor, stopRelay } from './house.ts'

it('W12 one window has it, every watcher is told, and whoever comes later too', async () => {
  const at = await relayFor()
  const [one, two, three] = [await deviceAt(at), await deviceAt(at), await deviceAt(at)]
  const [a, b] = [await new Copy(one, 'chat').synced(), await new Copy(two, 'chat').synced()]
  const granted = await a.leased(a.lease('acquire'))
  const told = await b.find('leased', ({ leased }) => leased.request === 0)
  expect(told.leased).toMatchObject({ key: 'turn', holder: granted.holder, fencing: granted.fencing })
  const late = await (await new Copy(three, 'chat').synced()).find('leased')
  expect(late.leased).toMatchObject({ holder: granted.holder, fencing: granted.fencing })
  expect(await two.answer(b.lease('acquire'))).toMatchObject({ kind: 'failed', code: REFUSAL.LEASE_HELD })
  expect(await two.answer(b.lease('renew', granted.fencing))).toMatchObject({ code: REFUSAL.LEASE_LOST })
  expect((await a.leased(a.lease('renew', granted.fencing))).fencing).toBe(granted.fencing)
  await a.leased(a.lease('release', granted.fencing))
  await b.find('leased', ({ leased }) => leased.holder === '' && leased.ttl === 0)
  const next = await b.leased(b.lease('acquire'))
  expect(next.fencing).toBeGreaterThan(granted.fencing)
  expect(await one.answer(a.lease('release', granted.fencing))).toMatchObject({ code: REFUSAL.LEASE_LOST })
})

it('W12 anybody may ask the holder to stop', async () => {
  const at = await relayFor()
  const [one, two] = [await deviceAt(at, { client: 'holder' }), await deviceAt(at, { client: 'asker' })]
  const [a, b] = [await new Copy(one, 'chat').synced(), await new Copy(two, 'chat').synced()]
  const none = two.sync.nextRequest()
  b.tell({ kind: 'stop', request: none, key: 'turn' })
  expect(await two.answer(none)).toMatchObject({ kind: 'failed', code: REFUSAL.NOT_FOUND })
  await a.leased(a.lease('acquire'))
  const request = two.sync.nextRequest()
  b.tell({ kind: 'stop', request, key: 'turn' })
  expect(await two.answer(request)).toMatchObject({ kind: 'done' })
  expect(await a.find('stop-requested')).toMatchObject({ key: 'turn', by: 'asker' })
})

it('W12 what runs out, and what the holder leaves behind, is free after its time, and its watchers are told', async () => {
  const clock = new ManualClock()
  const at = await relayFor({ clock })
  const token = ADMIN
  const [one, two] = [await deviceAt(at, { token }), await deviceAt(at, { token })]
  const [a, b] = [await new Copy(one, 'chat').synced(), await new Copy(two, 'chat').synced()]
  const first = await a.leased(a.lease('acquire', 0, 'turn', 3_000))
  clock.pass(3_000)
  await b.find('leased', ({ leased }) => leased.holder === '')
  expect(await one.answer(a.lease('renew', first.fencing))).toMatchObject({ code: REFUSAL.LEASE_LOST })
  const second = await a.leased(a.lease('acquire', 0, 'other', 60_000))
  await b.find('leased', ({ leased }) => leased.key === 'other')
  one.cut()
  await one.lost()
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (at.events.some(({ event }) => event === 'sync-disconnected')) resolve()
      else setImmediate(look)
    }
    look()
  })
  expect(await two.answer(b.lease('acquire', 0, 'other'))).toMatchObject({ code: REFUSAL.LEASE_HELD })
  clock.pass(5_000)
  await b.find('leased', ({ leased }) => leased.key === 'other' && leased.holder === '')
  expect((await b.leased(b.lease('acquire', 0, 'other'))).fencing).toBeGreaterThan(second.fencing)
})

it('W12 a window that comes back over another connection renews what it holds', async () => {
  const at = await relayFor()
  const one = await deviceAt(at, { client: 'window' })
  const { fencing } = await new Copy(one, 'chat').synced().then((copy) => copy.leased(copy.lease('acquire')))
  one.cut()
  await one.lost()
  const again = await new Copy(await deviceAt(at, { client: 'window' }), 'chat').synced()
  expect((await again.leased(again.lease('renew', fencing))).holder).toBe('window')
})

it('W12 fencing numbers grow over openings of the data folder, also when the clock does not', async () => {
  const log = createMemoryLog()
  const numbers: number[] = []
  for (let openings = 1; openings <= 3; openings += 1) {
    const at = await relayFor({ log: { ...log, openings }, clock: new ManualClock() })
    const token = ADMIN
    const copy = await new Copy(await deviceAt(at, { token }), 'chat').synced()
    numbers.push((await copy.leased(copy.lease('acquire'))).fencing)
    expect(await copy.device.answer(copy.lease('renew', numbers[0]! - 1))).toMatchObject({ code: REFUSAL.LEASE_LOST })
    await stopRelay(at)
  }
  expect(numbers).toEqual(numbers.toSorted((x, y) => x - y))
  expect(new Set(numbers).size).toBe(3)
})

it('W12 leases are not for exchanges, not for readers, and their keys are names', async () => {
  const at = await relayFor()
  const one = await deviceAt(at)
  const brief = await new Copy(one, 'chat', { mode: 'exchange' }).synced()
  expect(await one.answer(brief.lease('acquire'))).toMatchObject({ kind: 'failed', code: REFUSAL.NOT_FOUND })
  const watching = await new Copy(one, 'chat').synced()
  expect(await one.answer(watching.lease('acquire', 0, 'no/name'))).toMatchObject({ code: REFUSAL.BAD_NAME })
  const reader = await deviceAt(at, { token: await at.token('read') })
  const reading = new Copy(reader, 'chat')
  await reading.find('level')
  expect(await reader.answer(reading.lease('acquire'))).toMatchObject({ code: REFUSAL.READ_ONLY })
})
