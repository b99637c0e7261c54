import { cp } from 'node:fs/promises'
import { inlineCompactor, type UpdateLog } from '@holdfast/update-log'
import { openLevelLog } from '@holdfast/update-log/level'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { expect, test } from 'vitest'
import { temporaryFolder } from './folders.ts'

const ref = { space: 'default', document: 'one' }

function open(directory: string): Promise<UpdateLog> {
  return openLevelLog({ directory, compactor: inlineCompactor })
}

/** Appends and reads the feed, so that the feed moves each time. */
async function grow(log: UpdateLog, times: number): Promise<number> {
  let head = 0
  for (let i = 0; i < times; i += 1) {
    await log.append(ref, Uint8Array.of(i))
    head = (await log.feed('default', { after: 0, limit: 1 })).head
  }
  return head
}

test('U16 what was told in earlier runs counts up to where they ended, and their order does not matter', async () => {
  const directory = await temporaryFolder()
  const told: { history: string; head: number }[] = []
  for (let run = 1; run <= 4; run += 1) {
    const log = await open(directory)
    expect(log.openings).toBe(run)
    told.push({ history: log.history, head: await grow(log, run === 3 ? 0 : 5) })
    for (const [i, { history, head }] of told.entries()) {
      expect(log.follows('default', history, head), `run ${i + 1} in run ${run}`).toBe(true)
      if (i < run - 1) expect(log.follows('default', history, head + 1000)).toBe(false)
    }
    expect(new Set(told.map(({ history }) => history)).size).toBe(run)
    await log.close()
  }
})

test('U16 a folder put back from an older copy does not know what was told since', async () => {
  const directory = await temporaryFolder()
  const copy = await temporaryFolder()
  const first = await open(directory)
  const early = { history: first.history, head: await grow(first, 3) }
  await first.close()
  await cp(directory, copy, { recursive: true })
  const second = await open(directory)
  const late = { history: second.history, head: await grow(second, 3) }
  await second.close()

  const restored = await open(copy)
  await grow(restored, 10)
  expect(restored.incarnation).toBe(second.incarnation)
  expect(restored.follows('default', early.history, early.head)).toBe(true)
  expect(restored.follows('default', late.history, late.head)).toBe(false)
  expect(restored.follows('default', late.history, 0)).toBe(false)
  await restored.close()
})

test('U16 a folder copied while it ran: the run is known, but only as far as the copy goes', async () => {
  const directory = await temporaryFolder()
  const copy = await temporaryFolder()
  const first = await open(directory)
  const { history } = first
  const head = await grow(first, 3)
  await cp(directory, copy, { recursive: true })
  const later = await grow(first, 3)
  await first.close()
  const other = await open(copy)
  await grow(other, 10)
  expect(other.follows('default', history, head)).toBe(true)
  expect(other.follows('default', history, later)).toBe(false)
  await other.close()
})

test('U16 two copies that both go on have histories of their own', async () => {
  const directory = await temporaryFolder()
  const copy = await temporaryFolder()
  await (await open(directory)).close()
  await cp(directory, copy, { recursive: true })
  const [a, b] = [await open(directory), await open(copy)]
  expect(a.follows('default', b.history, 0)).toBe(false)
  expect(b.follows('default', a.history, 0)).toBe(false)
  await Promise.all([a.close(), b.close()])
})

test('U16 after a new incarnation nothing from before it counts, in the same run and in the next', async () => {
  const directory = await temporaryFolder()
  const log = await open(directory)
  const before = { history: log.history, head: await grow(log, 2) }
  await log.renewIncarnation()
  const after = { history: log.history, head: await grow(log, 2) }
  expect(log.follows('default', before.history, 0)).toBe(false)
  await log.close()
  const again = await open(directory)
  expect(again.follows('default', before.history, 0)).toBe(false)
  expect(again.follows('default', after.history, after.head)).toBe(true)
  await again.close()
})

test('U16 the oldest of very many runs are forgotten, the others keep where they ended', async () => {
  const directory = await temporaryFolder()
  let log = await open(directory)
  const first = { history: log.history, head: await grow(log, 2) }
  await log.close()
  log = await open(directory)
  const second = { history: log.history, head: await grow(log, 2) }
  await log.close()
  const { beginRun, follows } = await import('../src/runs.ts')
  const [incarnation = ''] = first.history.split('.')
  let runs = beginRun(null, incarnation, 'a', new Map(), 0)
  runs = beginRun(runs, incarnation, 'b', new Map([['default', second.head]]), 2)
  for (let i = 0; i < 511; i += 1) runs = beginRun(runs, incarnation, `r${i}`, new Map([['default', second.head]]), 4)
  expect(runs.openings).toBe(513)
  expect(follows(runs, 'default', `${incarnation}.a`, 0, 0)).toBe(false)
  expect(follows(runs, 'default', `${incarnation}.b`, second.head, 4)).toBe(true)
  expect(follows(runs, 'default', `${incarnation}.b`, second.head + 1, 4)).toBe(false)
})

test('U16 in memory there is one run', async () => {
  const log = createMemoryLog()
  expect(log.follows('default', log.history, 5)).toBe(true)
  expect(log.follows('default', log.incarnation, 0)).toBe(false)
  expect(log.openings).toBe(1)
})

test('U16 what was told ahead of the cursor is noticed by the commit: the feed gives one number to many commits', async () => {
  const [directory, copy] = [await temporaryFolder(), await temporaryFolder()]
  const log = await open(directory)
  await grow(log, 3)
  await log.append(ref, Uint8Array.of(9))
  await cp(directory, copy, { recursive: true })
  const { history } = log
  const early = log.commits
  await log.append(ref, Uint8Array.of(10))
  const { head } = await log.feed('default', { after: 0, limit: 1 })
  const late = log.commits
  expect(late).toBeGreaterThan(early)
  await log.close()

  const back = await open(copy)
  // The second append had the place in the feed that the first one got: the cursor alone says that all is well.
  expect(back.follows('default', history, head)).toBe(true)
  expect(back.follows('default', history, head, late)).toBe(false)
  expect(back.follows('default', history, head, early)).toBe(true)
  expect(back.sharedUntil(history)).toBe(early)
  await grow(back, 10)
  expect(back.commits).toBeGreaterThan(late)
  expect(back.follows('default', history, head, late)).toBe(false)
  expect(back.sharedUntil(back.history)).toBe(back.commits)
  expect(back.sharedUntil('nobody.knows')).toBe(0)
  await back.close()
})

test('U16 a folder that a version before left open knows no commits of its runs: only those who say none are believed', async () => {
  const { beginRun, follows, sharedUntil } = await import('../src/runs.ts')
  const first = beginRun(null, 'i', 'a', new Map(), 0)
  const old = beginRun(first, 'i', 'b', new Map([['default', 3]]), 5)
  const written = { ...old, list: old.list.map((run) => ({ ...run, commit: null })) }
  const now = beginRun(written, 'i', 'c', new Map([['default', 7]]), 9)
  expect(follows(now, 'default', 'i.a', 3, 0)).toBe(true)
  expect(follows(now, 'default', 'i.a', 3, 1)).toBe(false)
  expect(sharedUntil(now, 'i.a', 12)).toBe(0)
  expect(follows(now, 'default', 'i.b', 7, 9)).toBe(true)
  expect(sharedUntil(now, 'i.b', 12)).toBe(9)
})
