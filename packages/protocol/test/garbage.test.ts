import { seededRandom } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { Intake, scanUpdate } from '../src/index.ts'
import { docOf, randomHistory } from './random-updates.ts'

const text = (value: string): number[] => {
  const bytes = new TextEncoder().encode(value)
  return [bytes.length, ...bytes]
}
/** An update of one struct of client 1 at clock 0 in the root type "t". */
const item = (ref: number, ...content: number[]): Uint8Array =>
  Uint8Array.from([1, 1, 1, 0, ref, 1, ...text('t'), ...content, 0])
const varUint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varUint(Math.floor(value / 128))]

function nestedAny(depth: number): number[] {
  return [...Array.from({ length: depth }, () => [117, 1]).flat(), 126]
}

function jsonOf(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value)
  return item(5, ...varUint(bytes.length), ...bytes)
}

describe('updates that Yjs could not read', () => {
  it.each([
    ['nothing', Uint8Array.of()],
    ['no delete set', Uint8Array.of(0)],
    ['bytes after the end', Uint8Array.of(0, 0, 0)],
    ['more clients than bytes', Uint8Array.of(255, 255, 255, 255, 15, 0)],
    ['more structs than bytes', Uint8Array.of(1, 255, 255, 255, 255, 15, 1, 0, 0)],
    ['more deletions than bytes', Uint8Array.of(0, 1, 1, 255, 255, 255, 255, 15)],
    ['a client that comes twice', Uint8Array.of(2, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0)],
    ['a struct without length', item(4, 0)],
    ['a GC without length', Uint8Array.of(1, 1, 1, 0, 0, 0, 0)],
    ['an unknown kind of struct', item(11, 0)],
    ['a Skip with other bits', Uint8Array.of(1, 1, 1, 0, 0x8a, 1, 0)],
    ['a GC with other bits', Uint8Array.of(1, 1, 1, 0, 0x80, 1, 0)],
    ['an unknown shared type', item(7, 7)],
    ['an unknown kind of value', item(8, 1, 5)],
    ['an unknown kind of parent', Uint8Array.of(1, 1, 1, 0, 4, 2, ...text('t'), ...text('a'), 0)],
    ['text that is not UTF-8', item(4, 1, 0xff)],
    ['text with a lone surrogate', item(4, 3, 0xed, 0xa0, 0x80)],
    ['an overlong form', item(4, 2, 0xc0, 0x80)],
    ['an embed that is not JSON', item(5, ...text('{a}'))],
    ['a format that is not JSON', item(6, ...text('bold'), ...text('tru'))],
    ['a subdocument without options', item(9, ...text('guid'), 126)],
    ['a struct that is its own origin', Uint8Array.of(1, 1, 1, 0, 0x84, 1, 0, ...text('a'), 0)],
    ['a struct that is its own right origin', Uint8Array.of(1, 1, 1, 0, 0x44, 1, 0, ...text('a'), 0)],
    ['a struct that is its own parent', Uint8Array.of(1, 1, 1, 0, 4, 0, 1, 0, ...text('a'), 0)],
    ['a clock over 2^53', Uint8Array.of(1, 1, 1, 255, 255, 255, 255, 255, 255, 255, 15, 0, 2, 0)],
    ['values nested too deeply', item(8, 1, ...nestedAny(1500))],
    ['JSON nested too deeply', jsonOf(`${'['.repeat(1500)}${']'.repeat(1500)}`)],
  ])('W6 %s', (_name, update) => {
    expect(scanUpdate(update).kind === 'garbage' || new Intake().decide(update).kind === 'garbage').toBe(true)
    expect(new Intake().decide(update)).toEqual({ kind: 'garbage', reason: expect.any(String) })
  })

  it('W6 deep but bearable nesting is read', () => {
    expect(scanUpdate(item(8, 1, ...nestedAny(1000))).kind).toBe('update')
    expect(scanUpdate(jsonOf(`${'['.repeat(1000)}${']'.repeat(1000)}`)).kind).toBe('update')
  })

  it('W6 JSON is taken exactly when JSON.parse takes it', () => {
    const texts = [
      '1',
      '-0.5e+10',
      '01',
      '1.',
      '.5',
      '"a\\u00e9\\n"',
      '"\\x"',
      '"\u0001"',
      '{}',
      '{"a":1,}',
      '{"a" : [ ] , "b":{"c":null}}',
    ]
    texts.push(
      '[1,2',
      '[,]',
      '',
      ' ',
      'tru',
      'true ',
      '{"a"}',
      '{1:2}',
      '[]]',
      '"',
      '-',
      '1e',
      '[1 2]',
      '{"a":1 "b":2}',
      'undefined',
    )
    for (let seed = 1; seed <= 2000; seed++) {
      const random = seededRandom(seed)
      texts.push(
        Array.from({ length: 1 + random.int(8) }, () => random.pick([...'{}[],:"\\ae1-.0 ', 'true', '"k"'])).join(''),
      )
    }
    for (const json of texts) {
      let parses = true
      try {
        JSON.parse(json)
      } catch {
        parses = false
      }
      expect(scanUpdate(jsonOf(json)).kind, json).toBe(parses ? 'update' : 'garbage')
    }
  })

  it('W6 no bytes make the intake throw, and what it stores every Yjs can read', () => {
    let stored = 0
    for (let seed = 1; seed <= 400; seed++) {
      const random = seededRandom(seed)
      const { doc, updates } = randomHistory(random, 1, 12)[0]!
      for (let i = 0; i < 8; i++) {
        const update = random.pick([Y.encodeStateAsUpdate(doc), ...updates]).slice()
        for (let j = random.int(3); j >= 0; j--) update[random.int(update.length)] = random.int(256)
        const bytes = random.chance(0.2) ? update.slice(0, random.int(update.length)) : update
        const intake = new Intake()
        const decision = intake.decide(bytes)
        const good = decision.kind === 'store' ? decision.update : decision.kind === 'gap' ? decision.good : null
        if (good === null) continue
        stored += 1
        const read = docOf(good)
        expect(read.store.pendingStructs, `seed ${seed}`).toBe(null)
        expect(new Map((decision.kind === 'store' ? intake : restored(good)).stateVector()), `seed ${seed}`).toEqual(
          Y.decodeStateVector(Y.encodeStateVector(read)),
        )
      }
    }
    expect(stored).toBeGreaterThan(50)
  })

  it('W5 an update made to be slow is decided quickly', () => {
    // 20,000 clients in a chain, each waiting for the one that is written after it.
    const parts: number[] = [...varUint(20_000)]
    for (let i = 20_000; i >= 1; i--) parts.push(1, ...varUint(i), 0, 0x84, ...varUint(i - 1 || 99_999), 0, 1, 0x61)
    parts.push(0)
    const begun = performance.now()
    expect(new Intake().decide(Uint8Array.from(parts))).toMatchObject({ kind: 'gap', good: null })
    expect(performance.now() - begun).toBeLessThan(2_000)
  })
})

function restored(update: Uint8Array): Intake {
  const intake = new Intake()
  intake.restore(update)
  return intake
}
