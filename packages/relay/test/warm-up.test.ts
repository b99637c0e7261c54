import { expect, test } from 'vitest'
import { warmUp } from '../src/warm-up.ts'

test('a warm-up goes through its conversation to the end, and others have their turn between', async () => {
  let turns = 0
  let isOver = false
  const count = (): void => {
    turns += 1
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const times = await warmUp(() => true)
  isOver = true
  expect(times).toBeGreaterThan(0)
  expect(turns).toBeGreaterThanOrEqual(times)
})

test('a warm-up that is not wanted ends before its next time', async () => {
  expect(await warmUp(() => false)).toBe(0)
  let asked = 0
  // Once before anything is made, then before each time.
  expect(await warmUp(() => ++asked <= 3)).toBe(2)
})
