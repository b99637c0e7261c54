import { seededRandom } from '@holdfast/testkit'
import { diffState, EMPTY_STATE, mergeStates, shouldCompact, shouldCompactOpen } from '@holdfast/update-log'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { docOf, edits, textOf } from './yjs.ts'

test('U15 merged in any order they say the same', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = seededRandom(seed)
    const { updates, doc } = edits(seed, 5 + random.int(100))
    const shuffled = [...updates].sort(() => random.next() - 0.5)
    expect(textOf(mergeStates(shuffled)), `seed ${seed}`).toBe(doc.getText('text').toString())
    expect(docOf(mergeStates(shuffled)).getMap('map').toJSON(), `seed ${seed}`).toEqual(doc.getMap('map').toJSON())
  }
})

test('U15 none are an empty update, one is itself', () => {
  expect(mergeStates([])).toEqual(EMPTY_STATE)
  expect(docOf(EMPTY_STATE).store.clients.size).toBe(0)
  const one = Uint8Array.of(0, 0)
  expect(mergeStates([one])).toBe(one)
})

test('U15 a diff brings a peer up to date', () => {
  const { updates, doc } = edits(3, 60)
  const peer = docOf(...updates.slice(0, 30))
  Y.applyUpdate(peer, diffState(mergeStates(updates), Y.encodeStateVector(peer)))
  expect(peer.getText('text').toString()).toBe(doc.getText('text').toString())
})

test('U15 20,000 updates are merged in well under the 4 s that a flat merge takes', () => {
  const { updates, doc } = edits(4, 20_000)
  const start = performance.now()
  const merged = mergeStates(updates)
  expect(performance.now() - start).toBeLessThan(2_000)
  expect(textOf(merged)).toBe(doc.getText('text').toString())
})

test('U10 what is worth compacting: many updates, or much against the snapshot', () => {
  const stats = (snapshotBytes: number, tailUpdates: number, tailBytes: number) => ({
    snapshotBytes,
    tailUpdates,
    tailBytes,
  })
  expect(shouldCompact(stats(0, 0, 0))).toBe(false)
  expect(shouldCompact(stats(0, 5, 200))).toBe(false)
  expect(shouldCompact(stats(0, 32, 700))).toBe(true)
  expect(shouldCompact(stats(0, 1, 20_000))).toBe(true)
  expect(shouldCompact(stats(1_000_000, 40, 20_000))).toBe(false)
  expect(shouldCompact(stats(1_000_000, 40, 600_000))).toBe(true)
  expect(shouldCompact(stats(1_000_000, 1_000, 20_000))).toBe(true)
})

test('U10 a document in use is compacted every 500 records while it is small, every 2,000 when it is large', () => {
  const stats = (snapshotBytes: number, tailUpdates: number, tailBytes: number) => ({
    snapshotBytes,
    tailUpdates,
    tailBytes,
  })
  expect(shouldCompactOpen(stats(0, 0, 0))).toBe(false)
  expect(shouldCompactOpen(stats(0, 499, 40_000))).toBe(false)
  expect(shouldCompactOpen(stats(0, 500, 20_000))).toBe(true)
  expect(shouldCompactOpen(stats(160_000, 500, 20_000))).toBe(true)
  expect(shouldCompactOpen(stats(160_001, 500, 20_000))).toBe(false)
  expect(shouldCompactOpen(stats(10_000_000, 1_500, 60_000))).toBe(false)
  expect(shouldCompactOpen(stats(10_000_000, 2_000, 80_000))).toBe(true)
})
