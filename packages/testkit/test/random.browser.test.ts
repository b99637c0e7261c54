import { seededRandom } from '@holdfast/testkit'
import { expect, test } from 'vitest'

test('the same seed gives the same run', () => {
  const draw = (seed: number): number[] => {
    const random = seededRandom(seed)
    return Array.from({ length: 100 }, () => random.int(1000))
  }
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
})
