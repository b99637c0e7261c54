import { seededRandom } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { decodeStateVector, encodeStateVector, scanUpdate } from '../src/index.ts'
import { randomHistory } from './random-updates.ts'

function oracle(update: Uint8Array) {
  const { structs, ds } = Y.decodeUpdate(update)
  const deletions: { client: number; clock: number; length: number }[] = []
  for (const [client, ranges] of ds.clients) {
    for (const range of ranges) deletions.push({ client, clock: range.clock, length: range.len })
  }
  return {
    structs: structs.map((struct) => {
      const item = struct instanceof Y.Item ? struct : null
      const parent: unknown = item?.parent
      return {
        client: struct.id.client,
        clock: struct.id.clock,
        length: struct.length,
        kind: struct.constructor.name,
        ref: item === null ? null : item.content.getRef(),
        origin: item?.origin ?? null,
        rightOrigin: item?.rightOrigin ?? null,
        parent: parent instanceof Y.ID ? parent : null,
        hasParentSub: typeof item?.parentSub === 'string',
      }
    }),
    deletions,
  }
}

function ours(update: Uint8Array) {
  const scanned = scanUpdate(update)
  if (scanned.kind === 'garbage') throw new Error(scanned.reason)
  return {
    structs: scanned.structs.map(({ start: _start, end: _end, ref, ...struct }) => ({
      ...struct,
      kind: ref === 0 ? 'GC' : ref === 10 ? 'Skip' : 'Item',
      ref: ref === 0 || ref === 10 ? null : ref,
      origin: struct.origin && Y.createID(struct.origin.client, struct.origin.clock),
      rightOrigin: struct.rightOrigin && Y.createID(struct.rightOrigin.client, struct.rightOrigin.clock),
      parent: struct.parent && Y.createID(struct.parent.client, struct.parent.clock),
    })),
    deletions: scanned.deletions,
  }
}

describe('scanUpdate', () => {
  it('W5 reads from updates of every kind of content exactly what Yjs reads', () => {
    const kinds = new Set<number>()
    for (let seed = 1; seed <= 150; seed++) {
      const random = seededRandom(seed)
      const docs = randomHistory(random, 3, 30)
      const updates = docs.flatMap(({ doc, updates }) => [Y.encodeStateAsUpdate(doc), ...updates])
      updates.push(Y.mergeUpdates(updates.filter(() => random.chance(0.4))))
      for (const update of updates) {
        expect(ours(update), `seed ${seed}`).toEqual(oracle(update))
        const scanned = scanUpdate(update)
        if (scanned.kind === 'update') for (const struct of scanned.structs) kinds.add(struct.ref)
      }
    }
    // ContentJSON (2) is of old Yjs versions only and is covered by bytes below.
    expect([...kinds].sort((a, b) => a - b)).toEqual([0, 1, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('W5 gives byte ranges that tile each block of the update', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { doc } = randomHistory(seededRandom(seed), 1, 40)[0]!
      const scanned = scanUpdate(Y.encodeStateAsUpdate(doc))
      if (scanned.kind === 'garbage') throw new Error(scanned.reason)
      scanned.structs.forEach((struct, i) => {
        const before = scanned.structs[i - 1]
        if (before !== undefined && before.client === struct.client) {
          expect([before.end, before.clock + before.length], `seed ${seed}`).toEqual([struct.start, struct.clock])
        }
      })
    }
  })

  it('W5 reads the JSON content of old Yjs versions', () => {
    const json = new TextEncoder().encode('{"a":[1]}')
    const undefinedWord = new TextEncoder().encode('undefined')
    const update = Uint8Array.of(
      1,
      1,
      5,
      0,
      2,
      1,
      1,
      0x74,
      2,
      json.length,
      ...json,
      undefinedWord.length,
      ...undefinedWord,
      0,
    )
    expect(ours(update)).toEqual(oracle(update))
    expect(ours(update).structs[0]).toMatchObject({ client: 5, clock: 0, length: 2, ref: 2 })
  })
})

describe('state vectors', () => {
  it('are read and written as Yjs does', () => {
    for (let seed = 1; seed <= 30; seed++) {
      for (const { doc } of randomHistory(seededRandom(seed), 3, 20)) {
        const bytes = Y.encodeStateVector(doc)
        expect(decodeStateVector(bytes), `seed ${seed}`).toEqual(Y.decodeStateVector(bytes))
        expect(encodeStateVector(Y.decodeStateVector(bytes)), `seed ${seed}`).toEqual(bytes)
      }
    }
  })

  it('are null when the bytes are none', () => {
    for (const bytes of [
      [],
      [1],
      [1, 2],
      [0, 0],
      [200, 1, 1, 1],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
    ]) {
      expect(decodeStateVector(Uint8Array.from(bytes))).toBe(null)
    }
  })
})
