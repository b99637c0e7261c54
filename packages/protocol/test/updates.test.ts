import { seededRandom } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { diffUpdate, EMPTY_UPDATE, joinUpdates, scanUpdate } from '../src/index.ts'
import { docOf, randomHistory, shuffled, stateOf } from './random-updates.ts'

describe('joinUpdates', () => {
  it('says what all of them say, in any order, with holes and overlaps', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed)
      const docs = randomHistory(random, 3, 25)
      const all = docs.flatMap(({ doc, updates }) =>
        random.chance(0.3) ? [...updates, Y.encodeStateAsUpdate(doc)] : updates,
      )
      const some = shuffled(all, random).filter(() => random.chance(0.8))
      const joined = joinUpdates(some)
      expect(scanUpdate(joined).kind, `seed ${seed}`).toBe('update')
      const rest = all.filter((update) => !some.includes(update))
      expect(stateOf(docOf(joined, ...rest)), `seed ${seed}`).toEqual(stateOf(docOf(...all)))
      // Said twice, it says the same.
      expect(stateOf(docOf(joinUpdates([joined, ...all]))), `seed ${seed}`).toEqual(stateOf(docOf(...all)))
    }
  })

  it('writes text that streamed in as one struct, as a document would', () => {
    const doc = new Y.Doc()
    const updates: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => updates.push(update))
    for (let i = 0; i < 1000; i++) doc.getText('text').insert(i * 4, 'abc ')
    const joined = joinUpdates(updates)
    expect(joined).toEqual(Y.encodeStateAsUpdate(doc))
    expect(joined.length).toBeLessThan(4100)
  })

  it('of nothing is the update that says nothing', () => {
    expect(joinUpdates([])).toEqual(EMPTY_UPDATE)
  })

  it('refuses by name what is no update', () => {
    expect(() => joinUpdates([EMPTY_UPDATE, Uint8Array.of(1)])).toThrow(expect.objectContaining({ code: 'BAD_UPDATE' }))
  })
})

describe('diffUpdate', () => {
  it('gives a peer exactly what it lacks', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed)
      const [a, b] = randomHistory(random, 2, 30)
      const state = joinUpdates([Y.encodeStateAsUpdate(a!.doc), Y.encodeStateAsUpdate(b!.doc)])
      const diff = diffUpdate(state, Y.encodeStateVector(b!.doc))
      expect(stateOf(docOf(Y.encodeStateAsUpdate(b!.doc), diff)), `seed ${seed}`).toEqual(stateOf(docOf(state)))
      const known = Y.decodeStateVector(Y.encodeStateVector(b!.doc))
      for (const [client, clock] of Y.parseUpdateMeta(diff).from) {
        expect(clock, `seed ${seed}`).toBeGreaterThanOrEqual(known.get(client) ?? 0)
      }
    }
  })
})
