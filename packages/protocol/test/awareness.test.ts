import { seededRandom } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { type AwarenessEntry, decodeAwareness, encodeAwareness, Presence } from '../src/index.ts'

const utf8 = new TextEncoder()
const entry = (client: number, clock: number, state: unknown = {}): AwarenessEntry => ({
  client,
  clock,
  state: state === null ? null : utf8.encode(JSON.stringify(state)),
})

describe('awareness updates', () => {
  it('W10 are these bytes', () => {
    const bytes = encodeAwareness([entry(5, 1, { a: 1 }), entry(300, 2, null)])
    expect(Buffer.from(bytes).toString('hex')).toBe('020501077b2261223a317dac0202046e756c6c')
    expect(decodeAwareness(bytes)).toEqual({ kind: 'entries', entries: [entry(5, 1, { a: 1 }), entry(300, 2, null)] })
  })

  it('W10 are what y-protocols writes and reads', () => {
    const doc = new Y.Doc()
    const awareness = new Awareness(doc)
    awareness.setLocalState({ name: 'änn', cursor: [1, 2.5, null] })
    const bytes = encodeAwarenessUpdate(awareness, [doc.clientID])
    const decoded = decodeAwareness(bytes)
    if (decoded.kind === 'garbage') throw new Error(decoded.reason)
    expect(encodeAwareness(decoded.entries)).toEqual(bytes)
    const other = new Awareness(new Y.Doc())
    applyAwarenessUpdate(other, encodeAwareness([]), null)
    applyAwarenessUpdate(other, encodeAwareness(decoded.entries), null)
    expect(other.getStates().get(doc.clientID)).toEqual({ name: 'änn', cursor: [1, 2.5, null] })
    applyAwarenessUpdate(other, encodeAwareness([{ ...decoded.entries[0]!, state: null }]), null)
    expect(other.getStates().has(doc.clientID)).toBe(false)
    awareness.destroy()
    other.destroy()
  })

  it('W6 no bytes make decoding throw; states that are not JSON are garbage', () => {
    expect(decodeAwareness(Uint8Array.of(1, 5, 1, 2, 0x7b, 0x7b)).kind).toBe('garbage')
    expect(decodeAwareness(Uint8Array.of(0, 0)).kind).toBe('garbage')
    expect(decodeAwareness(Uint8Array.of(255, 255, 255, 255, 15)).kind).toBe('garbage')
    for (let seed = 1; seed <= 2000; seed++) {
      const random = seededRandom(seed)
      expect(() => decodeAwareness(random.bytes(random.int(16))), `seed ${seed}`).not.toThrow()
    }
  })
})

describe('Presence', () => {
  const [a, b, c] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }]

  it('W10 a connection speaks for the first client it announces, and hears itself', () => {
    const presence = new Presence()
    presence.join(a)
    expect(presence.hear(a, [entry(1, 1)])).toEqual(entry(1, 1))
    expect(presence.hear(a, [entry(2, 1)])).toBe(null)
    expect(presence.hear(a, [entry(2, 5), entry(1, 2, { x: 1 }), entry(3, 1)])).toEqual(entry(1, 2, { x: 1 }))
    expect(presence.entries()).toEqual([entry(1, 2, { x: 1 })])
  })

  it("W10 another's state is neither replaced nor removed, and is not what a newcomer speaks for", () => {
    const presence = new Presence()
    presence.join(a)
    presence.join(b)
    presence.hear(a, [entry(1, 1)])
    expect(presence.hear(b, [entry(1, 9, { forged: true })])).toBe(null)
    expect(presence.hear(b, [entry(1, 9, null)])).toBe(null)
    expect(presence.hear(b, [entry(1, 1), entry(2, 1)])).toEqual(entry(2, 1))
    expect(presence.entries()).toEqual([entry(1, 1), entry(2, 1)])
  })

  it('W10 what is sent back of one that has left binds nobody', () => {
    const presence = new Presence()
    presence.join(a)
    presence.join(b)
    presence.hear(b, [entry(7, 1, null)])
    presence.hear(a, [entry(1, 1)])
    expect(presence.leave(a)).toEqual(entry(1, 1, null))
    expect(presence.hear(b, [entry(1, 1)])).toBe(null)
    expect(presence.hear(b, [entry(2, 1)])).toEqual(entry(2, 1))
  })

  it('W10 on leaving its state is removed, once; one that had taken it back has nothing to remove', () => {
    const presence = new Presence()
    presence.join(a)
    presence.hear(a, [entry(1, 1)])
    expect(presence.hear(a, [entry(1, 1, null)])).toEqual(entry(1, 1, null))
    expect(presence.entries()).toEqual([])
    expect(presence.leave(a)).toBe(null)
    expect(presence.leave(a)).toBe(null)
    expect(presence.hear(a, [entry(1, 2)])).toBe(null)
  })

  it('W10 a client that comes back is heard again, also while its old connection is not known dead', () => {
    const presence = new Presence()
    presence.join(a)
    presence.hear(a, [entry(1, 1)])
    presence.join(b)
    expect(presence.hear(b, [entry(1, 1)])).toBe(null)
    presence.leave(a)
    expect(presence.hear(b, [entry(1, 2)])).toEqual(entry(1, 2))
    presence.leave(b)
    presence.join(c)
    expect(presence.hear(c, [entry(1, 2)])).toEqual(entry(1, 2))
  })

  it('W10 a state that was overtaken does not come back', () => {
    const presence = new Presence()
    presence.join(a)
    presence.hear(a, [entry(1, 5, { now: true })])
    expect(presence.hear(a, [entry(1, 4, { now: false })])).toEqual(entry(1, 5, { now: true }))
  })
})
