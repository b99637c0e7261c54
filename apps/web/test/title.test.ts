import { describe, expect, test } from 'vitest'
import { titleFrom } from '../src/answering/title.ts'

describe('titleFrom', () => {
  test.each([
    ['What time is it?', 'What time is it?'],
    ['  # Plan for *Lisbon*\n\nWe have three days', 'Plan for Lisbon'],
    ['Explain tides. Then explain the moon.', 'Explain tides'],
    ['```ts\nconst x = 1\n```\nWhy does this not compile?', 'Why does this not compile?'],
    ['- first\n- second', 'first'],
    ['```\nonly code\n```', 'only code'],
  ])('%j becomes %j', (text, title) => {
    expect(titleFrom(text)).toBe(title)
  })

  test('cuts at a word and never in the middle of a character', () => {
    const title = titleFrom('word '.repeat(40))
    expect(title).toMatch(/word…$/)
    expect([...title].length).toBeLessThanOrEqual(61)
    expect(titleFrom('🦀'.repeat(100))).toBe(`${'🦀'.repeat(60)}…`)
  })
})
