import { describe, expect, test } from 'vitest'
import { type Batch, emptyBatch, pendingOf, takeFrom } from '../src/journal-batch.ts'

function foreign(batch: Batch, id: string, bytes: number): void {
  const pending = pendingOf(batch, id)
  pending.updates.push(new Uint8Array(bytes))
  pending.foreign = true
  pending.sent = 1
  pending.position = { epoch: 'e', seq: 7 }
}

describe('S29 what goes in one write', () => {
  test('S29 edits of this device go with the first of what others wrote, and nothing is left out or written twice', () => {
    let batch = emptyBatch()
    batch.history = 'now'
    for (let i = 0; i < 600; i++) foreign(batch, `f${i}`, 3_000)
    const mine = pendingOf(batch, 'mine')
    mine.updates.push(Uint8Array.of(1))
    mine.local = true
    batch.waiters.push({ resolve: () => undefined, reject: () => undefined })
    const writes: Batch[] = []
    while (batch.documents.size > 0) {
      const { now, later } = takeFrom(batch)
      writes.push(now)
      batch = later
    }
    expect(writes.map(({ documents }) => documents.size)).toEqual([257, 256, 88])
    expect(writes[0]!.documents.get('mine')).toBe(mine)
    expect(new Set(writes.flatMap(({ documents }) => [...documents.keys()])).size).toBe(601)
    for (const { history, documents } of writes) {
      expect(history).toBe('now')
      for (const [id, { position, updates }] of documents) {
        if (id !== 'mine') expect([position?.seq, updates.length]).toEqual([7, 1])
      }
    }
    // Who waits for all waits for the last.
    expect(writes.map(({ waiters }) => waiters.length)).toEqual([0, 0, 1])
  })

  test('S29 a write holds a megabyte of what others wrote, or one row if that is more', () => {
    const batch = emptyBatch()
    for (const [i, bytes] of [5_000_000, 10, 600_000, 600_000].entries()) foreign(batch, `f${i}`, bytes)
    const first = takeFrom(batch)
    expect([...first.now.documents.keys()]).toEqual(['f0'])
    const second = takeFrom(first.later)
    expect([...second.now.documents.keys()]).toEqual(['f1', 'f2'])
    expect([...takeFrom(second.later).now.documents.keys()]).toEqual(['f3'])
  })

  test('S29 the feed goes with its cursor, an offer with its documents, and whoever waits for one document with that', () => {
    const batch = emptyBatch()
    batch.cursor = { incarnation: 'now', feed: 3, reach: 0 }
    for (let i = 0; i < 600; i++) foreign(batch, `f${i}`, 10)
    const remote = { epoch: 'e', seq: 8, purged: false, summary: null }
    pendingOf(batch, 'f500').remote = remote
    pendingOf(batch, 'f501').offer = true
    pendingOf(batch, 'f502').waiters.push({ resolve: () => undefined, reject: () => undefined })
    pendingOf(batch, 'f503').epoch = 'other'
    const { now, later } = takeFrom(batch)
    for (const id of ['f500', 'f501', 'f502', 'f503']) expect(now.documents.has(id)).toBe(true)
    expect(now.cursor?.feed).toBe(3)
    expect(later.cursor).toBeNull()
    expect(now.documents.size + later.documents.size).toBe(600)
  })
})
