import { describe, expect, test } from 'vitest'
import { atMost, cellsOf, HEAD, isRowReached, millis, type Row } from '../src/relay/rows.ts'

describe('a row of the table of relays', () => {
  const row: Row = {
    what: 'delivery',
    show: millis,
    values: { 'y-websocket': [3, 1, 2], hocuspocus: [4, 4, 4], ours: [0.5, 0.7, 0.6] },
    asked: atMost(0.6, millis),
  }

  test('shows medians with their ranges, and a dash for who was not measured', () => {
    expect(cellsOf(row)).toEqual([
      'delivery',
      '2.00 ms (1.00 ms to 3.00 ms)',
      '4.00 ms',
      '-',
      '0.60 ms (0.50 ms to 0.70 ms)',
      '0.60 ms or less',
      'yes',
    ])
    expect(cellsOf(row)).toHaveLength(HEAD.length)
  })

  test('is missed when our median is over what is asked', () => {
    expect(isRowReached({ ...row, asked: atMost(0.59, millis) })).toBe(false)
  })

  test('compared with one that was not measured, is neither reached nor missed', () => {
    const asked = {
      text: 'the limit’s',
      isReached: (of: (name: 'ours' | 'limit') => number) => of('ours') <= of('limit'),
    }
    expect(isRowReached({ ...row, asked })).toBeNull()
    expect(isRowReached({ ...row, asked, values: { ...row.values, limit: [1] } })).toBe(true)
  })

  test('with nothing asked, or without ours, is neither', () => {
    const { asked: _, ...unasked } = row
    expect(isRowReached(unasked)).toBeNull()
    expect(isRowReached({ ...row, values: { hocuspocus: [1] } })).toBeNull()
  })
})
