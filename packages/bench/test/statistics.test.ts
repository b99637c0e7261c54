import { describe, expect, test } from 'vitest'
import { median, percentile, spread } from '../src/statistics.ts'

describe('percentile', () => {
  test('of one value is that value, whatever the share', () => {
    for (const p of [0, 0.5, 0.99, 1]) expect(percentile([7], p)).toBe(7)
  })

  test('interpolates between neighbours', () => {
    const values = Array.from({ length: 101 }, (_, i) => i)
    expect(percentile(values, 0.95)).toBe(95)
    expect(percentile([10, 20], 0.25)).toBe(12.5)
  })

  test('takes values in any order and leaves them as they were', () => {
    const values = [3, 1, 2]
    expect(percentile(values, 1)).toBe(3)
    expect(values).toEqual([3, 1, 2])
  })

  test('sorts by number, not by text', () => {
    expect(percentile([10, 9, 100], 0)).toBe(9)
  })

  test('refuses no values and shares outside 0 to 1', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError)
    expect(() => percentile([1], 95)).toThrow(RangeError)
    expect(() => percentile([1], Number.NaN)).toThrow(RangeError)
  })
})

test('the median of an even count lies between the middle two', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([5, 1, 3])).toBe(3)
})

test('the spread is the middle and both ends', () => {
  expect(spread([2, 9, 4])).toEqual({ median: 4, least: 2, most: 9 })
})
