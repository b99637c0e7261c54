import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/**
 * The line that ends a run: `12 passed, 0 failed, 1 skipped`. Where several runs follow each other (.ci/run) HOLDFAST_TALLY names a file in which they
 * are added up, so that the last line speaks of them all.
 * @param {{ passed: number, failed: number, skipped: number }} count
 * @returns {string}
 */
export function closingLine(count) {
  const file = process.env.HOLDFAST_TALLY
  const before = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
  const sum = before === '' ? { passed: 0, failed: 0, skipped: 0 } : JSON.parse(before)
  for (const kind of ['passed', 'failed', 'skipped']) sum[kind] += count[kind]
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(sum)}\n`)
  return `${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`
}
