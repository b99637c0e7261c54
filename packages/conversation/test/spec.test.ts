import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('every rule of SPEC.md has a test, and every test a rule', () => {
  const here = new URL('./', import.meta.url)
  const spec = readFileSync(new URL('../SPEC.md', here), 'utf8')
  const rules = new Set([...spec.matchAll(/^- \*\*([A-Z]\d+)\*\* /gm)].map(([, id]) => id))
  const tested = new Set<string | undefined>()
  for (const name of readdirSync(here).filter((file) => file.endsWith('.test.ts'))) {
    const source = readFileSync(new URL(name, here), 'utf8')
    for (const [, id] of source.matchAll(/^\s*(?:test\(|\]\)\(|test\.each\(\w+\)\()['`]([A-Z]\d+) /gm)) tested.add(id)
  }
  expect([...tested].sort()).toEqual([...rules].sort())
})
