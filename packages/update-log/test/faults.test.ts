import { inlineCompactor, isUpdateLogError, type UpdateLog } from '@holdfast/update-log'
import { openLevelLog } from '@holdfast/update-log/level'
import { expect, test } from 'vitest'
import { type Faults, faultyDatabase, ioError } from './faulty.ts'
import { temporaryFolder } from './folders.ts'
import { edits, textOf } from './yjs.ts'

const one = { space: 'default', document: 'one' }
const two = { space: 'default', document: 'two' }
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** A clock that tests push on, so that the pause after a failed reopening takes no time. */
function handClock() {
  let now = 0
  return { every: () => () => undefined, now: () => (now += 1_000) }
}

async function openFaulty(faults: Faults): Promise<{ log: UpdateLog; directory: string }> {
  const directory = await temporaryFolder()
  const log = await openLevelLog({
    directory,
    openDatabase: faultyDatabase(faults),
    timers: handClock(),
    compactor: inlineCompactor,
  })
  return { log, directory }
}

test('U3 a failed commit rejects exactly the appends that were in it', async () => {
  const faults: Faults = {}
  const { log } = await openFaulty(faults)
  await log.append(one, bytes(0))
  let writes = 0
  faults.before = (call) => {
    if (call !== 'write') return
    writes += 1
    if (writes === 2) throw ioError()
  }
  const first = [log.append(one, bytes(1)), log.append(two, bytes(1))]
  await Promise.all(first)
  const second = [log.append(one, bytes(2)), log.append(two, bytes(2)), log.append(two, bytes(3))]
  const results = await Promise.allSettled(second)
  expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(results[0]).toMatchObject({ reason: { code: 'STORAGE_FAILED' } })
  expect(await log.append(one, bytes(4))).toMatchObject({ seq: 3 })
  expect(await log.append(two, bytes(4))).toMatchObject({ seq: 2 })
  expect((await log.load(one))?.updates).toEqual([bytes(0), bytes(1), bytes(4)])
  expect((await log.load(two))?.updates).toEqual([bytes(1), bytes(4)])
  await log.close()
})

test('U3 a write that failed after it was done is found later, under a number of its own', async () => {
  const faults: Faults = {}
  const { log } = await openFaulty(faults)
  await log.append(one, bytes(1))
  faults.after = (call) => {
    if (call === 'write') throw ioError()
  }
  await expect(log.append(one, bytes(2))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  faults.after = undefined
  expect(await log.append(one, bytes(3))).toMatchObject({ seq: 3 })
  expect((await log.load(one))?.updates).toEqual([bytes(1), bytes(2), bytes(3)])
  expect(log.opened.renewed).toBeNull()
  await log.close()
})

test('U9 nobody is led past a write that may be there after all', async () => {
  const faults: Faults = {}
  const { log } = await openFaulty(faults)
  await log.append(two, bytes(1))
  const { head: cursor } = await log.feed('default', { after: 0, limit: 10 })
  await log.append(one, bytes(1))
  faults.after = (call) => {
    if (call === 'write') throw ioError()
  }
  await expect(log.append(one, bytes(2))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  const meanwhile = await log.feed('default', { after: cursor, limit: 10 })
  faults.after = undefined
  await log.append(two, bytes(2))
  const { entries } = await log.feed('default', { after: meanwhile.head, limit: 10 })
  expect(entries.find(({ document }) => document === 'one')).toMatchObject({ seq: 2 })
  await log.close()
})

test('U3 a full disk refuses writes with a reason, reads go on, and it recovers by itself', async () => {
  const faults: Faults = {}
  const { log } = await openFaulty(faults)
  await log.append(one, bytes(1))
  faults.before = (call) => {
    if (call === 'write' || call === 'open') throw ioError('IO error: 000005.log: No space left on device')
  }
  for (let i = 0; i < 3; i += 1) {
    await expect(log.append(one, bytes(2))).rejects.toMatchObject({ code: 'STORAGE_FULL' })
  }
  faults.before = (call) => {
    if (call === 'write') throw ioError('IO error: 000005.log: No space left on device')
  }
  await expect(log.append(one, bytes(2))).rejects.toMatchObject({ code: 'STORAGE_FULL' })
  expect((await log.load(one))?.updates).toEqual([bytes(1)])
  faults.before = undefined
  expect(await log.append(one, bytes(3))).toMatchObject({ seq: 2 })
  await log.close()
})

test('U3 a reopening that fails is tried again by the next read or write', async () => {
  const faults: Faults = {}
  const { log } = await openFaulty(faults)
  await log.append(one, bytes(1))
  faults.before = (call) => {
    if (call === 'write' || call === 'open') throw ioError()
  }
  await expect(log.append(one, bytes(2))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  await expect(log.append(one, bytes(2))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  await expect(log.load(one)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  faults.before = undefined
  expect((await log.load(one))?.updates).toEqual([bytes(1)])
  expect(await log.append(one, bytes(2))).toMatchObject({ seq: 2 })
  await log.close()
})

test('U3 every storage call failing once, for every n: nothing acknowledged is lost, nothing is blank, all goes on', async () => {
  const { updates, doc } = edits(11, 16)
  let finished = false
  for (let n = 1; !finished; n += 1) {
    const faults: Faults = {}
    const { log } = await openFaulty(faults)
    let calls = 0
    faults[n % 2 === 0 ? 'before' : 'after'] = () => {
      calls += 1
      if (calls === Math.ceil(n / 2)) throw ioError()
    }
    const acknowledged: Uint8Array[] = []
    for (const update of updates) {
      await retry(async () => {
        await log.append(one, update)
        acknowledged.push(update)
      })
      // At any moment it is all of what was acknowledged, or an error.
      const loaded = await tolerant(() => log.load(one))
      if (loaded !== undefined) expect(holds(loaded?.updates ?? [], acknowledged, loaded?.snapshot ?? null)).toBe(true)
      if (acknowledged.length % 8 === 0) await tolerant(() => log.compact(one))
      if (acknowledged.length % 6 === 0) await tolerant(() => log.feed('default', { after: 0, limit: 10 }))
    }
    await retry(async () => {
      const loaded = await log.load(one)
      expect(textOf(loaded?.snapshot ?? bytes(0, 0), ...(loaded?.updates ?? []))).toBe(doc.getText('text').toString())
    })
    await log.close()
    finished = calls < Math.ceil(n / 2)
    expect(n).toBeLessThan(1_000)
  }
})

function holds(
  stored: readonly Uint8Array[],
  acknowledged: readonly Uint8Array[],
  snapshot: Uint8Array | null,
): boolean {
  const state = textOf(...(snapshot === null ? [] : [snapshot]), ...stored)
  return state === textOf(...(snapshot === null ? [] : [snapshot]), ...stored, ...acknowledged)
}

/** Once more is enough: one call fails. */
async function retry(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!isUpdateLogError(error)) throw error
    await run()
  }
}

async function tolerant<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    if (isUpdateLogError(error)) return undefined
    throw error
  }
}
