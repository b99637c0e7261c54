import { expect, test } from 'vitest'
import { createBlobOutbox } from '../src/blob-outbox.ts'
import type { Journal } from '../src/journal-port.ts'

test('C50 a storage that fails while files wait is asked again later, not at once for ever', async () => {
  let reads = 0
  let stall: () => void = () => undefined
  const stalled = new Promise<void>((resolve) => {
    stall = resolve
  })
  const timers: number[] = []
  const handle = {
    references: { untold: () => Promise.resolve([]), any: () => Promise.resolve(false) },
    uploads: () => Promise.reject(new Error('the storage is gone')),
  }
  const read = (reading: (from: typeof handle) => Promise<unknown>): Promise<unknown> => {
    reads += 1
    if (reads <= 100) return reading(handle)
    // What never answers ends a loop that would let nothing else run.
    stall()
    return new Promise(() => undefined)
  }
  const outbox = createBlobOutbox({
    space: 'default',
    journal: { read } as unknown as Journal,
    clock: {
      now: () => 0,
      after: (ms) => {
        timers.push(ms)
        return () => undefined
      },
    },
    fetch: () => Promise.reject(new Error('not reached')),
    address: () => ({ url: 'http://127.0.0.1:1', token: 'token' }),
    stored: () => Promise.resolve(null),
    isFresh: () => false,
    onChange: () => undefined,
    wake: () => undefined,
    tellTabs: () => undefined,
  })
  outbox.forget()
  for (const sha256 of ['a', 'b', 'c']) outbox.add(sha256)
  outbox.work()
  await Promise.race([stalled, new Promise((resolve) => setImmediate(resolve))])
  expect(reads).toBeLessThan(20)
  expect(outbox.waiting()).toBe(3)
  // What waits is looked at on the device each minute; the relay and the storage are tried again before.
  expect(timers).toEqual([60_000, 5_000])
})
