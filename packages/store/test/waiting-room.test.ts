import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { createWaitingRoom, encodeIntegrated, hasComeIn } from '../src/waiting-room.ts'

const KEPT = Symbol('on the device')

/** Updates of one writer, each building on the one before; the last deletes a letter of the first. */
function writings(): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const text = doc.getText('text')
  text.insert(0, 'one ')
  text.insert(4, 'two ')
  text.delete(0, 1)
  return updates as unknown as readonly [Uint8Array, Uint8Array, Uint8Array]
}

function reader() {
  const doc = new Y.Doc()
  const waiting = createWaitingRoom(doc, (origin) => origin === KEPT)
  const seen: { readonly origin: unknown; readonly update: Uint8Array }[] = []
  doc.on('update', (update: Uint8Array, origin: unknown) => seen.push({ origin, update }))
  return { doc, waiting, seen, text: () => doc.getText('text').toString() }
}

/** What the updates that came with this origin make of a document that had all that came before with another. */
const textOf = (updates: readonly Uint8Array[]): string => {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc.getText('text').toString()
}

describe('what waits for something missing (S23)', () => {
  test('comes in as its own, whatever brought what was missing', () => {
    const [first, second] = writings()
    const { doc, waiting, seen, text } = reader()
    Y.applyUpdate(doc, second, null)
    expect([text(), waiting.holdsUnkept(), seen.length]).toEqual(['', true, 0])
    Y.applyUpdate(doc, first, KEPT)
    expect([text(), waiting.holdsUnkept()]).toEqual(['one two ', false])
    expect(seen.map(({ origin }) => origin)).toEqual([KEPT, null])
    expect(textOf([first, seen[1]!.update])).toBe('one two ')
    expect(textOf([seen[0]!.update])).toBe('one ')
  })

  test('does so when it is a deletion', () => {
    const [first, second, deletion] = writings()
    const { doc, seen, text } = reader()
    Y.applyUpdate(doc, deletion, null)
    Y.applyUpdate(doc, Y.mergeUpdates([first, second]), KEPT)
    expect(text()).toBe('ne two ')
    expect(textOf([first, second, ...seen.filter(({ origin }) => origin === null).map(({ update }) => update)])).toBe(
      'ne two ',
    )
  })

  test('is left alone when the device has it', () => {
    const [first, second] = writings()
    const { doc, waiting, seen, text } = reader()
    Y.applyUpdate(doc, second, KEPT)
    expect(waiting.holdsUnkept()).toBe(false)
    Y.applyUpdate(doc, first, KEPT)
    expect([text(), seen.map(({ origin }) => origin)]).toEqual(['one two ', [KEPT]])
  })

  test('is its own again when the device has lost it', () => {
    const [first, second] = writings()
    const { doc, waiting, seen } = reader()
    Y.applyUpdate(doc, second, KEPT)
    waiting.forgetKept()
    expect(waiting.holdsUnkept()).toBe(true)
    Y.applyUpdate(doc, first, KEPT)
    expect(seen.map(({ origin }) => origin)).toEqual([KEPT, null])
  })

  test('goes on waiting while something else is written, and is no part of what is encoded', () => {
    const [first, second] = writings()
    const { doc, waiting, text } = reader()
    Y.applyUpdate(doc, second, null)
    doc.transact(() => doc.getText('other').insert(0, 'mine'), 'mine')
    expect([text(), waiting.holdsUnkept()]).toEqual(['', true])
    const whole = new Y.Doc()
    Y.applyUpdate(whole, encodeIntegrated(doc))
    expect([whole.store.pendingStructs, whole.getText('other').toString()]).toEqual([null, 'mine'])
    Y.applyUpdate(doc, first, KEPT)
    expect(text()).toBe('one two ')
  })

  test('comes in also when it waits behind an observer that writes', () => {
    const [first, second] = writings()
    const { doc, seen, text } = reader()
    doc.getText('text').observe(() => doc.getText('other').insert(0, '.'))
    Y.applyUpdate(doc, second, null)
    Y.applyUpdate(doc, first, KEPT)
    expect(text()).toBe('one two ')
    expect(textOf([first, ...seen.filter(({ origin }) => origin === null).map(({ update }) => update)])).toBe(
      'one two ',
    )
  })
})

describe('what of an update has come in (S22)', () => {
  test('all of it, although something else waits for ever: the other told of what builds on what died with it', () => {
    const [first, second] = writings()
    const [, theirs] = writings()
    const { doc } = reader()
    Y.applyUpdate(doc, theirs, null)
    expect(doc.store.pendingStructs).not.toBeNull()
    Y.applyUpdate(doc, first, KEPT)
    expect([hasComeIn(doc, first), hasComeIn(doc, theirs)]).toEqual([true, false])
    Y.applyUpdate(doc, second, KEPT)
    expect(hasComeIn(doc, second)).toBe(true)
  })
})
