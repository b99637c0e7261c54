import { diffUpdate, encodeStateVector, Intake, joinUpdates, scanUpdate } from '@holdfast/protocol'
import * as Y from 'yjs'
import { mustBe, type Target } from '../target.ts'

/** What the document has already: one client's text and map, some of it deleted. */
const BASE = base()

function base(): Uint8Array {
  const doc = new Y.Doc({ gc: false })
  doc.clientID = 1
  doc.getText('text').insert(0, 'hello world')
  doc.getText('text').delete(2, 3)
  doc.getMap('map').set('k', new Y.Array())
  return Y.encodeStateAsUpdate(doc)
}

/**
 * W5 and W6 for one update, at an empty document and at one that has something: deciding never throws, and what is stored every Yjs can read,
 * whole, as the intake understood it.
 */
export const updates: Target = {
  name: 'updates',
  kind: 'updates',
  run(bytes) {
    const scanned = scanUpdate(bytes)
    const seen = [BASE, null].map((before) => decide(before, bytes))
    if (scanned.kind === 'garbage') return { verdict: 'garbage', seen: `${scanned.reason} ${seen.join()}` }
    const kinds = new Set(
      scanned.structs.map(({ ref, origin, parent }) => `${ref}${origin === null}${parent === null}`),
    )
    return {
      verdict: seen.includes('garbage') ? 'garbage' : 'good',
      seen: `${seen.join()} ${[...kinds].sort().join()}`,
    }
  },
}

function decide(before: Uint8Array | null, bytes: Uint8Array): string {
  const intake = new Intake()
  if (before !== null) intake.restore(before)
  const elsewhere = new Intake()
  elsewhere.adopt(intake.image())
  const deliberation = elsewhere.deliberate(bytes)
  const decision = intake.decide(bytes)
  mustBe(deliberation.decision.kind === decision.kind, 'W5 judged elsewhere it is what it is here')
  const good = decision.kind === 'store' ? decision.update : decision.kind === 'gap' ? decision.good : null
  if (good === null) return decision.kind
  if (decision.kind === 'gap') {
    const again = intake.decide(good)
    mustBe(again.kind === 'store', 'W5 the good part of a gap is stored when it is asked about')
  }
  const doc = new Y.Doc({ gc: false })
  if (before !== null) Y.applyUpdate(doc, before)
  Y.applyUpdate(doc, good)
  mustBe(doc.store.pendingStructs === null, 'W5 nothing that is stored waits for something else')
  mustBe(doc.store.pendingDs === null, 'W5 no deletion that is stored is of something that is not there')
  mustBe(
    sorted(intake.stateVector()) === sorted(Y.decodeStateVector(Y.encodeStateVector(doc))),
    'W5 the intake knows what Yjs knows',
  )
  const joined = joinUpdates(before === null ? [good] : [before, good])
  const read = new Y.Doc({ gc: false })
  Y.applyUpdate(read, joined)
  mustBe(
    Buffer.compare(Y.encodeStateVector(read), Y.encodeStateVector(doc)) === 0,
    'W5 joined updates say what they say one after the other',
  )
  diffUpdate(joined, encodeStateVector(new Map([[1, 3]])))
  Y.mergeUpdates([joined, good])
  return decision.kind
}

function sorted(stateVector: ReadonlyMap<number, number>): string {
  return [...stateVector]
    .map(([client, clock]) => `${client}:${clock}`)
    .sort()
    .join()
}
