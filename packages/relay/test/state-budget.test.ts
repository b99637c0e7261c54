import { describe, expect, test } from 'vitest'
import { StateBudget } from '../src/state-budget.ts'

describe('what is kept of states in all', () => {
  function keepers(budget: StateBudget) {
    const gone: string[] = []
    const keeper = (name: string) => ({ letGo: () => gone.push(name) })
    return { gone, a: keeper('a'), b: keeper('b'), c: keeper('c'), budget }
  }

  test('the one used longest ago goes when it becomes too much', () => {
    const { gone, a, b, c, budget } = keepers(new StateBudget(100))
    budget.keeps(a, 40)
    budget.keeps(b, 40)
    budget.keeps(a, 50)
    expect(gone).toEqual([])
    budget.keeps(c, 40)
    expect(gone).toEqual(['b'])
    budget.keeps(b, 10)
    expect(gone).toEqual(['b'])
  })

  test('the newest stays, however large, and everything else goes for it', () => {
    const { gone, a, b, c, budget } = keepers(new StateBudget(100))
    budget.keeps(a, 40)
    budget.keeps(b, 40)
    budget.keeps(c, 1_000)
    expect(gone).toEqual(['a', 'b'])
    budget.keeps(a, 1)
    expect(gone).toEqual(['a', 'b', 'c'])
  })

  test('what was forgotten counts no more and is not asked again', () => {
    const { gone, a, b, c, budget } = keepers(new StateBudget(100))
    budget.keeps(a, 60)
    budget.forget(a)
    budget.forget(a)
    budget.keeps(b, 60)
    budget.keeps(c, 40)
    expect(gone).toEqual([])
  })
})
