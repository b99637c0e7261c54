import { describe, expect, test } from 'vitest'
import type { Figure } from '../src/benchmark.ts'
import { replaceSection } from '../src/report/document.ts'
import { amount, table } from '../src/report/table.ts'

describe('the page', () => {
  const order = ['first', 'second', 'third']
  const both = [
    ['second', '## second\n\nold\n\n### inside\n\nkept together\n'],
    ['first', '## first\n\none\n'],
  ].reduce((page, [name, text]) => replaceSection(page, name!, text!, order), '')

  test('sections come in the order of the registry, after what explains them', () => {
    expect(both.startsWith('# Benchmarks\n')).toBe(true)
    expect(both.indexOf('## first')).toBeLessThan(both.indexOf('## second'))
  })

  test('a section replaces its own and touches no other', () => {
    const after = replaceSection(both, 'second', '## second\n\nnew', order)
    expect(after).toContain('## first\n\none\n\n## second\n\nnew\n')
    expect(after).not.toContain('inside')
    expect(replaceSection(after, 'second', '## second\n\nnew', order)).toBe(after)
  })

  test('a section whose benchmark is no more is dropped', () => {
    expect(replaceSection(both, 'first', '## first\n\none', ['first'])).not.toContain('## second')
  })

  test('a section must carry its own heading', () => {
    expect(() => replaceSection(both, 'first', '## second\n\n', order)).toThrow('heading')
  })
})

describe('the table', () => {
  const ours: Figure = { what: 'ours', values: [20, 10, 12], unit: 'ms', target: 11, beside: 'theirs' }
  const theirs: Figure = { what: 'theirs', values: [24, 24, 24], unit: 'ms' }

  test('shows the median, the runs, the target, whether it is reached, and the share of the reference', () => {
    const [, , first, second] = table([ours, theirs]).split('\n')
    expect(first).toMatch(
      /\| ours +\| 12\.0 ms +\| 10\.0 ms to 20\.0 ms +\| 11\.0 ms +\| \*\*no\*\* +\| 0\.50 × theirs +\|/,
    )
    expect(second).toContain('always the same')
  })

  test('a target that is met exactly is reached', () => {
    expect(table([{ ...ours, target: 12 }, theirs])).toContain('| yes')
  })

  test('a reference that is missing or of another unit is an error', () => {
    expect(() => table([ours])).toThrow('was not measured')
    expect(() => table([ours, { ...theirs, unit: 'µs' }])).toThrow('different units')
  })

  test('columns line up', () => {
    expect(
      new Set(
        table([ours, theirs])
          .split('\n')
          .map((line) => line.length),
      ).size,
    ).toBe(1)
  })
})

test('amounts keep three significant digits and group bytes', () => {
  expect([amount(0.1234, 'ms'), amount(4.567, 'ms'), amount(34.56, 'ms'), amount(456.7, 'ms')]).toEqual([
    '0.123 ms',
    '4.57 ms',
    '34.6 ms',
    '457 ms',
  ])
  expect([amount(0.0001234, '×'), amount(0, 'ms')]).toEqual(['0.000123 ×', '0 ms'])
  expect(amount(150_000, 'bytes')).toBe('150,000 bytes')
})
