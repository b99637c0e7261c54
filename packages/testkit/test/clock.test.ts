import { virtualClock } from '@holdfast/testkit'
import { expect, test } from 'vitest'

test('timers go off in order of time, then of being set, at their own time', () => {
  const clock = virtualClock(0)
  const seen: string[] = []
  clock.after(20, () => seen.push(`b${clock.now()}`))
  clock.after(10, () => {
    seen.push(`a${clock.now()}`)
    clock.after(10, () => seen.push(`d${clock.now()}`))
  })
  clock.after(20, () => seen.push(`c${clock.now()}`))
  const cancel = clock.after(15, () => seen.push('never'))
  cancel()
  cancel()
  expect(clock.pending()).toBe(3)
  clock.advance(100)
  expect(seen).toEqual(['a10', 'b20', 'c20', 'd20'])
  expect([clock.now(), clock.monotonic(), clock.pending()]).toEqual([100, 100, 0])
})
