import { expect, it } from 'vitest'
import type { SyncChannel } from '../../src/sync/channel.ts'
import { OpenQueue } from '../../src/sync/open-queue.ts'

/** A channel as the queue sees it. */
function channel(isBrief: boolean, entered: SyncChannel[]): SyncChannel {
  const made = { isBrief, enter: () => void entered.push(made as unknown as SyncChannel) }
  return made as unknown as SyncChannel
}

it.each([
  ['watched', false, 32, 32 * 1024 * 1024],
  ['exchanged', true, 64, 4 * 1024 * 1024],
])(
  'W7 of a thousand documents that are to be %s some are read at a time, and none while much waits',
  (_name, isBrief, atOnce, most) => {
    let waiting = 0
    const entered: SyncChannel[] = []
    const queue = new OpenQueue(() => waiting)
    for (let i = 0; i < 1_000; i++) queue.add(channel(isBrief, entered))
    expect(entered).toHaveLength(atOnce)
    waiting = most + 1
    for (const one of entered.slice(0, 10)) queue.done(one)
    expect(entered).toHaveLength(atOnce)
    waiting = 0
    queue.next()
    expect(entered).toHaveLength(atOnce + 10)
    for (let i = 10; i < entered.length; i++) queue.done(entered[i]!)
    expect(entered).toHaveLength(1_000)
  },
)

it('W7 what somebody watches goes before what is only exchanged', () => {
  const entered: SyncChannel[] = []
  const queue = new OpenQueue(() => 5 * 1024 * 1024)
  queue.add(channel(true, entered))
  expect(entered).toHaveLength(0)
  queue.add(channel(false, entered))
  expect(entered.map(({ isBrief }) => isBrief)).toEqual([false])
})
