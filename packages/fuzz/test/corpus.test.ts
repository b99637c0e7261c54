import { seededRandom } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { attempt, corpus, fuzz, TARGETS, type Target } from '../src/index.ts'

describe.each(TARGETS.map((target) => [target.name, target] as const))('%s', (_name, target) => {
  it('W6 Y1 reads the corpus as it says', () => {
    for (const { name, bytes, verdict } of corpus(target.kind)) {
      const sight = target.run(bytes)
      if (target.name !== 'a connection' && verdict !== 'any') expect([name, sight.verdict]).toEqual([name, verdict])
    }
  })

  it('W6 Y1 bears what comes of 2,000 changes', () => {
    const seeds = corpus(target.kind).map(({ bytes }) => bytes)
    let inputs = 0
    const { findings } = fuzz(
      target,
      seeds,
      seededRandom(1),
      () => 0,
      () => inputs++ >= 2_000,
    )
    expect(findings.map(({ why, bytes }) => [why, Buffer.from(bytes).toString('hex')])).toEqual([])
  })
})

describe('the fuzzer', () => {
  /** Breaks on a byte that no sample has, behind one that shows something new. */
  const broken: Target = {
    name: 'broken',
    kind: 'updates',
    run(bytes) {
      const at = bytes.indexOf(0xab)
      if (at >= 0 && bytes.includes(0xcd, at)) throw new RangeError('two in a row')
      return { verdict: 'good', seen: at >= 0 ? 'one' : 'none' }
    },
  }

  it('finds what breaks, once, and leaves out what is not needed for it', () => {
    let inputs = 0
    const isOver = (): boolean => inputs++ >= 200_000
    const { findings } = fuzz(broken, [new Uint8Array(40)], seededRandom(3), () => 0, isOver)
    expect(findings).toEqual([{ target: 'broken', why: 'RangeError: two in a row', bytes: Uint8Array.of(0xab, 0xcd) }])
    expect(attempt(broken, findings[0]!.bytes).kind).toBe('broken')
  })
})
