import { compactUpdates } from '@holdfast/update-log'
import { createWorkerCompactor, openLevelLog } from '@holdfast/update-log/level'
import { expect, test } from 'vitest'
import { temporaryFolder } from './folders.ts'
import { edits } from './yjs.ts'

const one = { space: 'default', document: 'one' }

test('U10 the thread gives what compacting here gives, one after the other', async () => {
  const compactor = createWorkerCompactor()
  const all = [1, 2, 3].map((seed) => edits(seed, 100).updates)
  const states = await Promise.all(all.map((updates) => compactor.compact(updates)))
  expect(states).toEqual(all.map((updates) => compactUpdates(updates)))
  await compactor.close()
})

test('U10 what takes too long is given up, the others are not', async () => {
  const pending = new Set<() => void>()
  const compactor = createWorkerCompactor({
    timeLimit: 1,
    linger: 2,
    after(milliseconds, run) {
      // The clock is ours: only the time limit of the first ever passes.
      if (milliseconds === 1) pending.add(run)
      return () => pending.delete(run)
    },
  })
  const first = compactor.compact(edits(1, 50).updates)
  const second = compactor.compact(edits(2, 50).updates)
  for (const run of [...pending]) run()
  await expect(first).rejects.toMatchObject({ code: 'COMPACTION_FAILED' })
  expect(await second).toEqual(compactUpdates(edits(2, 50).updates))
  await compactor.close()
})

test('U10 garbage is refused by the thread and ends neither it nor the process', async () => {
  const compactor = createWorkerCompactor()
  await expect(compactor.compact([Uint8Array.of(9, 9, 9, 255)])).rejects.toMatchObject({ code: 'COMPACTION_REFUSED' })
  expect(await compactor.compact(edits(1, 10).updates)).toEqual(compactUpdates(edits(1, 10).updates))
  await compactor.close()
  await expect(compactor.compact([])).rejects.toMatchObject({ code: 'CLOSED' })
})

test('U10 a thread that cannot start is a failed compaction, and nothing is changed', async () => {
  const directory = await temporaryFolder()
  const compactor = createWorkerCompactor({ script: new URL('file:///nowhere/at/all.js') })
  const log = await openLevelLog({ directory, compactor })
  const { updates } = edits(1, 10)
  for (const update of updates) await log.append(one, update)
  await expect(log.compact(one)).rejects.toMatchObject({ code: 'COMPACTION_FAILED' })
  expect((await log.load(one))?.updates).toEqual(updates)
  await log.close()
})

test('U10 a compactor that loses something is found out', async () => {
  const { firstMissing } = await import('../src/compaction.ts')
  const { updates } = edits(7, 30)
  const whole = compactUpdates(updates)
  expect(firstMissing(whole, whole)).toBeNull()
  expect(firstMissing(whole, compactUpdates(updates.slice(0, -1)))).not.toBeNull()
  expect(firstMissing(compactUpdates(updates), Uint8Array.of(0, 0))).toMatch(/content of client \d+ in 0 to/)
})
