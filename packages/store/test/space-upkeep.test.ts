import { virtualClock } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { createList } from '../src/list.ts'
import type { DocumentRecord } from '../src/persistence/port.ts'
import { freshRecord } from '../src/persistence/records.ts'
import { createUpkeep } from '../src/space-upkeep.ts'

test('S62 a summary that changes with every edit is told at once, and then four times a second, the last one too', async () => {
  const clock = virtualClock()
  const list = createList()
  const told: { readonly at: number; readonly id: string; readonly summary: number | undefined }[] = []
  let revision = 0
  const put = (id: string, summary: number, untold = true): void => {
    revision++
    const record: DocumentRecord = { ...freshRecord(id), last: 1, rows: 1, epoch: 'e', revision, untold }
    list.update([{ ...record, summary: Uint8Array.of(summary) }])
  }
  const upkeep = createUpkeep({
    connection: {
      summary: async (id, _epoch, summary) => {
        told.push({ at: clock.monotonic(), id, summary: summary[0] })
      },
      purge: () => Promise.reject(new Error('nothing is purged here')),
      told: () => ({ incarnation: 'now', reach: 0 }),
    },
    // What was told is marked, unless it has changed since.
    journal: {
      mark: (id, _by, mark) => {
        const now = list.record(id)?.summary?.[0]
        if (now !== undefined && mark.told?.[0] === now) put(id, now, false)
      },
    },
    list,
    mayWork: () => true,
    mayWrite: () => true,
    isRefused: () => false,
    retire: () => Promise.reject(new Error('nothing is over here')),
    clock,
    later: (ms, run) => {
      clock.after(ms, () => {
        run()
        upkeep.tellSummaries()
      })
    },
  })
  for (let edit = 0; edit < 60; edit++) {
    put('busy', edit)
    if (edit === 30) put('other', 99)
    upkeep.tellSummaries()
    await Promise.resolve()
    await Promise.resolve()
    clock.advance(10)
    await Promise.resolve()
  }
  clock.advance(1_000)
  expect(told.filter(({ id }) => id === 'other').map(({ at }) => at)).toEqual([300])
  const busy = told.filter(({ id }) => id === 'busy')
  expect(busy.map(({ at }) => at)).toEqual([0, 250, 500, 750])
  expect(busy.at(-1)?.summary).toBe(59)
  expect(clock.pending()).toBe(0)
})
