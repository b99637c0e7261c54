import { seededRandom } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { splitBlocks } from '../src/markdown/blocks.ts'

const examples: [name: string, blocks: string[]][] = [
  ['paragraphs', ['One\nstill one\n\n', 'Two\n\n', 'Three']],
  ['a fence with blank lines', ['Before\n\n', '```ts\na\n\nb\n```\n\n', 'After']],
  ['a fence that is still being written', ['Before\n\n', '```ts\na\n\nb\n']],
  ['a fence with a shorter fence inside', ['````\n```\n\n```\n````\n\n', 'After']],
  ['a loose list', ['Before\n\n', '- a\n\n- b\n\n  more of b\n\n', 'After']],
  ['a list with a fence in it', ['1. a\n\n   ```\n   x\n   ```\n\n2. b\n\n', 'After']],
  ['a table', ['| a |\n|---|\n| 1 |\n\n', 'After']],
  ['leading blank lines', ['\n\nOne\n\n', 'Two']],
]

describe('splitBlocks', () => {
  test.each(examples)('splits %s', (_name, blocks) => {
    expect(splitBlocks(blocks.join(''))).toEqual(blocks)
  })

  test('keeps a text with link definitions whole, because they are seen from everywhere', () => {
    const text = 'See [it].\n\nMore\n\n[it]: https://example.com\n'
    expect(splitBlocks(text)).toEqual([text])
  })

  test('gives the text back when joined, and a growing text changes only its last blocks', () => {
    const seed = 20260101
    const random = seededRandom(seed)
    const pieces = [
      'word ',
      '\n',
      '\n\n',
      '```',
      '~~~',
      '- ',
      '1. ',
      '  ',
      '> ',
      '<div>',
      '| a |',
      '# ',
      '\t',
      '[x]: y',
    ]
    for (let round = 0; round < 400; round++) {
      let text = ''
      for (let i = 0; i < 40; i++) text += pieces[Math.floor(random.next() * pieces.length)]
      expect(splitBlocks(text).join(''), `seed ${seed}, round ${round}: ${JSON.stringify(text)}`).toBe(text)
    }
  })
})
