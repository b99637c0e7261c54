import { seededRandom } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { addArtifact, addMessage, blobsNamedIn, initConversation, updateArtifact } from '../src/index.ts'

const hash = (seed: number): string => seed.toString(16).padStart(2, '0').repeat(32)
const file = (seed: number) => ({
  type: 'file' as const,
  mediaType: 'image/png',
  blob: { sha256: hash(seed), size: 5 },
})

test('blobs that an update names are found in its bytes: in messages, artifacts, merged and compacted states', () => {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  initConversation(doc, { id: 'c', createdAt: 1 })
  expect(updates.flatMap(blobsNamedIn)).toEqual([])
  addMessage(doc, { id: 'm', role: 'user', createdAt: 2, parts: [file(1), { type: 'text', text: 'a@b.c' }, file(2)] })
  addArtifact(doc, { id: 'a', kind: 'image', title: 'x', createdAt: 3, blob: { sha256: hash(3) } })
  const all = [hash(1), hash(2), hash(3)]
  expect(updates.flatMap(blobsNamedIn).sort()).toEqual(all)
  for (const state of [Y.encodeStateAsUpdate(doc), Y.mergeUpdates(updates)])
    expect(blobsNamedIn(state).sort()).toEqual(all)
  updateArtifact(doc, { id: 'a', at: 4 }, { blob: { sha256: hash(4) } })
  expect(blobsNamedIn(Y.encodeStateAsUpdate(doc))).toContain(hash(4))
  expect(blobsNamedIn(Y.encodeStateAsUpdate(doc))).not.toContain(hash(3))
})

test('bytes that are no reference name nothing, whatever they are', () => {
  const bytes = (text: string) => new TextEncoder().encode(text)
  for (const text of [
    '',
    '@',
    'sha256w@',
    `sha256w@${'a'.repeat(63)}`,
    `sha256w@${'A'.repeat(64)}`,
    `ha256w@${hash(1)}`,
  ]) {
    expect(blobsNamedIn(bytes(text))).toEqual([])
  }
  const seed = 84
  const random = seededRandom(seed)
  for (let i = 0; i < 200; i++) {
    const noise = Uint8Array.from({ length: 300 }, () => random.int(256))
    // At every place, with hex digits close to it or not.
    noise.set(bytes(`sha256${random.chance(0.5) ? 'w@' : '":"'}${hash(7)}`), i)
    expect(blobsNamedIn(noise), `seed ${seed}, round ${i}`).toEqual([hash(7)])
  }
})
