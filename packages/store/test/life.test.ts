import { describe, expect, test } from 'vitest'
import { createLife } from '../src/life.ts'

function life({ isEmpty = false } = {}) {
  const record = { purged: 'no' as 'no' | 'asked' | 'done', rows: 2, last: 2 }
  let covered = 2
  const { isOver } = createLife({ record: () => record, covered: () => covered, isEmpty: () => isEmpty })
  return { record, isOver, cover: (row: number) => (covered = row) }
}

describe('W9 the life of a document in memory', () => {
  test('W9 is over when it was purged, and stays so when the same name begins anew', () => {
    const { record, isOver } = life()
    expect(isOver()).toBe(false)
    record.purged = 'asked'
    expect(isOver()).toBe(true)
    Object.assign(record, { purged: 'no', rows: 1, last: 3 })
    expect(isOver()).toBe(true)
  })

  test('W9 is over when its rows went, although the name began anew in that moment', () => {
    const { record, isOver } = life()
    Object.assign(record, { rows: 0, last: 2 })
    expect(isOver()).toBe(true)
  })

  test('W9 is not over by a record that is older than the rows that were read', () => {
    const { record, isOver, cover } = life()
    Object.assign(record, { rows: 0, last: 0 })
    expect(isOver()).toBe(false)
    cover(0)
    expect(isOver()).toBe(false)
  })

  test('W9 has not begun while there is nothing in it: what was purged may be opened, and come anew', () => {
    const { record, isOver } = life({ isEmpty: true })
    record.purged = 'done'
    expect(isOver()).toBe(false)
  })
})
