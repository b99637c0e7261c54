import { seededRandom } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { type Decision, diffUpdate, EMPTY_UPDATE, encodeStateVector, Intake, scanUpdate } from '../src/index.ts'
import { docOf, randomHistory, recordedDoc, shuffled, stateOf } from './random-updates.ts'

function storedOf(decision: Decision): Uint8Array {
  if (decision.kind !== 'store') throw new Error(`decided ${decision.kind}`)
  return decision.update
}

function intakeOf(...updates: Uint8Array[]): Intake {
  const intake = new Intake()
  for (const update of updates) intake.restore(update)
  return intake
}

/** A text that one client types, one update per letter. */
function typed(clientID: number, text: string): Uint8Array[] {
  const { doc, updates } = recordedDoc(clientID)
  for (const letter of text) doc.getText('text').insert(doc.getText('text').length, letter)
  return updates
}

describe('Intake', () => {
  it('W5 stores what comes next as it came, byte for byte', () => {
    const intake = new Intake()
    for (const update of typed(1, 'abc')) expect(intake.decide(update)).toEqual({ kind: 'store', update })
    expect(intake.stateVector()).toEqual(new Map([[1, 3]]))
  })

  it('W5 does not store again what brings nothing new, deletions included', () => {
    const { doc, updates } = recordedDoc(1)
    doc.getText('text').insert(0, 'abc')
    doc.getText('text').delete(1, 1)
    const intake = new Intake()
    for (const update of updates) expect(intake.decide(update).kind).toBe('store')
    for (const update of [...updates, Y.encodeStateAsUpdate(doc), Uint8Array.of(0, 0)]) {
      expect(intake.decide(update)).toEqual({ kind: 'nothing-new' })
    }
  })

  it('W5 stores a deletion that is news, and of a repeated delete set only the news', () => {
    const { doc, updates } = recordedDoc(1)
    doc.getText('text').insert(0, 'abcdef')
    doc.getText('text').delete(0, 1)
    const intake = new Intake()
    for (const update of updates) intake.decide(update)
    doc.getText('text').delete(2, 1)
    const scanned = scanUpdate(storedOf(intake.decide(Y.encodeStateAsUpdate(doc))))
    expect(scanned).toEqual({ kind: 'update', structs: [], deletions: [{ client: 1, clock: 3, length: 1 }] })
    expect(intake.decide(Y.encodeStateAsUpdate(doc)).kind).toBe('nothing-new')
  })

  it('W5 stores of what is partly known only what is new', () => {
    const updates = typed(1, 'abcdef')
    const intake = intakeOf(...updates.slice(0, 3))
    const stored = storedOf(intake.decide(Y.mergeUpdates(updates)))
    expect(Y.parseUpdateMeta(stored)).toEqual({ from: new Map([[1, 3]]), to: new Map([[1, 6]]) })
    expect(
      docOf(...updates.slice(0, 3), stored)
        .getText('text')
        .toString(),
    ).toBe('abcdef')
  })

  it('W5 cuts inside one struct where the known part of it ends', () => {
    const { doc, updates } = recordedDoc(1)
    doc.getText('text').insert(0, 'a😀語b')
    doc.getArray('array').push([1, 'two', { three: 3 }, 4])
    const whole = Y.mergeUpdates(updates)
    for (let known = 1; known < 9; known++) {
      // What is known so far came from elsewhere: the first clocks as nothing but text that was deleted.
      const intake = intakeOf(Uint8Array.of(1, 1, 1, 0, 0, known, 0))
      const stored = storedOf(intake.decide(whole))
      expect(Y.parseUpdateMeta(stored), `${known}`).toEqual({ from: new Map([[1, known]]), to: new Map([[1, 9]]) })
      const oracle = Y.diffUpdate(whole, Y.encodeStateVector(new Map([[1, known]])))
      expect(scanWithoutBytes(stored), `${known}`).toEqual(scanWithoutBytes(oracle))
    }
  })

  it('W5 a missing clock is a gap, and names what is missing', () => {
    const updates = typed(1, 'abcd')
    const intake = intakeOf(updates[0]!)
    expect(intake.decide(updates[2]!)).toEqual({ kind: 'gap', good: null, missing: [{ client: 1, clock: 1 }] })
    expect(intake.stateVector()).toEqual(new Map([[1, 1]]))
  })

  it('W5 clocks alone do not show a gap: pieces 0, 1, 5, 6 are good up to 2', () => {
    const updates = typed(1, 'abcdefg')
    const pieces = Y.mergeUpdates([updates[0]!, updates[1]!, updates[5]!, updates[6]!])
    const intake = new Intake()
    const decision = intake.decide(pieces)
    if (decision.kind !== 'gap' || decision.good === null) throw new Error(decision.kind)
    expect(decision.missing).toEqual([{ client: 1, clock: 2 }])
    expect(storedOf(intake.decide(decision.good))).toEqual(decision.good)
    expect(intake.stateVector()).toEqual(new Map([[1, 2]]))
  })

  it('W5 an origin, a right origin or a parent of another client that is not here is a gap', () => {
    const { doc: other, updates: others } = recordedDoc(1)
    other.getText('text').insert(0, 'xy')
    other.getMap('map').set('inner', new Y.Map())
    const edit = (change: (doc: Y.Doc) => void): Uint8Array => {
      const { doc, updates } = recordedDoc(2)
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(other), 'sync')
      change(doc)
      return updates[0]!
    }
    const cases = {
      origin: edit((doc) => doc.getText('text').insert(2, 'z')),
      rightOrigin: edit((doc) => doc.getText('text').insert(0, 'z')),
      parent: edit((doc) => (doc.getMap('map').get('inner') as Y.Map<unknown>).set('k', 1)),
    }
    for (const [name, update] of Object.entries(cases)) {
      const decision = new Intake().decide(update)
      expect(decision, name).toMatchObject({ kind: 'gap', good: null })
      expect(decision.kind === 'gap' && decision.missing[0]?.client, name).toBe(1)
      expect(intakeOf(...others).decide(update), name).toEqual({ kind: 'store', update })
    }
  })

  it('W5 a deletion of what is not here is a gap, and its good part is kept', () => {
    const { doc, updates } = recordedDoc(1)
    doc.getText('text').insert(0, 'ab')
    doc.getText('text').insert(2, 'cd')
    const { doc: deleter, updates: deletions } = recordedDoc(2)
    Y.applyUpdate(deleter, Y.encodeStateAsUpdate(doc), 'sync')
    deleter.getText('text').delete(1, 2)
    const intake = intakeOf(updates[0]!)
    const decision = intake.decide(deletions[0]!)
    if (decision.kind !== 'gap' || decision.good === null) throw new Error(decision.kind)
    expect(decision.missing).toEqual([{ client: 1, clock: 2 }])
    expect(scanUpdate(decision.good)).toMatchObject({ deletions: [{ client: 1, clock: 1, length: 1 }] })
  })

  it('W5 clients that build on each other within one update are complete together', () => {
    const a = recordedDoc(1).doc
    const b = recordedDoc(2).doc
    for (let i = 0; i < 20; i++) {
      const [from, to] = i % 2 === 0 ? [a, b] : [b, a]
      from.getText('text').insert(from.getText('text').length, `${i} `)
      Y.applyUpdate(to, Y.encodeStateAsUpdate(from))
    }
    const whole = Y.encodeStateAsUpdate(a)
    expect(new Intake().decide(whole)).toEqual({ kind: 'store', update: whole })
  })

  it('W5 clients that wait for each other in a circle are not stored, and nothing hangs', () => {
    // 1:0 has the origin 2:0, 2:0 has the origin 1:0; 3:0 stands by itself.
    const circle = Uint8Array.from([
      3, 1, 3, 0, 4, 1, 1, 0x74, 1, 0x63, 1, 2, 0, 0x84, 1, 0, 1, 0x62, 1, 1, 0, 0x84, 2, 0, 1, 0x61, 0,
    ])
    const decision = new Intake().decide(circle)
    if (decision.kind !== 'gap' || decision.good === null) throw new Error(decision.kind)
    expect([...Y.parseUpdateMeta(decision.good).to]).toEqual([[3, 1]])
    expect(decision.missing).toEqual(
      expect.arrayContaining([
        { client: 1, clock: 0 },
        { client: 2, clock: 0 },
      ]),
    )
  })

  it('W4 checking changes nothing', () => {
    const [first] = typed(1, 'a')
    const intake = new Intake()
    expect(intake.check(first!).kind).toBe('store')
    expect(intake.check(first!).kind).toBe('store')
    expect(intake.stateVector()).toEqual(new Map())
  })

  it('W5 whatever is delivered in whatever order, what is stored is a document without pending parts, and the end is the same', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = seededRandom(seed)
      const docs = randomHistory(random, 3, 25)
      const all = docs.flatMap(({ doc, updates }) =>
        random.chance(0.3) ? [Y.encodeStateAsUpdate(doc), ...updates] : updates,
      )
      const intake = new Intake()
      const stored: Uint8Array[] = []
      const server = docOf()
      for (const update of shuffled(all, random)) {
        const decision = intake.decide(update)
        if (decision.kind === 'garbage') throw new Error(`seed ${seed}: ${decision.reason}`)
        const good = decision.kind === 'gap' ? decision.good : decision.kind === 'store' ? decision.update : null
        if (good === null) continue
        if (decision.kind === 'gap') expect(intake.decide(good).kind, `seed ${seed}`).toBe('store')
        stored.push(good)
        Y.applyUpdate(server, good)
        expect(server.store.pendingStructs, `seed ${seed}`).toBe(null)
        expect(server.store.pendingDs, `seed ${seed}`).toBe(null)
        expect(new Map(intake.stateVector()), `seed ${seed}`).toEqual(Y.decodeStateVector(Y.encodeStateVector(server)))
      }
      // Whoever was told to resync sends all it has.
      for (const { doc } of docs) {
        const decision = intake.decide(Y.encodeStateAsUpdate(doc))
        expect(['store', 'nothing-new'], `seed ${seed}`).toContain(decision.kind)
        if (decision.kind === 'store') stored.push(decision.update)
      }
      expect(stateOf(docOf(...stored)), `seed ${seed}`).toEqual(
        stateOf(docOf(...docs.map(({ doc }) => Y.encodeStateAsUpdate(doc)))),
      )
      // What was stored never tells the same clock twice.
      const restored = new Intake()
      for (const update of stored) {
        for (const [client, clock] of Y.parseUpdateMeta(update).from) {
          expect(clock, `seed ${seed}`).toBe(restored.stateVector().get(client) ?? 0)
        }
        restored.restore(update)
      }
      expect(new Map(restored.stateVector())).toEqual(new Map(intake.stateVector()))
    }
  })
})

