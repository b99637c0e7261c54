import { expect, test } from 'vitest'
import { alternate } from '../src/alternate.ts'

const bench = (runs: number, look: () => Promise<void> = async () => undefined) => ({ runs, look })

test('contenders take turns, in an order that turns round, and the first round does not count', async () => {
  const order: string[] = []
  const contender = (name: string, first: number) => (round: number) => {
    order.push(name + round)
    return { ms: first + round }
  }
  const measured = await alternate(bench(2), { ours: contender('a', 0), theirs: contender('b', 10) })
  expect(order).toEqual(['a0', 'b0', 'b1', 'a1', 'a2', 'b2'])
  expect(measured.ours('ms')).toEqual([1, 2])
  expect(measured.theirs('ms')).toEqual([11, 12])
})

test('asking for what was not measured is an error, not a hole in the figures', async () => {
  const measured = await alternate(bench(1), { ours: () => ({ ms: 1 }) })
  expect(() => measured.ours('bytes')).toThrow('did not measure bytes')
})

test('what others do to the machine is looked at before each round', async () => {
  const order: string[] = []
  const look = async () => void order.push('look')
  await alternate(bench(1, look), { ours: (round) => ({ ms: order.push(`run ${round}`) }) })
  expect(order).toEqual(['look', 'run 0', 'look', 'run 1'])
})
