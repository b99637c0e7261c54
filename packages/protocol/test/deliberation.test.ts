import { seededRandom } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { Intake } from '../src/index.ts'
import { randomHistory, recordedDoc, shuffled } from './random-updates.ts'

function sorted(intake: Intake): unknown {
  const { clients, deletes } = intake.image()
  const all: [number, number, number[]][] = []
  let from = 0
  for (let at = 0; at < clients.length; at += 3) {
    const to = from + clients[at + 2]!
    all.push([clients[at]!, clients[at + 1]!, [...deletes.subarray(from, to)]])
    from = to
  }
  return all.sort((a, b) => a[0] - b[0])
}

/** One client per entry, each with one letter. */
function fromManyClients(count: number): Uint8Array {
  const docs = Array.from({ length: count }, (_, i) => {
    const { doc } = recordedDoc(i + 1)
    doc.getText('text').insert(0, 'x')
    return Y.encodeStateAsUpdate(doc)
  })
  return Y.mergeUpdates(docs)
}

/** A text with every second letter deleted. */
function withHoles(letters: number): Uint8Array {
  const { doc } = recordedDoc(1, false)
  const text = doc.getText('text')
  text.insert(0, 'x'.repeat(letters))
  for (let at = 0; at < letters / 2; at++) text.delete(at, 1)
  return Y.encodeStateAsUpdate(doc)
}

describe('judging elsewhere', () => {
  it('W5 an image and what a deliberation gained say what deciding in place says, over random histories', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seededRandom(seed)
      const updates = shuffled(
        randomHistory(random, 3, 25).flatMap(({ doc, updates }) => [...updates, Y.encodeStateAsUpdate(doc)]),
        random,
      )
      const [here, there] = [new Intake(), new Intake()]
      for (const update of updates) {
        const image = new Intake()
        image.adopt(there.image())
        const { decision, gains } = image.deliberate(update)
        expect(decision, `seed ${seed}`).toEqual(here.decide(update))
        expect(gains !== null, `seed ${seed}`).toBe(decision.kind === 'store')
        if (gains !== null) there.adopt(gains)
        expect(sorted(there), `seed ${seed}`).toEqual(sorted(here))
      }
    }
  })

  it('W6 garbage stays a value', () => {
    expect(new Intake().deliberate(Uint8Array.of(1, 255))).toMatchObject({ decision: { kind: 'garbage' }, gains: null })
  })
})

describe('what a document may cost', () => {
  it('W5 more clients than the cap are refused, however they come, and nothing of it is taken', () => {
    const intake = new Intake({ clients: 10, deletions: 100 })
    expect(intake.decide(fromManyClients(11))).toMatchObject({ kind: 'too-costly' })
    expect(intake.stateVector().size).toBe(0)
    expect(intake.decide(fromManyClients(10)).kind).toBe('store')
    const { doc, updates } = recordedDoc(99)
    doc.getText('text').insert(0, 'y')
    expect(intake.decide(updates[0]!)).toEqual({
      kind: 'too-costly',
      reason: 'with this the document would have more than 10 clients',
    })
    expect(intake.stateVector().has(99)).toBe(false)
  })

  it('W5 a document at the cap goes on taking what its clients write, and says of the rest that it is known', () => {
    const intake = new Intake({ clients: 1, deletions: 100 })
    const { doc, updates } = recordedDoc(1)
    for (const letter of 'abc') doc.getText('text').insert(0, letter)
    for (const update of updates) expect(intake.decide(update).kind).toBe('store')
    expect(intake.decide(Y.encodeStateAsUpdate(doc)).kind).toBe('nothing-new')
  })

  it('W5 more separate deletions than the cap are refused, and nothing of it is taken', () => {
    const intake = new Intake({ clients: 10, deletions: 100 })
    expect(intake.decide(withHoles(202))).toEqual({
      kind: 'too-costly',
      reason: 'with this the document would have more than 100 separate deletions',
    })
    expect(intake.stateVector().size).toBe(0)
    expect(intake.decide(withHoles(200)).kind).toBe('store')
  })
})
