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
    tellRefusal: () => undefined,
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

test('C54 what the relay has no room for is tried again after one, two and then every four minutes; the rest goes on', async () => {
  const timers: { readonly ms: number; readonly run: () => void }[] = []
  const asked: string[] = []
  const sha256 = 'a'.repeat(64)
  const handle = {
    references: {
      any: () => Promise.resolve(true),
      tally: () => Promise.resolve('r.1'),
      untold: () => Promise.resolve([]),
      owners: () => Promise.resolve([]),
      want: () => Promise.resolve([]),
    },
    uploads: () => Promise.resolve([sha256]),
  }
  const outbox = createBlobOutbox({
    space: 'default',
    journal: { read: (reading: (from: typeof handle) => unknown) => reading(handle) } as unknown as Journal,
    clock: {
      now: () => 0,
      after: (ms, run) => {
        timers.push({ ms, run })
        return () => undefined
      },
    },
    fetch: (_url, init) => {
      asked.push(init?.method ?? 'GET')
      const full = { error: { code: 'STORAGE_FULL', message: 'full' } }
      return Promise.resolve(
        init?.method === 'PUT'
          ? new Response(JSON.stringify(full), { status: 507 })
          : new Response('{"wanted":[],"tally":"r.1","holds":true}'),
      )
    },
    address: () => ({ url: 'http://127.0.0.1:1', token: 'token' }),
    stored: () => Promise.resolve({ bytes: Uint8Array.of(1), type: 'image/png' }),
    isFresh: () => false,
    onChange: () => undefined,
    wake: () => outbox.work(),
    tellTabs: () => undefined,
    tellRefusal: () => undefined,
  })
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  outbox.forget()
  outbox.add(sha256)
  // It is looked what waits here, and asked what is wanted, each minute.
  const ask = 1
  outbox.work()
  await settled()
  expect(timers.map(({ ms }) => ms)).toEqual([60_000, 60_000, 60_000])
  expect(outbox.refusal()?.code).toBe('STORAGE_FULL')
  const waits: number[] = []
  for (let i = 0; i < 4; i++) {
    const full = timers.at(-1)!
    waits.push(full.ms)
    const before = asked.length
    outbox.work()
    await settled()
    expect(asked.slice(before)).not.toContain('PUT')
    full.run()
    await settled()
    expect(asked.slice(before)).toContain('PUT')
  }
  expect(waits).toEqual([60_000, 120_000, 240_000, 240_000])
  timers[ask]?.run()
  await settled()
  expect(asked.filter((method) => method === 'GET')).toHaveLength(2)
})
