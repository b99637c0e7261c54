import { expect, test } from 'vitest'
import { drawPlan, formatPlan, parsePlan, simulate } from '../src/index.ts'

test('the same seed is the same run, to the last event', async () => {
  const run = { seed: 5, plan: drawPlan({ seed: 5, operations: 120, peers: 5 }), peers: 5 }
  const first = await simulate(run)
  const again = await simulate(run)
  expect(again).toEqual(first)
  expect(first.figures.edits).toBeGreaterThan(5)
})

test('a plan is text and back', () => {
  const plan = drawPlan({ seed: 9, operations: 50, peers: 5 })
  expect(parsePlan(formatPlan(plan))).toEqual(plan)
  expect(() => parsePlan('dance:1:z')).toThrow(SyntaxError)
  expect(() => parsePlan('edit:one:z')).toThrow(SyntaxError)
})