describe('deletionsFor', () => {
  it('says to one who has every struct what the difference of states says, and nothing to others', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const docs = randomHistory(seededRandom(seed), 3, 60)
      const state = Y.mergeUpdates(docs.map(({ doc }) => Y.encodeStateAsUpdate(doc)))
      const whole = docOf(state)
      const intake = intakeOf(state)
      const has = Y.encodeStateVector(whole)
      expect(intake.deletionsFor(has), `seed ${seed}`).toEqual(diffUpdate(state, has))
      for (const [client, clock] of Y.decodeStateVector(has)) {
        const less = new Map(Y.decodeStateVector(has)).set(client, clock - 1)
        expect(intake.deletionsFor(encodeStateVector(less)), `seed ${seed}`).toBe(null)
      }
    }
  })

  it('says nothing when more is stored than is known: what builds on what is not there', () => {
    const [first, second, third] = typed(1, 'abc')
    expect(intakeOf(first!, third!).deletionsFor(encodeStateVector(new Map([[1, 1]])))).toBe(null)
    expect(intakeOf(first!, second!).deletionsFor(encodeStateVector(new Map([[1, 2]])))).toEqual(EMPTY_UPDATE)
  })
})

function scanWithoutBytes(update: Uint8Array) {
  const scanned = scanUpdate(update)
  if (scanned.kind === 'garbage') throw new Error(scanned.reason)
  return scanned.structs.map(({ start: _start, end: _end, hasParentSub: _sub, ...struct }) => struct)
}
