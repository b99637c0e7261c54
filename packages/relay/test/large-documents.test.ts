import { CLOSE, decodeStateVector, decodeStockFrame } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { type FakeWire, HeldLog, house, REF, STEP1, textOf, writerDoc } from './fakes.ts'

const LARGE = 'a large document '.repeat(10_000)

/** What is stored of one who wrote a large text and then a little more, as two records. */
async function stored(): Promise<{ held: HeldLog; doc: Y.Doc }> {
  const held = new HeldLog()
  const { doc, updates } = writerDoc()
  doc.getText('text').insert(0, LARGE)
  doc.getText('text').insert(LARGE.length, 'and more')
  for (const update of updates) await held.log.append(REF, update)
  return { held, doc }
}

/** The relay's own question. */
function asked(wire: FakeWire): Uint8Array[] {
  return wire.of(0, 0)
}

describe('a large document', () => {
  it('W3 is given to who asks, as it lies and then what came after it, before the relay asks', async () => {
    const { held, doc } = await stored()
    const { connect } = house({}, held)
    const { peer, wire } = connect()
    peer.message(STEP1)
    await wire.until(() => asked(wire).length === 1)
    expect(wire.sent.map(([, kind]) => kind)).toEqual([2, 1, 0])
    expect(textOf(wire.sent.slice(0, 2))).toBe(`${LARGE}and more`)
    const question = decodeStockFrame(asked(wire)[0]!)
    if (question.kind !== 'step1') throw new Error(question.kind)
    expect(decodeStateVector(question.stateVector)).toEqual(Y.decodeStateVector(Y.encodeStateVector(doc)))
  })

  it('W5 is read before what is sent with the question is judged', async () => {
    const { held, doc } = await stored()
    const { connect } = house({}, held)
    const reader = connect()
    const { peer, wire } = connect()
    const edits: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => edits.push(update))
    doc.getText('text').insert(0, 'first ')
    peer.message(Uint8Array.of(0, 2, edits[0]!.length, ...edits[0]!))
    peer.message(STEP1)
    await wire.answered()
    expect(textOf([...wire.updates(), ...wire.step2s()])).toBe(`first ${LARGE}and more`)
    await reader.wire.until(() => reader.wire.updates().length === 1)
    expect(wire.closedWith).toBe(null)
  })

  it('W3 that turns out to be unreadable is served to nobody who stays, and nothing is written to it', async () => {
    const held = new HeldLog()
    await held.log.append(REF, new Uint8Array(100_000).fill(0xff))
    const { connect, rooms, events } = house({}, held)
    const { peer, wire } = connect()
    await wire.until(() => wire.closedWith !== null)
    expect(wire.closedWith).toBe(CLOSE.LOAD_FAILED)
    expect(events).toContainEqual(expect.objectContaining({ event: 'load-failed' }))
    expect(rooms.find(REF)).toBe(null)
    peer.message(Uint8Array.of(0, 2, 2, 0, 0))
    expect((await held.log.load(REF))?.seq).toBe(1)
  })
})
