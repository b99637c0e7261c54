import { createMemoryLog } from '@holdfast/update-log/memory'
import { describe, expect, it } from 'vitest'
import { SyncSpace } from '../../src/sync/space.ts'
import { ManualClock } from '../fakes.ts'

/** So many connections of a space in which a document changes each millisecond. @returns when they were told, in ms from the first */
function toldTo(connections: number, ms: number): number[] {
  const clock = new ManualClock()
  const space = new SyncSpace('default', createMemoryLog(), clock)
  const told: number[] = []
  for (let i = 0; i < connections; i++) {
    space.enter({ client: `w${i}`, committed: () => void (i === 0 && told.push(clock.monotonic())) })
  }
  for (let feed = 1; feed <= ms; feed++) {
    space.committed([{ space: 'default', document: 'chat', epoch: 'e', seq: feed, feed, purged: false }])
    clock.pass(1)
  }
  space.close()
  const [first = 0] = told
  return told.map((at) => at - first)
}

describe('Y10 how often a stream of changes is told', () => {
  it.each([
    [1, 50],
    [5, 50],
    [20, 200],
    [500, 250],
  ])('to %i connections: at once, and then each %i ms', (connections, pace) => {
    expect(toldTo(connections, 4 * pace)).toEqual([0, pace, 2 * pace, 3 * pace, 4 * pace])
  })

  it('what changes after a pause is told at once, among however many', () => {
    const clock = new ManualClock()
    const space = new SyncSpace('default', createMemoryLog(), clock)
    const told: number[] = []
    for (let i = 0; i < 500; i++) space.enter({ client: `w${i}`, committed: () => void told.push(i) })
    const change = (feed: number) => ({
      space: 'default',
      document: 'chat',
      epoch: 'e',
      seq: feed,
      feed,
      purged: false,
    })
    space.committed([change(1)])
    clock.pass(250)
    space.committed([change(2)])
    expect(told.length).toBe(1_000)
    space.close()
  })
})
