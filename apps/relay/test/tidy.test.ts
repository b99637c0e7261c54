import { describe, expect, it } from 'vitest'
import { createTidy, fullCollection } from '../src/tidy.ts'

const unloaded = { event: 'room-unloaded', space: 's', document: 'd' } as const
const loaded = { event: 'room-loaded', space: 's', document: 'd', updates: 1 } as const

describe('memory of documents that were let go', () => {
  function house() {
    let collected = 0
    const timers = new Set<() => void>()
    const tidy = createTidy({
      collect: () => {
        collected += 1
      },
      after(_, run) {
        timers.add(run)
        return () => void timers.delete(run)
      },
    })
    const pass = (): void => {
      for (const run of [...timers]) {
        timers.delete(run)
        run()
      }
    }
    return { tidy, pass, timers, collected: () => collected }
  }

  it('is collected once it is quiet, when it was many, and then not again', () => {
    const { tidy, pass, timers, collected } = house()
    for (let i = 0; i < 99; i += 1) tidy(unloaded)
    expect(timers.size).toBe(0)
    tidy(unloaded)
    expect([timers.size, collected()]).toEqual([1, 0])
    pass()
    expect(collected()).toBe(1)
    tidy(unloaded)
    expect(timers.size).toBe(0)
  })

  it('waits again when something is opened or let go meanwhile', () => {
    const { tidy, timers } = house()
    for (let i = 0; i < 100; i += 1) tidy(unloaded)
    const [first] = timers
    tidy(loaded)
    expect([timers.size, timers.has(first!)]).toEqual([1, false])
  })

  it('V8 can be asked for a full collection', () => {
    const collect = fullCollection()
    let kept: unknown[] | null = Array.from({ length: 1_000_000 }, (_, i) => ({ i }))
    const before = process.memoryUsage().heapUsed
    expect(kept.length).toBe(1_000_000)
    kept = null
    collect()
    expect(process.memoryUsage().heapUsed).toBeLessThan(before - 10_000_000)
  })
})
